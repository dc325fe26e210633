"""Creating: judged, planned, demanded, carried out, followed; refusals explained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.checks.catalogue import CLUSTER_CHECKS
from hpctl.errors import (
    AccessError,
    ChecksFailedError,
    ChecksUnknownError,
    ConflictError,
    ExitCode,
    RefusedError,
    UnavailableError,
    UsageError,
)
from hpctl.report.check import CheckReport, CheckResult
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Finished, Started
from hpctl.services.create import (
    Blindness,
    Judging,
    check_spec,
    create,
    demand_absent,
    demand_passed,
    follow,
    plan,
)
from hpctl.spec.load import Loaded, load_cluster
from hpctl.spec.source import TextSource
from hpctl.terms import Orchestrator, Outcome
from tests.unit.builders import CLUSTER_ARN, NOW, a_check_report, a_cluster, a_result, an_eks_cluster
from tests.unit.fakes import FakeAccount
from tests.unit.services.wording import CONFIG_MAP, STRANGE

JUDGED = [one.id for one in CLUSTER_CHECKS if one.only_on is not Orchestrator.SLURM]
FILE = """\
api_version: hpctl/v1
kind: Cluster
name: ml-cluster
orchestrator:
  eks: {cluster: training}
network:
  subnet_ids: [subnet-1]
  security_group_ids: [sg-nodes]
instance_groups:
  - name: workers
    type: ml.p5.48xlarge
    count: 2
    threads_per_core: 2
    execution_role: arn:aws:iam::123456789012:role/hyperpod-execution
    lifecycle: {source_s3_uri: s3://sagemaker-x/lc, on_create: on_create.sh}
"""
SILENT = Judging()


def loaded(text: str = FILE) -> Loaded:
    return load_cluster(TextSource("cluster.yaml", text), env={})


def planned(account: FakeAccount, text: str = FILE) -> PlanReport:
    return plan(loaded(text), account.world, SILENT, run_id="run-1")


def ids(report: CheckReport, outcome: Outcome) -> list[str]:
    return [one.id for one in report.results if one.outcome is outcome]


@pytest.mark.parametrize("guarded", ["account: '210987654321'", "region: eu-west-1"])
def test_a_spec_for_elsewhere_is_refused_before_anything_but_sts_is_asked(guarded: str) -> None:
    account = FakeAccount()
    with pytest.raises(ConflictError, match="the spec is for"):
        planned(account, f"{guarded}\n{FILE}")
    assert account.calls.operations == ["caller.identity"]


def test_without_credentials_nothing_is_judged() -> None:
    account = FakeAccount()
    account.calls.fail("caller.identity", AccessError("no credentials"))
    with pytest.raises(AccessError, match="no credentials"):
        planned(account)
    assert account.calls.operations == ["caller.identity"]


def test_every_check_of_the_catalogue_is_run() -> None:
    report = check_spec(loaded(), FakeAccount().world, SILENT)
    assert [one.id for one in report.results] == JUDGED
    assert set(report.counts) == {Outcome.PASS}


def test_a_finding_names_its_place_in_the_file() -> None:
    report = check_spec(loaded(), FakeAccount().holding(an_eks_cluster(authentication_mode="CONFIG_MAP")).world, SILENT)
    ((finding,),) = [one.findings for one in report.failed]
    assert finding.location == "cluster.yaml:5:8"


def test_a_check_can_be_left_out_and_every_result_is_told() -> None:
    told: list[CheckResult] = []
    account = FakeAccount().holding(an_eks_cluster(authentication_mode="CONFIG_MAP"))
    report = check_spec(loaded(), account.world, Judging(("eks-auth-mode",), told.append))
    assert ids(report, Outcome.SKIP) == ["eks-auth-mode"]
    assert report.failed == ()
    assert sorted(one.id for one in told) == sorted(JUDGED)


def test_a_check_that_does_not_exist_cannot_be_left_out() -> None:
    with pytest.raises(UsageError, match="there is no check `eks-auth`"):
        check_spec(loaded(), FakeAccount().world, Judging(("eks-auth",)))


def test_the_plan_carries_the_judgement_and_the_loader_s_notices() -> None:
    account = FakeAccount().holding(an_eks_cluster(authentication_mode="CONFIG_MAP"))
    with_notices = Loaded(loaded().spec, ("a notice",), loaded().source)
    report = plan(with_notices, account.world, SILENT, run_id="run-1")
    assert report.notices == ("a notice",)
    assert report.checks is not None
    assert ids(report.checks, Outcome.FAIL) == ["eks-auth-mode"]
    assert report.names() == ("create/cluster/ml-cluster",)


def test_planning_changes_nothing() -> None:
    account = FakeAccount()
    planned(account)
    assert not {"clusters.create", "clusters.delete"} & set(account.calls.operations)


FAILED = a_result("eks-auth-mode", Outcome.FAIL)
BLIND = a_result("network-ids-exist", Outcome.UNKNOWN, hint="allow `ec2:DescribeSubnets`")
MILD = (
    a_result("a-pass", Outcome.PASS),
    a_result("a-warning", Outcome.WARN),
    a_result("a-skip", Outcome.SKIP),
    a_result("a-blind-advice", Outcome.UNKNOWN, blocking=False),
)


def test_what_passed_warned_or_was_left_out_does_not_stop_a_create() -> None:
    demand_passed(a_check_report(*MILD))


@pytest.mark.parametrize("blindness", list(Blindness))
def test_a_failed_check_stops_a_create_and_can_be_left_out_by_name(blindness: Blindness) -> None:
    other = a_result("network-efa-single-az", Outcome.FAIL, blocking=False)
    with pytest.raises(ChecksFailedError) as raised:
        demand_passed(a_check_report(*MILD, FAILED, BLIND, other), blindness)
    assert raised.value.message == "2 of 7 checks failed: `eks-auth-mode`, `network-efa-single-az`"
    assert raised.value.hint == "fix what they name, or leave one out: --skip eks-auth-mode"
    assert raised.value.exit_code is ExitCode.CHECKS_FAILED


def test_a_blocking_check_that_could_not_look_stops_a_create() -> None:
    with pytest.raises(ChecksUnknownError) as raised:
        demand_passed(a_check_report(*MILD, BLIND))
    assert raised.value.message == "a check that must hold could not look: `network-ids-exist`"
    assert raised.value.hint == "allow `ec2:DescribeSubnets`"
    assert raised.value.exit_code is ExitCode.CHECKS_UNKNOWN


def test_without_a_better_hint_the_flag_is_named() -> None:
    with pytest.raises(ChecksUnknownError) as raised:
        demand_passed(a_check_report(a_result("a-check", Outcome.UNKNOWN)))
    assert raised.value.hint == "go on without them: --allow-unknown"


def test_blindness_can_be_allowed() -> None:
    demand_passed(a_check_report(*MILD, BLIND), Blindness.ALLOWED)


def test_a_cluster_of_another_wish_is_a_conflict() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster())
    with pytest.raises(ConflictError) as raised:
        demand_absent(planned(account))
    assert raised.value.message == (
        "a cluster named `ml-cluster` exists and is not what this spec asks for: "
        "`orchestrator.eks`, `network`, `instance_groups[workers]` differ"
    )
    assert raised.value.hint == (
        "to change it: hpctl cluster update -f FILE\n"
        "look at it: hpctl cluster describe ml-cluster\n"
        "or choose another name"
    )


def test_a_conflict_names_some_differences_and_counts_the_rest() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster(), a="1", b="2", c="3", d="4")
    with pytest.raises(ConflictError) as raised:
        demand_absent(planned(account))
    assert raised.value.message.endswith("`instance_groups[workers]`, `tags[a]`, `tags[b]` and 2 more differ")


def test_a_cluster_that_fails_is_a_conflict_even_as_asked() -> None:
    account = FakeAccount()
    list(create(planned(account), account.ports))
    account.clusters.known["ml-cluster"] = replace(account.clusters.known["ml-cluster"], status="Failed")
    with pytest.raises(ConflictError) as raised:
        demand_absent(planned(account_after(account)))
    assert raised.value.message == "a cluster named `ml-cluster` exists and is failing or going"
    assert raised.value.hint == (
        "look at it: hpctl cluster describe ml-cluster\nchoose another name, or delete it first"
    )


def test_no_cluster_and_the_same_cluster_are_none() -> None:
    account = FakeAccount()
    first = planned(account)
    demand_absent(first)
    list(create(first, account.ports))
    again = planned(account_after(account))
    assert again.state == "same"
    demand_absent(again)


def account_after(account: FakeAccount) -> FakeAccount:
    """The same account, looked at anew."""
    later = FakeAccount()
    later.clusters.known, later.clusters.tags_of = account.clusters.known, account.clusters.tags_of
    later.clusters.requests = account.clusters.requests
    return later


def test_the_same_create_again_sends_nothing_and_goes_on_waiting() -> None:
    account = FakeAccount()
    list(create(planned(account), account.ports))
    later = account_after(account)
    again = planned(later)
    later.clusters.play(a_cluster())
    assert list(create(again, later.ports)) == []
    assert isinstance(list(follow(again, later.ports, timeout_s=60, resume="again"))[-1], Finished)
    assert later.calls.of("clusters.create") == []


def test_a_create_tells_that_it_began() -> None:
    account = FakeAccount()
    steps = list(create(planned(account), account.ports))
    assert steps == [Started(time=NOW, verb="create", cluster="ml-cluster", arn=CLUSTER_ARN)]


def refused(account: FakeAccount, text: str, hint: str | None = None) -> RefusedError:
    account.calls.fail("clusters.create", RefusedError(text, aws_code="ValidationException", hint=hint))
    with pytest.raises(RefusedError) as raised:
        list(create(planned(account), account.ports))
    return raised.value


def test_a_known_refusal_comes_with_cause_and_remedy_filled_in() -> None:
    error = refused(FakeAccount(), CONFIG_MAP, "AWS's own hint")
    assert (error.message, error.aws_code) == (CONFIG_MAP, "ValidationException")
    assert error.cause == (
        "the EKS cluster admits identities through the aws-auth ConfigMap only; HyperPod needs access entries"
    )
    assert (error.hint or "").splitlines()[-1] == (
        "aws eks update-cluster-config --region us-west-2 --name training "
        "--access-config authenticationMode=API_AND_CONFIG_MAP"
    )


def test_an_unknown_refusal_keeps_its_words_and_its_hint() -> None:
    error = refused(FakeAccount(), STRANGE, "AWS's own hint")
    assert (error.message, error.cause, error.hint) == (STRANGE, None, "AWS's own hint")


def test_a_refusal_of_a_slurm_cluster_is_explained_too() -> None:
    text = FILE.replace("  eks: {cluster: training}", "  slurm: {}")
    account = FakeAccount()
    account.calls.fail(
        "clusters.create",
        RefusedError("Cluster ml has no InstanceGroup with Controller node type", aws_code="ValidationException"),
    )
    with pytest.raises(RefusedError) as raised:
        list(create(planned(account, text), account.ports))
    assert raised.value.cause == "no instance group has the Slurm node type Controller"


@pytest.mark.parametrize("error", [AccessError("denied"), UnavailableError("no answer")])
def test_other_errors_pass_as_they_are(error: AccessError) -> None:
    account = FakeAccount()
    report = planned(account)
    account.calls.fail("clusters.create", error)
    with pytest.raises(type(error)) as raised:
        list(create(report, account.ports))
    assert raised.value is error


def test_following_waits_for_the_plan_s_cluster() -> None:
    account = FakeAccount()
    report = planned(account)
    account.clusters.play(a_cluster("Creating"), a_cluster())
    steps = list(follow(report, account.ports, timeout_s=60, resume="again"))
    assert [step.type for step in steps] == ["observed", "observed", "finished"]
