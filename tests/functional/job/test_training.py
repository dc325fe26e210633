"""What hpctl's own jobs are promised: torchrun's variables, in every kind of job, and an end at the first failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hpctl.compile.bundle import Placement
from hpctl.spec.job import Choice, Contract, JobSpec, Resume
from tests.functional.job.overlays import group_files
from tests.functional.job.tasks import payload, submit, task
from tests.functional.job.test_files import packed
from tests.functional.sandbox.kubelet.clusters import Cluster, run

pytestmark = pytest.mark.usefixtures("namespaces")
FOUR = Placement(choice=Choice(), instance_type="ml.g5.12xlarge", devices=4, processes=4)
TWO = Placement(choice=Choice(), instance_type="ml.g5.12xlarge", devices=2, processes=2)
NAMES = "NNODES|NODE_RANK|NPROC_PER_NODE|MASTER_ADDR|MASTER_PORT|RANK|WORLD_SIZE"


def training(run_text: str, **members: Any) -> JobSpec:
    return task(run_text, contract=Contract.TRAINING, **members)


def said(folder: Path, spec: JobSpec, placement: Placement = FOUR, codes: tuple[int, ...] = (0,), **pod: Any) -> str:
    async def scenario(made: Cluster) -> str:
        submitted = submit(made, spec, payload(secrets={"TOKEN": "secret"}), placement, pod)
        words = await submitted.said(spec.nodes - 1)
        assert tuple(await submitted.codes()) == codes, words
        return words

    return run(scenario, folder)


def variables(folder: Path, **members: Any) -> dict[str, str]:
    words = said(folder, training(f"env | grep -E '^(PET_)?({NAMES})='", **members), codes=(0,) * members["nodes"])
    return dict(line.split("=", 1) for line in words.splitlines())


def test_a_node_knows_what_torchrun_needs_when_nobody_has_told_it(tmp_path: Path) -> None:
    found = variables(tmp_path, nodes=2)
    master = {"MASTER_ADDR": "task-0.task", "MASTER_PORT": "29500"}
    nodes = {"NNODES": "2", "NODE_RANK": "1", "NPROC_PER_NODE": "4"}
    torchrun = {f"PET_{name}": value for name, value in (master | nodes).items()}
    assert found == master | nodes | torchrun | {"RANK": "1", "WORLD_SIZE": "2"}


def test_what_an_operator_has_told_stays(tmp_path: Path) -> None:
    operator = {"MASTER_ADDR": "train-master-0", "MASTER_PORT": "23456", "WORLD_SIZE": "1", "RANK": "0"}
    operator |= {"PET_NPROC_PER_NODE": "auto", "PET_MASTER_ADDR": "train-master-0", "PET_MASTER_PORT": "23456"}
    found = variables(tmp_path, nodes=1, env=operator)
    assert found["PET_NPROC_PER_NODE"] == "4"
    assert {name: found[name] for name in operator if name != "PET_NPROC_PER_NODE"} == {
        name: value for name, value in operator.items() if name != "PET_NPROC_PER_NODE"
    }


def test_rank_0_of_an_operators_job_stays_until_the_workers_have_begun(tmp_path: Path) -> None:
    """The operator's init container lets a worker begin only while rank 0 is there."""
    env = {"MASTER_ADDR": "task-0.task", "RANK": "told"}

    async def scenario(made: Cluster) -> None:
        submitted = submit(made, training("hostname", nodes=3, env=env), ranks=(0, 1))
        await submitted.says(0, "task-0")
        await made.phase("task-1", "Succeeded")
        assert "running" in made.status("task-0")["state"]
        submitted.start(2)
        assert await submitted.codes() == [0, 0, 0]
        assert [await submitted.said(rank) for rank in range(3)] == ["task-0\n", "task-1\n", "task-2\n"]

    run(scenario, tmp_path)


OPERATOR = {"MASTER_ADDR": "task-0.task", "RANK": "told"}
SLEEP = "trap 'echo asked; exit 0' TERM; echo up; timeout 90 sleep 80 & wait"
RESUMED = {"MASTER_ADDR": "resumed-0.resumed", "RANK": "told"}
ENDED = "hpctl: ended because rank 1 failed\n"
VERDICT = "hpctl: first failure: rank=1 phase=run exit=3\n"


def test_a_rank_that_fails_ends_the_others_unless_they_are_elastic(tmp_path: Path) -> None:
    """With an operator and without; a rank that begins only after the failure hears of it, too."""
    fails = f"[ $NODE_RANK = 1 ] || {{ {SLEEP}; }}; sleep 1; exit 3"
    goes_on = "[ $NODE_RANK != 2 ] || exit 3; [ $NODE_RANK = 0 ] || { echo up; timeout 90 sleep 80; }; sleep 9; echo on"
    elastic = f"# torchrun --nnodes=1:3\n{goes_on}"

    async def scenario(made: Cluster) -> None:
        ended = submit(made, training(fails, nodes=3, env=OPERATOR), ranks=(0, 1))
        indexed = submit(made, training(fails, nodes=2, name="indexed"))
        resumed = submit(made, training(elastic, nodes=3, name="resumed", env=RESUMED, resume=Resume()))
        await resumed.says(1, "up")
        made.delete("resumed-1")
        await made.phase("task-1", "Failed")
        ended.start(2)
        assert await ended.codes() == [137, 3, 137]
        assert await indexed.codes() == [137, 3]
        for submitted in (ended, indexed):
            assert await submitted.said(0) == f"up\nasked\n{ENDED}"
            assert await submitted.said(1) == VERDICT
            assert [submitted.last_words(rank) for rank in (0, 1)] == [ENDED + VERDICT, VERDICT]
        assert (await ended.said(2)).endswith(ENDED)
        await made.phase("resumed-0", "Succeeded")
        assert await resumed.log(0) == "on\n"
        assert await resumed.log(2) == "hpctl: first failure: rank=2 phase=run exit=3\n"

    run(scenario, tmp_path)


def test_a_failing_command_ends_setup_and_run(tmp_path: Path) -> None:
    assert said(tmp_path / "1", training("echo ran", setup="echo before; false; echo after"), codes=(1,)) == (
        "before\nhpctl: first failure: rank=0 phase=setup exit=1\n"
    )
    assert said(tmp_path / "2", training("exit 4", setup="true"), codes=(4,)) == (
        "hpctl: first failure: rank=0 phase=run exit=4\n"
    )


def test_secrets_and_values_arrive_and_the_working_directory_is_ones_own(tmp_path: Path) -> None:
    spec = training('pwd; echo "$TOKEN $OWN"; touch here', env={"OWN": "a  $(b)\n`c`"})
    assert said(tmp_path, spec) == "/workdir\nsecret a  $(b)\n`c`\n"


@pytest.mark.parametrize("contract", [Contract.TRAINING, Contract.SKYPILOT])
def test_two_nodes_form_a_process_group_from_the_real_variables(tmp_path: Path, contract: Contract) -> None:
    place = "/workdir" if contract is Contract.TRAINING else "~/sky_workdir"
    torchrun = "python3 -m torch.distributed.run"
    if contract is Contract.SKYPILOT:
        torchrun += (
            " --nnodes=$SKYPILOT_NUM_NODES --nproc_per_node=$SKYPILOT_NUM_GPUS_PER_NODE --node_rank=$SKYPILOT_NODE_RANK"
            ' --master_addr=$(echo "$SKYPILOT_NODE_IPS" | head -n1) --master_port=8008'
        )
    spec = task(f"{torchrun} train.py", contract=contract, nodes=2)

    async def scenario(made: Cluster) -> list[str]:
        submitted = submit(made, spec, payload(archives={place: packed(group_files())}), TWO)
        words = [line for rank in range(2) for line in (await submitted.said(rank)).splitlines()]
        assert await submitted.codes() == [0, 0], words
        return words

    assert sorted(run(scenario, tmp_path)) == [f"rank {rank} of 4 sum 6.0" for rank in range(4)]
