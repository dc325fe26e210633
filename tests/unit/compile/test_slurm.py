"""What a job becomes on Slurm: its directives, where it goes, and what is said of what it cannot have."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.compile.bundle import Payload
from hpctl.compile.slurm.bundle import SlurmBundle
from hpctl.compile.slurm.images import pyxis_image
from hpctl.compile.slurm.jobs import compile_for_slurm
from hpctl.errors import DoesNotFitError, HpctlError, UsageError
from hpctl.facts.slurm_nodes import SlurmNode, SlurmPartition
from hpctl.facts.slurm_site import SlurmSite, count_of, is_usable
from hpctl.spec.job import Contract, JobSpec
from hpctl.spec.sbatch_read import read_sbatch
from hpctl.spec.slurm_time import minutes_of
from hpctl.spec.source import TextSource

FOLDER = "/fsx/ubuntu/.hpctl/jobs/train-r1"
PAYLOAD = Payload(run_id="r1")
H100 = {"accelerator": {"name": "H100", "count": 8}}
FOUR = {"accelerator": {"name": "H100", "count": 4}}
TRAINIUM = {"accelerator": {"name": "Trainium", "count": 2}}


def a_node(name: str, kind: str | None = "ml.p5.48xlarge", gres: str = "gpu:8", **members: object) -> SlurmNode:
    rest = {"state": "IDLE", "partitions": ("dev",), "cpus": 192, "memory_mib": 2_000_000, **members}
    return SlurmNode(name, gres=gres, features=(kind,) if kind else (), **rest)  # type: ignore[arg-type]


P5 = tuple(a_node(f"ip-10-1-0-{number}") for number in range(2))
TRN = tuple(a_node(f"ip-10-2-0-{number}", "ml.trn1.32xlarge", "") for number in range(2))
LOGIN = a_node("ip-10-3-0-1", "ml.m5.xlarge", "", cpus=4, memory_mib=16_000)
DEV = SlurmPartition("dev", "UP", is_default=True)


def site(*nodes: SlurmNode, **members: object) -> SlurmSite:
    return SlurmSite(folder=FOLDER, cluster="ml", nodes=nodes, **{"partitions": (DEV,), **members})  # type: ignore[arg-type]


def job(**members: object) -> JobSpec:
    return JobSpec.model_validate({"name": "train", "run": "torchrun train.py", **members})


def made(spec: JobSpec, where: SlurmSite | None = None, payload: Payload = PAYLOAD) -> SlurmBundle:
    return compile_for_slurm(spec, payload, where or site(*P5))


def options(spec: JobSpec, where: SlurmSite | None = None) -> dict[str, str | None]:
    """What sbatch would read of the script."""
    script = read_sbatch(TextSource("job", made(spec, where).script))
    assert script.faults == ()
    return {one.name: one.value for one in script.directives}


def test_the_script_is_the_same_for_the_same_wish_and_holds_no_value() -> None:
    spec = job(env={"A": "a value"}, nodes=2, choices=(H100,))
    one = made(spec)
    assert (one.script, one.files) == (made(spec).script, made(spec).files)
    assert "a value" not in one.script
    assert b"a value" in one.files["env"]


def test_a_small_job_asks_for_nothing_that_it_does_not_need() -> None:
    assert options(job(), site()) == {
        "job-name": "train",
        "nodes": "1",
        "ntasks-per-node": "1",
        "chdir": FOLDER,
        "output": f"{FOLDER}/logs/batch.log",
        "open-mode": "append",
        "no-requeue": None,
    }


def test_whole_nodes_are_taken_alone_with_their_devices_and_memory() -> None:
    told = options(job(nodes=2, choices=(H100,)))
    assert (told["gres"], told["mem"], told["nodes"]) == ("gpu:8", "0", "2")
    assert "exclusive" in told
    assert "cpus-per-task" not in told


def test_part_of_a_node_has_its_share_of_cpus_and_memory() -> None:
    told = options(job(choices=(FOUR,)))
    assert (told["gres"], told["cpus-per-task"], told["mem"]) == ("gpu:4", "96", "1000000M")
    assert "exclusive" not in told
    asked = options(job(choices=({"cpus": 3.5, "memory_gib": 10},)))
    assert (asked["cpus-per-task"], asked["mem"]) == ("4", "10240M")


def test_what_may_start_again_is_requeued_alone_and_appends() -> None:
    bundle = made(job(choices=(FOUR,), resume={"max_retries": 2}))
    told = options(job(choices=(FOUR,), resume={"max_retries": 2}))
    assert {"requeue", "exclusive"} <= told.keys()
    assert told["open-mode"] == "append"
    assert "[ ! -d /opt/sagemaker_cluster ] || hpctl_launch+=(--auto-resume=1)" in bundle.script
    assert "auto-resume" not in made(job()).script


def test_neuron_takes_whole_nodes_of_its_type() -> None:
    where = site(*P5, *TRN)
    bundle = made(job(choices=(TRAINIUM,), nodes=2), where)
    told = options(job(choices=(TRAINIUM,), nodes=2), where)
    assert "gres" not in told
    assert (told["constraint"], bundle.placement.processes) == ("ml.trn1.32xlarge", 4)
    assert any("Neuron devices are not counted by Slurm" in one for one in bundle.notices)
    assert b"export FI_PROVIDER=${FI_PROVIDER-efa}" in bundle.files["job/fabric.sh"]
    assert b"NCCL" not in bundle.files["job/fabric.sh"]


def test_nodes_of_another_kind_are_kept_out_by_name_where_no_feature_tells_them_apart() -> None:
    plain = tuple(a_node(node.name, None) for node in P5)
    where = site(*plain, LOGIN, types={node.name: "ml.p5.48xlarge" for node in plain})
    told = options(job(choices=(H100,)), where)
    assert (told["exclude"], "constraint" in told) == (LOGIN.name, False)


def test_the_partition_is_the_one_that_was_asked_for_or_that_has_the_nodes() -> None:
    apart = tuple(a_node(node.name, partitions=("train",)) for node in P5)
    where = site(LOGIN, *apart, partitions=(DEV, SlurmPartition("train", "UP")))
    assert options(job(choices=(H100,)), where)["partition"] == "train"
    assert options(job(queue="dev"), where)["partition"] == "dev"
    assert "partition" not in options(job(), site(*P5))


@pytest.mark.parametrize(
    ("spec", "where", "why"),
    [
        (job(queue="batch"), site(*P5), "Slurm has no partition `batch`"),
        (job(nodes=3, choices=(H100,)), site(*P5), "it wants 3 nodes, and 2 are of the kind"),
        (job(choices=({"accelerator": {"name": "B200", "count": 1}},)), site(*P5), "no node has 1 `B200`"),
        (job(choices=({"accelerator": {"name": "H100", "count": 16}},)), site(*P5), "no node has 16 `H100`"),
        (job(choices=({"instance_type": "ml.p4d.24xlarge"},)), site(*P5), "no node is a `ml.p4d.24xlarge`"),
    ],
)
def test_what_no_node_could_run_is_refused_with_what_there_is(spec: JobSpec, where: SlurmSite, why: str) -> None:
    with pytest.raises(DoesNotFitError, match=re.escape(why)) as refused:
        made(spec, where)
    assert refused.value.hint


def test_the_first_choice_that_can_run_now_is_taken() -> None:
    ill = tuple(a_node(node.name, state="DOWN+DRAIN") for node in P5)
    spec = job(choices=(H100, {"accelerator": {"name": "Trainium", "count": 16}}))
    assert made(spec, site(*ill, *TRN)).placement.accelerator_name == "Trainium"
    waits = made(job(choices=(H100,)), site(*ill))
    assert any("0 of 1 nodes can run jobs now" in one for one in waits.notices)


def test_what_only_kubernetes_knows_is_said_by_name() -> None:
    spec = job(namespace="team", labels={"a": "b"}, ports=(80,), timeout_s=90, topology={"required": "zone"})
    said = "\n".join(made(spec).notices)
    assert "`namespace`, `labels`, `ports`: only Kubernetes knows them" in said
    assert "`topology`" in said
    assert "`timeout_s`: Slurm counts in minutes: 2 minutes" in said
    assert options(spec)["time"] == "2"


@pytest.mark.parametrize(
    ("mount", "why"),
    [
        ({"path": "/data", "claim": "fsx"}, "the claim `fsx` is Kubernetes'"),
        ({"path": "/data", "s3": "s3://bucket/x", "mode": "mount"}, "cannot be mounted at `/data`"),
        ({"path": "/data", "s3": "s3://bucket/x"}, "`/data` is the nodes' own"),
        ({"path": "/scratch", "host_path": "/opt/dlami/nvme"}, "cannot be at `/scratch` without a container"),
    ],
)
def test_a_mount_that_nodes_cannot_have_is_refused_with_what_they_can(mount: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=re.escape(why)) as refused:
        made(job(mounts=(mount,)))
    assert refused.value.hint


def test_what_a_job_brings_lies_in_its_folder() -> None:
    payload = Payload(run_id="r1", archives={"/workdir": b"w", "/workdir/data": b"d"})
    copied = {"path": "/workdir/s3", "s3": "s3://bucket/key"}
    bundle = made(job(mounts=(copied,)), payload=payload)
    assert bundle.archives == {"workdir": b"w", "workdir/data": b"d"}
    assert bundle.files["job/copies"] == f"s3://bucket/key {FOLDER}/workdir/s3\n".encode()
    sky = made(
        job(contract=Contract.SKYPILOT), payload=Payload(run_id="r1", archives={"~/sky_workdir": b"w", "~/x": b"x"})
    )
    assert sky.archives == {"home/sky_workdir": b"w", "home/x": b"x"}


def test_a_container_is_given_paths_of_its_own() -> None:
    nvme = {"path": "/scratch", "host_path": "/opt/dlami/nvme", "read_only": True}
    payload = Payload(run_id="r1", archives={"/data": b"x"})
    bundle = made(job(image="nvcr.io/nvidia/pytorch:25.01-py3", mounts=(nvme,)), payload=payload)
    assert "--container-image='nvcr.io#nvidia/pytorch:25.01-py3'" in bundle.script
    mounts = f"/fsx:/fsx,/opt/dlami/nvme:/scratch:ro,{FOLDER}/mounts/data:/data"
    assert f"--container-mounts={mounts}\n" in bundle.script
    assert bundle.archives == {"mounts/data": b"x"}
    for path in ("/a,b", "/a:b", "/a b"):
        with pytest.raises(UsageError, match="cannot be given a path"):
            made(job(image="x"), payload=Payload(run_id="r1", archives={path: b"x"}))


@pytest.mark.parametrize(
    ("image", "as_pyxis_has_it"),
    [
        ("ubuntu:24.04", "ubuntu:24.04"),
        ("nvidia/cuda:12.4.1", "nvidia/cuda:12.4.1"),
        ("docker://nvcr.io/nvidia/pytorch:25.01", "nvcr.io#nvidia/pytorch:25.01"),
        ("localhost:5000/x", "localhost:5000#x"),
        ("nvcr.io#nvidia/pytorch", "nvcr.io#nvidia/pytorch"),
        ("/fsx/x.sqsh", "/fsx/x.sqsh"),
        ("./x.sqsh", "./x.sqsh"),
    ],
)
def test_an_image_is_named_as_pyxis_names_it(image: str, as_pyxis_has_it: str) -> None:
    assert pyxis_image(image) == as_pyxis_has_it


@pytest.mark.parametrize("image", ["--privileged", "a b", "a;b", "$(x)", "a\nb", ""])
def test_an_image_that_enroot_cannot_import_is_refused(image: str) -> None:
    with pytest.raises(UsageError):
        pyxis_image(image)


@given(text=st.text(max_size=20) | st.sampled_from(["a\n#SBATCH --uid=0", "a b", "$(x)", "é", "-x", "a,b"]))
def test_no_text_becomes_a_directive_that_was_not_meant(text: str) -> None:
    plain = options(job(queue="dev", priority="high"), site())
    for members in ({"name": text}, {"queue": text}, {"priority": text}):
        try:
            told = options(job(**{"queue": "dev", "priority": "high", **members}), site())
        except HpctlError:
            continue
        assert told.keys() == plain.keys()
        assert text in told.values()


@pytest.mark.parametrize("folder", ["relative", "/a b", "/a%j", "/a\n", "/a/../b", "/a$x", "/é", "/"])
def test_a_folder_that_slurm_would_read_otherwise_is_refused(folder: str) -> None:
    with pytest.raises(UsageError, match="cannot be the folder"):
        compile_for_slurm(job(), PAYLOAD, SlurmSite(folder=folder, cluster="ml"))


@pytest.mark.parametrize(
    ("gres", "count"),
    [
        ("gpu:8", 8),
        ("gpu:h100:8(S:0-1)", 8),
        ("gpu:a:2,gpu:b:2", 4),
        ("gpu", 1),
        ("", 0),
        ("neuron:16", 0),
        ("(null)", 0),
    ],
)
def test_devices_are_counted_as_slurm_writes_them(gres: str, count: int) -> None:
    assert count_of(a_node("x", gres=gres), "gpu") == count


@pytest.mark.parametrize(
    ("state", "usable"),
    [
        ("IDLE", True),
        ("ALLOCATED", True),
        ("MIXED+PLANNED", True),
        ("IDLE+DRAIN", False),
        ("DOWN*", False),
        ("IDLE~", False),
    ],
)
def test_a_node_that_is_ill_starts_no_jobs(state: str, usable: bool) -> None:
    assert is_usable(a_node("x", state=state)) is usable


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("30", 30),
        ("30:30", 30.5),
        ("1:30:00", 90),
        ("1-0", 1440),
        ("1-12:30", 2190),
        ("2-01:01:30", 2941.5),
        ("0", float("inf")),
        ("UNLIMITED", float("inf")),
        ("2h", None),
        ("", None),
        ("1-", None),
    ],
)
def test_time_limits_are_read_as_slurm_reads_them(text: str, minutes: float | None) -> None:
    assert minutes_of(text) == minutes
