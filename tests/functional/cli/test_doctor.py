"""`hpctl doctor` as a person and as a script run it, against a sandbox."""

from __future__ import annotations

import json
import stat
from importlib.resources import files
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.command import Hpctl
from tests.functional.cli.shapes import broken_promises, promised, reports


def example(hpctl: Hpctl, name: str, **instead: str) -> str:
    """Write one of the shipped examples, with parts of its text replaced, and return its name."""
    text = (files("hpctl.examples") / f"{name}.yaml").read_text(encoding="utf-8")
    for written, wanted in instead.items():
        assert f"${{{written}}}" in text
        text = text.replace(f"${{{written}}}", wanted)
    (hpctl.folder / "cluster.yaml").write_text(text, encoding="utf-8")
    return "cluster.yaml"


def unwell(answer: Any) -> dict[str, str]:
    """Return the checks that neither passed nor had to be skipped, with their outcomes."""
    return {row["id"]: row["outcome"] for row in answer["results"] if row["outcome"] not in ("pass", "skip")}


def test_this_machine_is_examined(hpctl: Hpctl) -> None:
    answer = hpctl("doctor", "-o", "json").json()
    assert broken_promises(answer, promised(reports()["Checks"])) == []
    assert (answer["subject"], unwell(answer)) == ("this machine", {})
    assert [row["id"].partition("-")[0] for row in answer["results"]] == [
        *["tools"] * 4,
        *["identity"] * 3,
    ]


@pytest.mark.scorecard(33)
@pytest.mark.parametrize("name", ["eks", "slurm"])
def test_a_shipped_example_is_well_without_a_warning(hpctl: Hpctl, name: str) -> None:
    answer = hpctl("doctor", "-f", example(hpctl, name), "--fail-on", "warn", "-o", "json").json()
    assert (answer["subject"], unwell(answer)) == (f"cluster/demo-{name}", {})
    assert {row["outcome"] for row in answer["results"]} == {"pass"}


@pytest.mark.scorecard(19, 33)
@pytest.mark.parametrize(
    ("name", "written", "seed", "check_id"),
    [
        ("eks", "EXECUTION_ROLE", "${WRONG_TRUST_ROLE}", "iam-exec-trust"),
        ("eks", "EXECUTION_ROLE", "${NO_VPC_ROLE}", "iam-exec-vpc"),
        ("eks", "EXECUTION_ROLE", "${EXECUTION_ROLE}x", "iam-exec-exists"),
        ("eks", "EKS_CLUSTER_ARN", "${OLD_VERSION_CLUSTER_ARN}", "eks-version"),
        ("eks", "EKS_CLUSTER_ARN", "${CONFIG_MAP_CLUSTER_ARN}", "eks-auth-mode"),
        ("eks", "EKS_CLUSTER_ARN", "${NO_DEPENDENCIES_CLUSTER_ARN}", "eks-helm-deps"),
        ("eks", "BUCKET_NAME", "sagemaker-nobody-has-this", "lifecycle-prefix-exists"),
    ],
)
def test_a_planted_fault_is_the_one_that_is_found(
    hpctl: Hpctl, name: str, written: str, seed: str, check_id: str
) -> None:
    ended = hpctl("doctor", "-f", example(hpctl, name, **{written: seed}), "-o", "json", ends=ExitCode.CHECKS_FAILED)
    assert unwell(ended.json()) == {check_id: "fail"}
    (found,) = (row for row in ended.json()["results"] if row["id"] == check_id)
    assert all(finding["remedy"] and finding["location"] for finding in found["findings"])


@pytest.mark.parametrize(
    ("name", "uri", "check_id"),
    [
        ("eks", "${NO_SCRIPT_S3_URI}", "lifecycle-entrypoint-present"),
        ("eks", "${CRLF_SCRIPT_S3_URI}", "lifecycle-line-endings"),
        ("slurm", "${BOTH_MODELS_S3_URI}", "slurm-model-exclusive"),
    ],
)
def test_a_fault_of_scripts_is_found(hpctl: Hpctl, name: str, uri: str, check_id: str) -> None:
    file = example(hpctl, name)
    path = hpctl.folder / file
    path.write_text(path.read_text(encoding="utf-8").replace("s3://${BUCKET_NAME}", uri), encoding="utf-8")
    answer = hpctl("doctor", "-f", file, "-o", "json", ends=ExitCode.CHECKS_FAILED).json()
    assert unwell(answer) == {check_id: "fail"}


def test_warnings_are_no_failure_unless_asked_for(hpctl: Hpctl) -> None:
    spec = specs.eks("warned", specs.group("workers", "ml.p5.48xlarge", 2), node_recovery="None")
    file = specs.write(hpctl.folder, spec)
    assert set(unwell(hpctl("doctor", "-f", file, "-o", "json").json()).values()) == {"warn"}
    ended = hpctl("doctor", "-f", file, "--fail-on", "warn", "-o", "json", ends=ExitCode.CHECKS_UNKNOWN)
    assert ended.error()["code"] == "checks_warned"
    assert "checks warned: `spec-threads-default`, `spec-node-recovery`" in ended.error()["message"]


@pytest.mark.scorecard(33)
def test_what_could_not_be_looked_at_is_no_pass(hpctl: Hpctl) -> None:
    blind = hpctl.with_env(AWS_ENDPOINT_URL="http://127.0.0.1:9")
    words = ("doctor", "-f", example(hpctl, "eks"), "-o", "json")
    answer = blind(*words, ends=ExitCode.CHECKS_UNKNOWN).json()
    found = unwell(answer)
    assert found.pop("tools-endpoint-reachable") == "warn"
    assert set(found.values()) == {"unknown"}
    assert unwell(blind(*words, "--allow-unknown").json()) == unwell(answer)


def test_offline_needs_neither_credentials_nor_a_region(hpctl: Hpctl) -> None:
    nobody = hpctl.with_env(
        AWS_REGION=None, AWS_DEFAULT_REGION=None, AWS_CONFIG_FILE="/dev/null", AWS_ENDPOINT_URL=None
    )
    answer = nobody("doctor", "-f", example(hpctl, "eks"), "--offline", "-o", "json").json()
    assert {row["outcome"] for row in answer["results"]} == {"pass", "skip"}
    assert {row["reason"] for row in answer["results"] if row["outcome"] == "skip"} == {
        "asks AWS; left out with `--offline`"
    }


def test_without_a_region_the_credentials_fail_and_nothing_crashes(hpctl: Hpctl) -> None:
    nobody = hpctl.with_env(AWS_REGION=None, AWS_DEFAULT_REGION=None, AWS_CONFIG_FILE="/dev/null")
    answer = nobody("doctor", "-o", "json", ends=ExitCode.CHECKS_FAILED).json()
    unknown = dict.fromkeys(("tools-clock", "tools-endpoint-reachable"), "unknown")
    assert unwell(answer) == {"identity-credentials": "fail", **unknown}


def test_results_are_lines_of_json_as_they_come(hpctl: Hpctl) -> None:
    rows = hpctl("doctor", "-o", "jsonl").json_lines()
    assert sorted(row["id"] for row in rows) == [
        "identity-credentials",
        "identity-expiry",
        "identity-role-arn",
        "tools-botocore-version",
        "tools-clock",
        "tools-endpoint-reachable",
        "tools-python-version",
    ]


def test_one_check_runs_with_what_it_needs(hpctl: Hpctl) -> None:
    answer = hpctl("doctor", "-f", example(hpctl, "eks"), "--only", "iam-exec-vpc", "-o", "json").json()
    assert [row["id"] for row in answer["results"]] == ["iam-exec-exists", "iam-exec-vpc"]


def test_a_check_of_a_spec_without_a_spec_is_wrong_usage(hpctl: Hpctl) -> None:
    ended = hpctl("doctor", "--only", "iam-exec-vpc", ends=ExitCode.USAGE)
    assert "`iam-exec-vpc` judges a spec, and none is given" in ended.err


def test_the_list_of_checks_asks_nobody(hpctl: Hpctl) -> None:
    nobody = hpctl.with_env(AWS_REGION=None, AWS_DEFAULT_REGION=None, AWS_CONFIG_FILE="/dev/null")
    listed = nobody("doctor", "--list", "-o", "json").json()
    assert broken_promises(listed, promised(reports()["CheckList"])) == []
    names = nobody("doctor", "--list", "-o", "name").out.split()
    assert names == [row["id"] for row in listed["checks"]]
    assert {"tools-clock", "network-efa-single-az", "iam-exec-vpc"} <= set(names)


@pytest.mark.scorecard(54)
def test_a_bundle_is_judged_again_by_somebody_who_can_ask_nobody(hpctl: Hpctl) -> None:
    file = example(hpctl, "eks", EXECUTION_ROLE="${WRONG_TRUST_ROLE}")
    first = hpctl("doctor", "-f", file, "--bundle", "seen.json", "-o", "json", ends=ExitCode.CHECKS_FAILED)
    bundle = hpctl.folder / "seen.json"
    assert "bundle: seen.json (no secrets" in first.err
    assert (stat.S_IMODE(bundle.stat().st_mode), "123456789012" in bundle.read_text(encoding="utf-8")) == (0o600, False)
    nobody = hpctl.with_env(
        AWS_REGION=None, AWS_DEFAULT_REGION=None, AWS_CONFIG_FILE="/dev/null", AWS_ENDPOINT_URL="http://127.0.0.1:9"
    )
    again = nobody("doctor", "--from", "seen.json", "-o", "json", ends=ExitCode.CHECKS_FAILED).json()
    assert again == json.loads(bundle.read_text(encoding="utf-8"))["report"]
    assert unwell(again) == unwell(first.json()) == {"iam-exec-trust": "fail"}


def test_a_bundle_does_not_go_with_a_spec(hpctl: Hpctl) -> None:
    ended = hpctl("doctor", "--from", "seen.json", "-f", "cluster.yaml", ends=ExitCode.USAGE)
    assert "`--from` does not go with `--file`" in ended.err


def test_a_query_does_not_go_with_junit(hpctl: Hpctl) -> None:
    file = specs.write(hpctl.folder, specs.slurm("fine"))
    ended = hpctl("doctor", "-f", file, "-o", "junit", "--query", "results", ends=ExitCode.USAGE)
    assert "`--query` does not go with `-o junit`" in ended.err
