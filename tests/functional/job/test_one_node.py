"""What a script of a SkyPilot task is promised on one node (SkyPilot 0.14.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hpctl.compile.bundle import Payload, Placement
from hpctl.spec.job import Choice, JobSpec
from tests.functional.job.tasks import HOME, payload, submit, task
from tests.functional.sandbox.kubelet.clusters import Cluster, run

pytestmark = pytest.mark.usefixtures("namespaces")
EIGHT = Placement(choice=Choice(), instance_type="ml.p5.48xlarge", devices=8)


def said(folder: Path, spec: JobSpec, code: int = 0, told: Payload | None = None, **pod: Any) -> str:
    """Run a task to its end and return what it has said."""

    async def scenario(made: Cluster) -> str:
        submitted = submit(made, spec, told, EIGHT, pod)
        words = await submitted.said()
        assert await submitted.codes() == [code], words
        return words.replace(made.get(submitted.pod(0))["status"]["podIP"], "IP")

    return run(scenario, folder)


def test_setup_and_run_share_a_folder_and_each_has_its_variables(tmp_path: Path) -> None:
    show = "env | grep '^SKYPILOT\\|^PYTHONUNB' | sort; pwd"
    words = said(
        tmp_path, task(f"cat made; {show}; printf '%s' \"$SKYPILOT_NODE_IPS\" | wc -l", setup=f"{show} > made")
    )
    info = '{"cluster_name": "task", "cloud": "Kubernetes", "region": "arn:eks/one", "zone": null}'
    both = [f"SKYPILOT_CLUSTER_INFO={info}"]
    name = "SKYPILOT_TASK_ID=sky-2026-11-22-05-30-01-000042_task_1"
    setup = ["SKYPILOT_SETUP_NODE_IPS=IP", "SKYPILOT_SETUP_NODE_RANK=0", "SKYPILOT_SETUP_NUM_GPUS_PER_NODE=8"]
    ranks = ["SKYPILOT_NODE_IPS=IP", "SKYPILOT_NODE_RANK=0", "SKYPILOT_NUM_GPUS_PER_NODE=8", "SKYPILOT_NUM_NODES=1"]
    assert words.splitlines() == [
        *[
            "PYTHONUNBUFFERED=1",
            *both,
            "SKYPILOT_NUM_NODES=1",
            *setup,
            name,
            "SKYPILOT_USER=ada",
            f"{HOME}/sky_workdir",
        ],
        *["PYTHONUNBUFFERED=1", *both, "SKYPILOT_INTERNAL_JOB_ID=1", *ranks, name, "SKYPILOT_USER=ada"],
        *[f"{HOME}/sky_workdir", "0"],
    ]


def test_nothing_ends_a_script_early_and_the_last_command_is_its_status(tmp_path: Path) -> None:
    assert said(tmp_path, task("false; nothing-like-it 2>/dev/null; echo on", setup="false; true")) == "on\n"


def test_a_script_is_interactive_and_says_nothing_of_it(tmp_path: Path) -> None:
    bashrc = "case $- in *i*) ;; *) return ;; esac; alias greet='echo hello'; shown() { echo shown; }"
    words = said(tmp_path, task("greet; shown; echo error >&2", setup=f"cat > ~/.bashrc <<'END'\n{bashrc}\nEND"))
    assert words.splitlines() == ["hello", "shown", "error"]


@pytest.mark.parametrize(("setup", "phase", "code"), [("exit 3", "setup", 3), ("true", "run", 7)])
def test_the_first_script_that_fails_ends_the_task_and_is_told(
    tmp_path: Path, setup: str, phase: str, code: int
) -> None:
    async def scenario(made: Cluster) -> None:
        submitted = submit(made, task("echo ran; exit 7", setup=setup))
        words = await submitted.said()
        assert await submitted.codes() == [code]
        line = f"hpctl: first failure: rank=0 phase={phase} exit={code}\n"
        assert words == ("ran\n" if phase == "run" else "") + line
        assert submitted.last_words() == line

    run(scenario, tmp_path)


def test_values_of_the_users_win_where_skypilot_lets_them(tmp_path: Path) -> None:
    names = ["NODE_RANK", "NUM_GPUS_PER_NODE", "INTERNAL_JOB_ID", "CLUSTER_INFO", "USER", "NODE_IPS", "NUM_NODES"]
    env = {f"SKYPILOT_{name}": "mine" for name in (*names, "TASK_ID")} | {"OWN": "a $(b) 'c'\n\"d\""}
    words = said(tmp_path, task("env -0 | sort -z | grep -z '^SKYPILOT\\|^OWN' | tr '\\0' ';'", env=env))
    found = dict(row.split("=", 1) for row in words.rstrip(";").split(";"))
    assert {name for name, value in found.items() if value == "mine"} == {
        "SKYPILOT_NODE_IPS",
        "SKYPILOT_NUM_NODES",
        "SKYPILOT_TASK_ID",
    }
    assert found["OWN"] == env["OWN"]


def test_bashrc_cannot_take_a_value_away(tmp_path: Path) -> None:
    spec = task("echo $OWN $TOKEN", setup="echo 'export OWN=theirs TOKEN=theirs' > ~/.bashrc", env={"OWN": "mine"})
    assert said(tmp_path, spec, told=payload(secrets={"TOKEN": "secret"})) == "mine secret\n"


def test_conda_and_an_environment_of_the_users_are_there(tmp_path: Path) -> None:
    image = tmp_path / "images" / "conda"
    write(image / "opt/conda/bin/conda", "#!/bin/sh\n", 0o755)
    write(image / "opt/conda/etc/profile.d/conda.sh", 'CONDA_SHLVL=0; conda() { echo conda "$@"; }\n')
    setup = "mkdir -p ~/sky-user-env/bin; echo 'export MINE=yes' > ~/sky-user-env/bin/activate"
    path = {"name": "PATH", "value": "/opt/conda/bin:/usr/bin:/bin"}
    words = said(tmp_path, task("conda activate; env | grep 'CONDA_SHLVL\\|MINE' | sort", setup=setup, env={
        "PATH": path["value"]}), image="example.com/conda:1")  # fmt: skip
    assert words.splitlines() == ["conda activate", "CONDA_SHLVL=0", "MINE=yes"]


def test_a_pod_that_is_deleted_lets_the_script_end_in_order(tmp_path: Path) -> None:
    script = "trap 'echo saved >> ~/claim/end; exit 0' TERM; echo up; timeout 90 sleep 80 & wait"

    async def scenario(made: Cluster) -> str:
        kept = {"name": "kept", "hostPath": {"path": "/kept"}}
        spec = task(script.replace("~/claim", "/kept"))
        submitted = submit(made, spec, pod={"volumeMounts": [{"name": "kept", "mountPath": "/kept"}]}, volumes=[kept])
        await submitted.says(0, "up")
        made.delete(submitted.pod(0))
        await made.gone(submitted.pod(0), 10)
        (end,) = (made.folder / "nodes").glob("*/kept/end")
        return end.read_text()

    assert run(scenario, tmp_path) == "saved\n"


def test_a_script_that_does_not_heed_the_end_does_not_go_on_either(tmp_path: Path) -> None:
    async def scenario(made: Cluster) -> None:
        submitted = submit(made, task("echo up; sleep 60; sleep 60; echo late"))
        await submitted.says(0, "up")
        made.delete(submitted.pod(0), grace_s=25)
        await made.gone(submitted.pod(0), 8)

    run(scenario, tmp_path)


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    context = {"runAsUser": 12345, "runAsGroup": 12345}
    words = said(tmp_path, task("echo ran"), 1, securityContext=context)
    assert "hpctl: the home folder is not writable\n" in words
    assert words.endswith("hpctl: first failure: rank=0 phase=start exit=1\n")


def test_another_user_than_root_has_what_that_user_may_have(tmp_path: Path) -> None:
    context = {"runAsUser": 12345, "runAsGroup": 12345}
    home = {"HOME": "/tmp/home"}
    words = said(tmp_path, task("id -u; pwd; sudo true", env=home), 1, securityContext=context)
    assert words.splitlines()[:2] == ["12345", "/tmp/home/sky_workdir"]
    assert "sudo: the image has no sudo, and its user is not root" in words


def write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
