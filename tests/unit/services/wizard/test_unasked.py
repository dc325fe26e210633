"""Flags instead of questions: what is missing is named at once, and the same file comes out."""

from __future__ import annotations

import shlex

import pytest

from hpctl.errors import UnconfirmedError, UsageError
from hpctl.services.wizard.cluster import demand_good, judge, text_of, written
from hpctl.services.wizard.cluster_spec import spec_of
from hpctl.services.wizard.command import equivalent
from hpctl.services.wizard.unasked import complete
from hpctl.terms import Outcome
from tests.unit.builders import a_quota, a_role
from tests.unit.fakes import FakeAccount
from tests.unit.services.wizard.people import EKS, SLURM, a_form, given


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(UnconfirmedError, match="6 answers are missing") as raised:
        complete(a_form(), {})
    assert raised.value.hint == (
        "add --orchestrator, --instance-type, --subnet, --security-group, --execution-role, --scripts"
    )


def test_the_only_choice_that_works_is_taken() -> None:
    account = FakeAccount().holding(a_role(), a_role("web", trusted_services=frozenset()))
    told = complete(a_form(account), given(EKS, "orchestrator", "instance-type", "subnet", "scripts"))
    assert told["execution-role"] == (a_role().arn,)
    assert told["eks-cluster"] == ("training",)


def test_where_several_work_none_is_taken() -> None:
    account = FakeAccount().holding(a_role(), a_role("other"))
    with pytest.raises(UnconfirmedError) as raised:
        complete(a_form(account), given({name: said for name, said in EKS.items() if name != "execution-role"}))
    assert raised.value.hint == "add --execution-role"


def test_all_answers_that_cannot_be_are_named_at_once() -> None:
    wrong = given({"orchestrator": "k8s", "count": "two", "volume-gb": "0"})
    with pytest.raises(UsageError) as raised:
        complete(a_form(), wrong)
    assert raised.value.message.split("\n")[0] == "3 answers cannot be"
    for flag in ("--orchestrator k8s", "--count two", "--volume-gb 0"):
        assert flag in raised.value.message


def test_an_answer_to_a_question_that_the_others_leave_out_is_no_answer() -> None:
    with pytest.raises(UsageError, match="`--eks-cluster` answers nothing here"):
        complete(a_form(FakeAccount()), given({**SLURM, "eks-cluster": "training"}))


@pytest.mark.parametrize("answers", [EKS, SLURM], ids=["EKS", "Slurm"])
def test_the_equivalent_command_says_every_answer(answers: dict[str, str]) -> None:
    form = a_form()
    words = shlex.split(equivalent(form, given(answers), {"--profile": "team", "--none": None}))
    assert (words[:2], words[-1]) == (["hpctl", "init"], "--yes")
    pairs = dict(zip(words[2:-1:2], words[3:-1:2], strict=True))
    assert pairs == {f"--{name}": said for name, said in answers.items()} | {"--profile": "team"}


@pytest.mark.parametrize("answers", [EKS, SLURM], ids=["EKS", "Slurm"])
def test_what_is_written_passes_every_check(answers: dict[str, str]) -> None:
    account = FakeAccount()
    form = a_form(account)
    report = judge(given(answers), form.facts({}))
    demand_good(report)
    told = written(form, given(answers), report, {})
    assert (told.file, told.failed, told.unverified) == ("cluster.yaml", (), ())
    assert told.next_steps == ("hpctl doctor -f cluster.yaml", "hpctl cluster create -f cluster.yaml")


def test_without_credentials_what_is_not_verified_is_named() -> None:
    form = a_form()
    report = judge(given(EKS), form.facts({}))
    demand_good(report)
    told = written(form, given(EKS), report, {})
    assert "network-free-ips" in told.unverified
    assert "spec-groups-unique" not in told.unverified
    assert {one.reason for one in report.results if one.outcome is Outcome.SKIP} == {
        "asks AWS, which cannot be asked here"
    }


def test_a_check_that_is_left_out_is_left_out_of_the_next_command_too() -> None:
    account = FakeAccount().holding(a_quota(value=0))
    answers = {**given(EKS), "skip": ("quota-instance-type",)}
    form = a_form(account)
    report = judge(answers, form.facts({}))
    demand_good(report)
    told = written(form, answers, report, {})
    assert "quota-instance-type" in told.failed
    assert "quota-instance-type" not in told.unverified
    assert told.next_steps[1] == "hpctl cluster create -f cluster.yaml --skip quota-instance-type"
    assert "--skip quota-instance-type" in told.command


def test_all_nodes_mount_the_file_system_that_was_chosen() -> None:
    answers = given(dict(SLURM) | {"fsx": "fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com/abcdefgh"})
    controller, workers = spec_of(answers).instance_groups
    assert [[kind for kind, said in one.model_dump().items() if said] for one in workers.storage] == [
        ["ebs"],
        ["fsx_lustre"],
    ]
    (mounted,) = controller.storage
    assert mounted.fsx_lustre is not None
    assert (mounted.fsx_lustre.mount_name, mounted.fsx_lustre.mount_path) == ("abcdefgh", "/fsx")
    form = a_form(FakeAccount())
    report = judge(answers, form.facts({}))
    demand_good(report)


def test_the_file_says_what_was_answered_and_keeps_both_threads_of_accelerated_nodes() -> None:
    text = text_of(given(SLURM))
    assert "node_type: Controller" in text
    assert text.count("threads_per_core: 2") == 1
    assert "volume_size_in_gb: 500" in text
    assert "not-answered-yet" not in text
