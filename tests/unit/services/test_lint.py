"""Scripts in a folder, judged by the same checks as those in S3, with the words that nodes would end in."""

from __future__ import annotations

import pytest

from hpctl.checks.slurm_files import FILE
from hpctl.errors import UnavailableError
from hpctl.facts.script_ports import ShellFault
from hpctl.report.check import CheckReport, CheckResult
from hpctl.services.lifecycle import Heads, scripts_for
from hpctl.services.lint import FolderPorts, aws_words, lint_folder, lint_in_s3
from hpctl.services.upload import LocalScripts
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.load import Loaded, load_cluster
from hpctl.spec.source import TextSource
from hpctl.terms import Outcome
from tests.unit.builders import a_group, a_plain_group, a_slurm_spec, a_spec
from tests.unit.fakes import FakeAccount

GOOD = b"#!/bin/bash\nexec >> /var/log/provision/provisioning.log\n"
YAML = """\
api_version: hpctl/v1
kind: Cluster
name: ml-cluster
orchestrator: {slurm: {}}
instance_groups:
  - name: head
    type: ml.m5.2xlarge
    count: 1
    execution_role: arn:aws:iam::123456789012:role/x
    lifecycle: {source_s3_uri: s3://sagemaker-x/lc, on_create: start.sh}
"""


class Quiet:
    def faults(self, _script: bytes) -> tuple[ShellFault, ...]:
        return ()


class Missing:
    def faults(self, _script: bytes) -> tuple[ShellFault, ...]:
        raise UnavailableError("there is no `bash` on this machine to read scripts with", hint="install bash")


def lint(files: dict[str, bytes], loaded: Loaded | None = None) -> CheckReport:
    return lint_folder(LocalScripts("lc", files), loaded, Quiet())


def result(report: CheckReport, check_id: str) -> CheckResult:
    (found,) = (one for one in report.results if one.id == check_id)
    return found


def loaded(text: str = YAML) -> Loaded:
    return load_cluster(TextSource("cluster.yaml", text), env={}, set_values={}, name=None)


@pytest.mark.parametrize(
    "spec",
    [
        a_spec(a_group(lifecycle={"source_s3_uri": "s3://sagemaker-x/lc", "on_create": "on_create.sh"})),
        a_slurm_spec(),
        a_slurm_spec(a_plain_group("head", count=1), a_group(), orchestrator=None),
    ],
    ids=["eks", "slurm", "legacy"],
)
def test_what_hpctl_writes_is_well_and_has_nothing_to_note(spec: ClusterSpec) -> None:
    files = scripts_for(spec, Heads())
    report = lint(files)
    assert [(one.id, one.findings) for one in report.results if one.outcome is not Outcome.PASS or one.findings] == []
    assert {"lifecycle-syntax", "lifecycle-shebang"} <= {one.id for one in report.results}


def test_a_finding_names_file_and_line_and_what_a_node_would_say() -> None:
    report = lint({"on_create.sh": GOOD.replace(b"\n", b"\r\n")})
    (found,) = result(report, "lifecycle-line-endings").findings
    assert found.message == "`lc/on_create.sh` has the line ends of Windows (CR LF)"
    assert found.location == "lc/on_create.sh:1"
    assert found.evidence[-1].startswith("would end in: ")
    assert found.remedy == r"sed -i '1s/^\xEF\xBB\xBF//; s/\r$//; s/\r/\n/g' lc/on_create.sh"


def test_a_finding_about_a_line_is_at_that_line() -> None:
    report = lint({"on_create.sh": GOOD + b"while true; do sleep 5; done\n"})
    (found,) = result(report, "lifecycle-unbounded-loop").findings
    assert found.location == "lc/on_create.sh:3"
    assert report.subject == "lc"


def test_a_script_that_is_missing_is_put_into_the_folder() -> None:
    report = lint({"lib.sh": GOOD}, loaded())
    found = result(report, "lifecycle-entrypoint-present")
    assert [(one.message, one.remedy) for one in found.findings] == [
        ("there is no `start.sh` in `lc/`", "put it into `lc`")
    ]


def test_without_a_spec_nothing_is_said_of_systems_roles_and_buckets() -> None:
    ids = {one.id for one in lint({"on_create.sh": GOOD}).results}
    assert not ids & {"lifecycle-package-manager", "lifecycle-bucket-region", "slurm-params-parse"}


def test_with_a_spec_roles_are_judged_too() -> None:
    report = lint({"start.sh": GOOD, FILE: b"{}"}, loaded())
    (found,) = result(report, "slurm-model-exclusive").findings
    assert found.message == f"Slurm is configured in the spec, and by `lc/{FILE}` too"
    assert "The LifeCycleConfig cannot include both" in found.evidence[-1]


def test_where_there_is_no_bash_nothing_passes_for_read() -> None:
    report = lint_folder(LocalScripts("lc", {"on_create.sh": GOOD}), None, Missing())
    found = result(report, "lifecycle-syntax")
    assert (found.outcome, found.reason) == (
        Outcome.UNKNOWN,
        "could not look: there is no `bash` on this machine to read scripts with",
    )


def test_what_lies_in_s3_is_judged_where_it_lies() -> None:
    account = FakeAccount()
    account.storage.buckets = {"sagemaker-x": {"lc/start.sh": b"echo\n"}}
    (found,) = result(lint_in_s3(loaded(), account.world), "lifecycle-shebang").findings
    assert found.message == "`s3://sagemaker-x/lc/start.sh` does not begin with `#!`"
    assert found.location == "cluster.yaml:10:64"


def test_a_folder_says_that_it_does_not_know_the_rest() -> None:
    with pytest.raises(UnavailableError, match="a folder does not tell this"):
        _ = FolderPorts({}, Quiet()).clusters


def test_checks_without_a_known_failure_have_no_words() -> None:
    assert aws_words("lifecycle-secrets") is None
