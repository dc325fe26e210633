from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.compile.bundle import Payload, Placement
from hpctl.compile.scripts import COORDINATOR_PORT, PART_BYTES, archive_items, is_shared, mesh_token, scripts
from hpctl.compile.task.agent.wire import PORT
from hpctl.spec.job import Choice, Contract, JobSpec, Mount, Resume

SUBMITTED = datetime(2026, 11, 22, 5, 30, 1, 42, UTC)
PLACEMENT = Placement(choice=Choice(), instance_type=None, devices=8, processes=64)
PAYLOAD = Payload(run_id="r", user="ada", submitted=SUBMITTED, context="arn")
SHARED = {"archives", "copies", "env-names", "phase.sh", "prepare.sh", "secret-names", "settings.sh", "start.sh"}
SKYPILOT = {"preamble.sh", "session.sh", "tool.sudo", "tool.uv"}
MODULES = ("__init__", "attendance", "coordinator", "member", "muster", "peer", "roll", "script", "wire")
AGENT = {f"agent.{name}.py" for name in MODULES}


def job(**members: object) -> JobSpec:
    return JobSpec.model_validate({"name": "train", **members})


def settings(spec: JobSpec, payload: Payload = PAYLOAD) -> dict[str, str]:
    """What bash would read: each line an assignment of one word."""
    rows = (line.partition("=") for line in scripts(spec, PLACEMENT, payload)["settings.sh"].splitlines())
    return {name: shlex.split(value)[0] if value else "" for name, _, value in rows}


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        (job(run="x"), SHARED | {"run"}),
        (job(run="x", setup="y", nodes=2), SHARED | AGENT | {"run", "setup"}),
        (job(setup="y", contract=Contract.SKYPILOT), SHARED | SKYPILOT | {"setup"}),
        (job(run="x", contract=Contract.SKYPILOT, nodes=2), SHARED | SKYPILOT | AGENT | {"run"}),
    ],
)
def test_a_job_has_the_files_that_its_contract_needs(spec: JobSpec, names: set[str]) -> None:
    assert set(scripts(spec, PLACEMENT, PAYLOAD)) == names
    assert is_shared(spec) is (names >= AGENT)


@given(st.text())
def test_what_the_user_wrote_is_not_touched(text: str) -> None:
    assert scripts(job(run=text), PLACEMENT, PAYLOAD)["run"] == text


def test_settings_are_what_the_scripts_are_told() -> None:
    told = settings(job(run="x", contract=Contract.SKYPILOT, nodes=2, resume=Resume(max_retries=5)))
    assert told == {
        "hpctl_contract": "skypilot",
        "hpctl_nodes": "2",
        "hpctl_devices": "8",
        "hpctl_processes": "64",
        "hpctl_retries": "5",
        "hpctl_failure": "restarts",
        "hpctl_task_id": "sky-2026-11-22-05-30-01-000042_train_1",
        "hpctl_cluster_info": '{"cluster_name": "train", "cloud": "Kubernetes", "region": "arn", "zone": null}',
        "hpctl_user": "ada",
    }


AUTO_RESUME = "sagemaker.amazonaws.com/enable-job-auto-resume"


@pytest.mark.parametrize(
    ("spec", "failure"),
    [
        (job(run="x", nodes=2), "ends"),
        (job(run="x", nodes=2, annotations={AUTO_RESUME: "false"}), "ends"),
        (job(run="x", nodes=2, annotations={AUTO_RESUME: "true"}), "alone"),
        (job(run="torchrun --nnodes=2 x", nodes=2, resume=Resume()), "restarts"),
        (job(run="torchrun --nnodes=1:2 x", nodes=2, resume=Resume()), "alone"),
        (job(run="torchrun \\\n --nnodes $MIN:$MAX x", nodes=2, resume=Resume()), "alone"),
        (job(run="torchrun --nnodes=1:2 x", nodes=2), "ends"),
        (job(run="x", nodes=2, resume=Resume(), env={"PET_NNODES": "1:2"}), "alone"),
        (job(run="hyperpodrun x", nodes=2, resume=Resume()), "alone"),
    ],
)
def test_what_the_failure_of_one_rank_means_for_the_others(spec: JobSpec, failure: str) -> None:
    assert settings(spec)["hpctl_failure"] == failure


@given(
    st.text(st.characters(exclude_characters="\x00\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", exclude_categories=["Cs"]))
)
def test_no_name_of_a_user_is_a_command(user: str) -> None:
    assert settings(job(run="x"), Payload(run_id="r", user=user))["hpctl_user"] == user


def test_the_task_id_is_in_utc_wherever_it_was_submitted() -> None:
    there = SUBMITTED.astimezone(timezone(timedelta(hours=-8)))
    assert settings(job(run="x"), Payload(run_id="r", submitted=there))["hpctl_task_id"].startswith("sky-2026-11-22-05")


def test_names_of_values_are_told_once_and_secrets_apart() -> None:
    spec = job(run="x", env={"A": "1", "TOKEN": "2"}, secrets=("TOKEN",))
    found = scripts(spec, PLACEMENT, Payload(run_id="r", secrets={"TOKEN": "s3cr3t", "KEY": "s3cr3t"}))
    assert found["env-names"] == "A\nTOKEN\nKEY\n"
    assert found["secret-names"] == "TOKEN\nKEY\n"
    assert "s3cr3t" not in "".join(found.values())


def test_archives_are_cut_into_parts_in_the_order_of_their_places() -> None:
    archives = {"~/b": b"b" * (PART_BYTES + 1), "/a": b"a"}
    payload = Payload(run_id="r", archives=archives)
    items = archive_items(payload)
    assert [(item.key, item.path, len(item.data)) for item in items] == [
        ("archive-0-0000", "files/0/0000", 1),
        ("archive-1-0000", "files/1/0000", PART_BYTES),
        ("archive-1-0001", "files/1/0001", 1),
    ]
    rows = [line.split(" ", 2) for line in scripts(job(run="x"), PLACEMENT, payload)["archives"].splitlines()]
    assert [(row[0], row[2]) for row in rows] == [("0", "/a"), ("1", "~/b")]
    assert rows[0][1] == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def test_only_what_no_claim_serves_is_copied() -> None:
    mounts = (Mount(path="/a", s3="s3://b/c"), Mount(path="/d", claim="data"))
    assert scripts(job(run="x", mounts=mounts), PLACEMENT, PAYLOAD)["copies"] == "s3://b/c /a\n"


def test_the_token_is_of_the_submission_alone() -> None:
    assert mesh_token(b"a" * 32) == mesh_token(b"a" * 32)
    assert mesh_token(b"a" * 32) != mesh_token(b"b" * 32)
    assert len(mesh_token(b"a" * 32)) == 64


def test_hpctl_and_the_agent_mean_the_same_port_which_linux_lends_to_no_connection() -> None:
    assert COORDINATOR_PORT == PORT < 32768
