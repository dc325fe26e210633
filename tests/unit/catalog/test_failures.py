"""Each known failure is recognised by its words, however they are dressed, and ordinary messages are not."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping

import pytest

from hpctl.catalog.failures import Scope, Severity, failure, fill, known_failures
from hpctl.catalog.matching import match, match_job
from hpctl.checks.catalogue import CHECKS
from tests.unit.catalog.harmless import LOGS, MESSAGES

ROWS = known_failures()
TOLD = [row for row in ROWS if row.samples]
# fmt: off
PLACEHOLDERS = {
    "action", "addon", "bucket", "cluster", "cluster_flag", "cluster_id", "count", "ec2_instance_type",
    "eks_cluster", "flags", "group", "instance_type", "job", "name", "namespace", "node", "pod", "prefix",
    "quota_code", "rank", "region", "repository", "role", "role_arn", "security_group", "stack", "subnet",
    "training_plan", "url", "user", "vpc", "workspace",
}
PROGRAMS = {
    "aws", "docker", "hpctl", "helm", "kubectl", "ls", "mpirun", "neuron_parallel_compile", "nvidia-smi",
    "pip", "rm", "sbatch", "sed", "session-manager-plugin", "sinfo", "srun", "sudo", "tr", "ulimit",
}
# fmt: on
BASES = {"documentation", "guides", "reported", "observed", "service-model", "common"}
DRESS: Mapping[str, Callable[[str], str]] = {
    "in capitals": str.upper,
    "with wide spaces": lambda text: text.replace(" ", " \t "),
    "broken into lines": lambda text: "\n".join(
        textwrap.wrap(text, max(40, len(text) // 8), break_long_words=False, break_on_hyphens=False)
    ),
    "in JSON": lambda text: json.dumps({"FailureMessage": text}),
    "in JSON twice": lambda text: json.dumps({"body": json.dumps({"message": text})}),
    "in colour": lambda text: " ".join(f"\x1b[31m{word}\x1b[0m" for word in text.split(" ")),
    "after a log's prefix": lambda text: f"2026-07-01T10:00:00.000Z ip-10-1-0-7 stderr F {text}",
    "in a printer's quotes": lambda text: text.replace("'", "\u2019").replace('"', "\u201c"),
}


def recognised(text: str, scope: Scope | None = None) -> str:
    found = match(text, scope)
    return found.id if found else "none"


def test_a_sample_is_recognised_as_its_own_row_by_all_who_listen() -> None:
    found = {
        (row.id, sample, scope): recognised(sample, scope)
        for row in TOLD
        for sample in row.samples
        for scope in (None, *row.scopes)
    }
    assert {key: value for key, value in found.items() if value != key[0]} == {}


@pytest.mark.parametrize("dress", DRESS)
def test_a_sample_is_recognised_in_any_dress(dress: str) -> None:
    found = {(row.id, sample): recognised(DRESS[dress](sample)) for row in TOLD for sample in row.samples}
    assert {key: value for key, value in found.items() if value != key[0]} == {}


def test_nobody_else_listens_to_a_sample() -> None:
    strange = [
        (row.id, scope)
        for row in TOLD
        for scope in frozenset(Scope) - row.scopes
        for sample in row.samples
        if (told := match(sample, scope)) and told.id == row.id
    ]
    assert strange == []


def test_an_ordinary_message_or_line_of_a_log_is_no_known_failure() -> None:
    assert len(LOGS) > 60
    assert {text: recognised(text) for text in (*MESSAGES, *LOGS) if match(text)} == {}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("efa HEALTH checks\n  did not run successfully", "efa-health-check"),
        (
            "Instance creation failed: We currently do not have sufficient capacity for the\nrequested instance type",
            "capacity",
        ),
        (
            "AccessDenied: User: arn:aws:iam::1:user/a is not authorized to perform: eks:AssociateAccessPolicy",
            "eks-access-entry",
        ),
        ("EKS clusters with `CONFIG_MAP` authentication mode are not supported.", "eks-authentication-mode"),
        ("Lifecycle scripts did not run successfully after Lifecycle scripts execution timed out", "lifecycle-timeout"),
        ("could not assume role arn:aws:iam::111122223333:role/x", "execution-role-trust"),
        ("Embedded stack arn:aws-us-gov:cloudformation:us-gov-west-1:1:stack/x failed", "nested-stack"),
        ("Instance replacement failed:\nEFA health checks did not run successfully", "efa-health-check-replacement"),
        ("NVRM: Xid (PCI:0000:53:00): 95, Uncontained ECC error", "job-device-fault"),
        ("RuntimeError: DataLoader worker (pid(s) 12) is killed by signal: Bus error.", "job-shared-memory"),
    ],
)
def test_words_are_recognised_in_other_sentences(text: str, known: str) -> None:
    assert recognised(text) == known


def test_rows_are_complete_and_their_ids_are_stable_words() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS) > 160
    for row in ROWS:
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", row.id), row.id
        assert bool(row.words) is bool(row.samples) is not bool(row.symptom), row.id
        assert row.basis in BASES, row.id
        assert row.severity in Severity, row.id
        assert row.scopes, row.id
        assert row.cause, row.id
        assert not row.cause.endswith("."), row.id
        assert row.words or not row.pattern, row.id


def test_words_are_written_as_texts_are_compared() -> None:
    for row in ROWS:
        for word in row.words:
            assert word == " ".join(word.split()).lower(), row.id
            assert not re.search(r'["`\u2018\u2019]', word), row.id


def test_the_checks_that_see_a_cause_beforehand_exist() -> None:
    known = {one.id for one in CHECKS}
    assert [(row.id, check) for row in ROWS for check in row.checks if check not in known] == []


def test_remedies_end_in_commands_to_paste_with_known_placeholders() -> None:
    for row in ROWS:
        *_, command = row.remedy.splitlines()
        assert command.split()[0] in PROGRAMS, row.id
        found = set(re.findall(r"(?<!\{)\{([a-z][a-z0-9_]*)\}", row.remedy))
        assert found <= PLACEHOLDERS | set(re.findall(r"\?P<(\w+)>", row.pattern)), row.id


def test_the_two_ids_that_name_the_rules_of_creation_are_kept() -> None:
    efa, mode = failure("efa-health-check"), failure("eks-authentication-mode")
    assert efa is not None
    assert mode is not None
    assert "network-efa-single-az" in efa.checks
    assert mode.checks == ("eks-auth-mode",)
    assert failure("no-such-failure") is None


def test_what_the_message_tells_is_in_the_remedy_already() -> None:
    quota = match("The account-level service limit 'ml.p5.48xlarge for cluster usage' is 0 Instances")
    assert quota is not None
    assert "starts_with(QuotaName, 'ml.p5.48xlarge for cluster')" in quota.remedy
    capacity = match("do not have sufficient capacity to launch new ml.p5.48xlarge instances")
    assert capacity is not None
    assert "Values=p5.48xlarge " in capacity.remedy
    lifecycle = match(
        "Lifecycle scripts did not run successfully. Visit log group '/aws/sagemaker/Clusters/demo/abcdef012345' "
        "and log stream 'LifecycleConfig/workers/i-0'."
    )
    assert lifecycle is not None
    assert "aws logs tail /aws/sagemaker/Clusters/demo/abcdef012345 --region {region}" in lifecycle.remedy
    assert lifecycle.remedy.endswith("LifecycleConfig/workers")


def test_a_remedy_is_filled_with_what_is_known_and_the_rest_stays() -> None:
    assert fill("hpctl cluster events {name} --region {region}", {"name": "demo", "region": None}) == (
        "hpctl cluster events demo --region {region}"
    )


def test_values_from_elsewhere_cannot_break_out_of_a_command() -> None:
    assert fill("hpctl cluster describe {name}", {"name": "x; rm -rf ~"}) == "hpctl cluster describe 'x; rm -rf ~'"


def test_the_end_of_a_jobs_log_is_what_counts() -> None:
    found = match_job("noise\n" * 50_000 + "ModuleNotFoundError: No module named 'x'")
    assert found is not None
    assert found.id == "job-python-module"
