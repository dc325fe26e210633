"""Where pods share the machine's address and files: what runs there, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

from hpctl.compile.bundle import Payload, Placement
from hpctl.spec.job import Choice, Contract, JobSpec
from tests.functional.job.overlays import group_files
from tests.functional.job.tasks import payload, submit, task
from tests.functional.job.test_files import packed
from tests.functional.job.test_training import TWO
from tests.functional.sandbox.kubelet.clusters import Cluster, run

NONE = Placement(choice=Choice(), instance_type=None)


def ended(
    folder: Path, spec: JobSpec, told: Payload | None = None, placement: Placement = NONE
) -> tuple[list[str], list[int]]:
    async def scenario(made: Cluster) -> tuple[list[str], list[int]]:
        submitted = submit(made, spec, told, placement)
        said = [await submitted.said(rank) for rank in range(spec.nodes)]
        return said, await submitted.codes()

    return run(scenario, folder, apart=False)


def test_a_task_has_a_home_of_its_own_and_changes_nothing_else(tmp_path: Path) -> None:
    spec = task("cat made $HOME/sky_workdir/brought; echo $SKYPILOT_NODE_IPS", setup="echo set up > made")
    said, codes = ended(tmp_path, spec, payload(archives={"~/sky_workdir": packed({"brought": b"brought\n"})}))
    assert (said, codes) == (["set up\nbrought\n127.0.0.1\n"], [0])
    assert not Path("/run/job").exists()
    assert not Path("/etc/profile.d/container_environment.sh").exists()


def test_two_nodes_of_a_training_form_a_group_in_working_directories_of_their_own(tmp_path: Path) -> None:
    spec = task("touch here; python3 -m torch.distributed.run train.py", contract=Contract.TRAINING, nodes=2)
    said, codes = ended(tmp_path, spec, payload(archives={"/workdir": packed(group_files())}), TWO)
    assert codes == [0, 0]
    assert sorted("".join(said).splitlines()) == [f"rank {rank} of 4 sum 6.0" for rank in range(4)]
    assert not Path("/workdir").exists()


def test_nodes_of_a_task_agree_and_there_is_no_ssh(tmp_path: Path) -> None:
    said, codes = ended(tmp_path, task("echo $SKYPILOT_NODE_RANK", nodes=2))
    assert codes == [0, 0]
    no_ssh = "hpctl: this pod has no address of its own: no ssh between the nodes\n"
    assert said == [f"{no_ssh}0\n", f"{no_ssh}1\n"]


def test_files_for_a_place_of_the_machine_are_refused(tmp_path: Path) -> None:
    said, codes = ended(tmp_path, task("true"), payload(archives={"/srv/data-of-a-job": packed({"x": b""})}))
    assert codes == [1]
    assert said[0].startswith("hpctl: `/srv/data-of-a-job` is the machine's own: this pod has no files of its own\n")
    assert not Path("/srv/data-of-a-job").exists()
