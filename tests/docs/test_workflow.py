"""The workflow that the documentation shows does what it says: its steps, run in a sandbox as CI runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from ruamel.yaml import YAML

from tests.docs.console import Shell
from tests.docs.pages import pages
from tests.docs.test_console import environment

SPEC = """\
api_version: hpctl/v1
kind: Cluster
name: gated
orchestrator: { eks: { cluster_arn: $EKS_CLUSTER_ARN } }
network: { security_group_ids: [$SECURITY_GROUP], subnet_ids: [$SUBNET_ID] }
instance_groups:
  - name: workers
    type: ml.p5.48xlarge
    count: 1
    execution_role: $EXECUTION_ROLE
    threads_per_core: 2
    lifecycle: { source_s3_uri: "s3://$BUCKET_NAME", on_create: on_create.sh }
node_provisioning: Continuous
"""
BROKEN = SPEC.replace("[$SUBNET_ID]", "[$SUBNET_ID, $OTHER_SUBNET_ID]")


def steps() -> dict[str, str]:
    """Return the commands of the steps that have a name; the others set up the machine."""
    (page,) = (one for one in pages() if one.name == "docs/how-to/github-actions.md")
    (fence,) = (one for one in page.fences if one.file == "hyperpod.yml")
    workflow = YAML(typ="safe").load(fence.text)
    return {step["name"]: step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "name" in step}


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Shell]:
    env = environment() | {"CI": "true", "GITHUB_ACTIONS": "true"}
    with Shell(tmp_path, env) as shell:
        code, said = shell.run('hpctl sandbox up --pace 0.5 && eval "$(hpctl sandbox env)"')
        assert code == 0, said
        yield shell


@pytest.mark.functional
@pytest.mark.slow
def test_the_gate_stops_a_broken_spec_and_what_is_merged_is_created(runner: Shell) -> None:
    commands, spec = steps(), runner.place / "cluster.yaml"
    assert list(commands) == ["Judge", "Plan", "Create"]
    spec.write_text(BROKEN, encoding="utf-8")
    assert runner.run(commands["Judge"])[0] == 20
    assert [case.get("name") for case in _failures(runner)] == ["network-efa-single-az"]
    spec.write_text(SPEC, encoding="utf-8")
    assert runner.run(commands["Judge"])[0] == 0
    assert _failures(runner) == []
    assert runner.run(commands["Plan"])[0] == 0
    code, said = runner.run(commands["Create"])
    assert code == 0, said
    assert "\x1b" not in said
    outcome = json.loads(next(line for line in reversed(said.splitlines()) if line.startswith("{")))
    assert (outcome["kind"], outcome["result"]) == ("Outcome", "done")


def _failures(runner: Shell) -> list[ET.Element]:
    cases = ET.parse(runner.place / "doctor.xml").iter("testcase")  # noqa: S314  hpctl's own answer
    return [case for case in cases if case.find("failure") is not None]
