"""The checks that take a session: what Slurm says on its controller, and what a node says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hpctl.checks.catalogue import INSIDE_CHECKS, SLURM_CHECKS
from hpctl.checks.declare import Check
from hpctl.checks.engine import run_checks
from hpctl.errors import AccessError, UnavailableError
from hpctl.facts.live_targets import ClusterOnSlurm, NodeInside
from hpctl.facts.session_ports import Ran
from hpctl.report.check import CheckResult
from hpctl.terms import Outcome
from tests.in_turn import in_turn
from tests.unit.builders import NOW, a_cluster, a_live_group, a_node
from tests.unit.fakes import FakeAccount

FAIL, WARN, PASS, UNKNOWN = Outcome.FAIL, Outcome.WARN, Outcome.PASS, Outcome.UNKNOWN
HEAD, ONE, TWO = (f"i-0000000000000000{letter}" for letter in "abc")
TARGETS = (ClusterOnSlurm("ml-cluster"), NodeInside("ml-cluster", ONE))
BY_ID = {one.id: one for one in (*SLURM_CHECKS, *INSIDE_CHECKS)}
SLURM = {"live-slurm-nodes", "live-slurm-reason", "live-slurm-gres", "live-slurm-login"}
LOGIN = "is a login node, and takes jobs of the default partition"
FEW = "has 7 GPUs in Slurm, and its type 8"
AT = "root@2026-01-31T09:00:00"
NODES = {
    "ip-10-1-0-2": "State=IDLE Partitions=dev Gres=gpu:8",
    "ip-10-1-0-3": "State=IDLE Partitions=dev Gres=gpu:h100:8(S:0-1)",
}
PARTITIONS = "PartitionName=dev Default=YES Nodes=ip-10-1-0-[2-3] State=UP TotalNodes=2\n"
GPUS = "\n".join(f"{one}, GPU-{one}, NVIDIA H100, 35, 0, No, No, 570.86" for one in range(8))
HEALTHY: Mapping[str, tuple[str, int]] = {
    "time": (f"{NOW.timestamp():.3f}", 0),
    "up": ("7200.5 1.0", 0),
    "cpus": ("192", 0),
    "memory": ("MemTotal: 1000 kB\nMemAvailable: 900 kB", 0),
    "disks": ("Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/root 100 50 50000 50% /", 0),
    "inodes": ("Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/root 100 10 90 10% /", 0),
    "mounts": ("/dev/root / ext4 rw 0 0\nfs@tcp:/x /fsx lustre rw 0 0", 0),
    "services": ("slurmd\nmunged", 0),
    "efa": ("\n".join(f"/dev/infiniband/uverbs{one}" for one in range(32)), 0),
    "gpus": (GPUS, 0),
    "neuron": ("ls: cannot access '/dev/neuron[0-9]*'", 2),
    "kernel": ("", 0),
    "shared": ("", 0),
    "credentials": ("", 0),
    "homes": ("", 0),
}


class Scene:
    """A Slurm cluster in which all is well: a controller and two nodes of eight GPUs, one of which is looked at."""

    def __init__(self) -> None:
        self.account = FakeAccount()
        head = replace(a_live_group("head", 1, 1), slurm_node_type="Controller")
        self.workers = replace(a_live_group("workers", 2, 2), slurm_node_type="Compute")
        self.members: dict[str, object] = {"orchestrator": "slurm", "eks_cluster_arn": None}
        self.cluster = a_cluster("InService", head, self.workers, **self.members)
        self.account.clusters.add(self.cluster)
        rows = [(HEAD, "head", 1), (ONE, "workers", 2), (TWO, "workers", 3)]
        self.account.clusters.nodes_of["ml-cluster"] = [
            a_node(one, instance_group=group, private_dns_name=f"ip-10-1-0-{number}.ec2.internal")
            for one, group, number in rows
        ]
        self.is_of("ml.p5.48xlarge", threads_per_core=2)
        self.slurm(**NODES)
        self.partitions(PARTITIONS)
        self.says()

    def is_of(self, kind: str, **members: Any) -> Scene:
        self.account.clusters.nodes_in_full[ONE] = a_node(ONE, instance_type=kind, **members)
        return self

    def slurm(self, **nodes: str) -> Scene:
        """Put nodes in place of those of the same name; Python's names have `_` for `-`."""
        rows = NODES | {name.replace("_", "-"): said for name, said in nodes.items()}
        text = "".join(f"NodeName={name} {said}\n" for name, said in rows.items() if said)
        self.account.sessions.answers["scontrol show node"] = Ran(0, text.encode(), b"")
        return self

    def partitions(self, text: str) -> Scene:
        self.account.sessions.answers["scontrol show partition"] = Ran(0, text.encode(), b"")
        return self

    def says(self, **sections: str | tuple[str, int]) -> Scene:
        """Let the node say other things than a healthy one."""
        told = {**HEALTHY, **{name: (said, 0) if isinstance(said, str) else said for name, said in sections.items()}}
        text = "".join(f"@@{name}\n{said}\n\n@@end {status}\n" for name, (said, status) in told.items())
        self.account.sessions.answers["/bin/sh"] = Ran(0, text.encode(), b"")
        return self

    def lead(self, node_type: str) -> Scene:
        """Let the group of workers be of another Slurm role."""
        groups = (self.cluster.instance_groups[0], replace(self.workers, slurm_node_type=node_type))
        self.account.clusters.add(replace(self.cluster, instance_groups=groups))
        return self

    def on_eks(self) -> Scene:
        self.account.clusters.add(a_cluster("InService", self.workers))
        return self

    def judge(self, check_id: str) -> CheckResult:
        (result,) = run_checks([BY_ID[check_id]], TARGETS, self.account.world).results
        return result


def xid(code: int) -> str:
    return f"[1.0] NVRM: Xid (PCI:0000:10:1c): {code}, pid=1, GPU"


def df(percent: int, path: str = "/") -> str:
    return f"Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/root 100 50 2048 {percent}% {path}"


COMPLAINTS: tuple[tuple[str, Outcome, Scene, str], ...] = (
    (
        "live-slurm-nodes",
        WARN,
        Scene().slurm(ip_10_1_0_2=f"State=IDLE+DRAIN Reason=bad gpu [{AT}]"),
        "takes no jobs: drained",
    ),
    ("live-slurm-nodes", WARN, Scene().slurm(ip_10_1_0_2="State=DOWN*"), "takes no jobs: down, slurmd does not answer"),
    ("live-slurm-nodes", WARN, Scene().slurm(ip_10_1_0_2=""), "has nodes that run, and that Slurm does not know"),
    (
        "live-slurm-reason",
        WARN,
        Scene().slurm(ip_10_1_0_2=f"State=IDLE+DRAIN Reason=action:replace [{AT}]"),
        "has the reason `action:replace`, for which HyperPod does nothing",
    ),
    (
        "live-slurm-gres",
        FAIL,
        Scene().slurm(ip_10_1_0_2="State=IDLE Gres=gpu:7"),
        FEW,
    ),
    ("live-slurm-partitions", WARN, Scene().partitions("PartitionName=x Nodes=(null) State=UP\n"), "has no nodes"),
    (
        "live-slurm-partitions",
        WARN,
        Scene().partitions("PartitionName=x Nodes=a State=DRAIN\n"),
        "is `DRAIN`: jobs wait there",
    ),
    (
        "live-slurm-login",
        WARN,
        Scene().lead("Login").slurm(ip_10_1_0_3="State=IDLE+DRAIN"),
        "is a login node, and takes jobs of the default partition",
    ),
    ("node-disk", FAIL, Scene().says(disks=df(99)), "uses 99 % of its space on `/`"),
    ("node-disk", WARN, Scene().says(disks=df(88, "/fsx")), "uses 88 % of its space on `/fsx`"),
    ("node-disk", FAIL, Scene().says(inodes=df(97)), "uses 97 % of its inodes on `/`"),
    (
        "node-memory",
        WARN,
        Scene().says(memory="MemTotal: 1000 kB\nMemAvailable: 20 kB"),
        "has hardly any memory left",
    ),
    ("node-fsx-mounted", FAIL, Scene().says(shared=("Read-only file system", 1)), "cannot write to `/fsx`"),
    (
        "node-fsx-mounted",
        WARN,
        Scene().says(mounts="/dev/root / ext4 rw 0 0"),
        "has a folder `/fsx`, and nothing is mounted there",
    ),
    ("node-scheduler", FAIL, Scene().says(services="munged"), "`slurmd` does not run"),
    ("node-scheduler", FAIL, Scene().says(services="slurmd"), "`munged` does not run"),
    ("node-scheduler", FAIL, Scene().lead("Controller"), "`slurmctld` does not run"),
    ("node-time-sync", FAIL, Scene().says(time=f"{NOW.timestamp() + 90:.1f}"), "its clock is 90 s ahead"),
    ("node-time-sync", FAIL, Scene().says(time=f"{NOW.timestamp() - 400:.1f}"), "its clock is 400 s behind"),
    ("node-threads", WARN, Scene().says(cpus="96"), "has 96 CPUs, and 192 were asked for"),
    ("node-home", WARN, Scene().says(homes="/home/ubuntu"), "`/home/ubuntu` is on the root volume, and goes with it"),
    (
        "node-static-credentials",
        WARN,
        Scene().says(credentials="/fsx/ada/.aws/credentials"),
        "there are keys in `/fsx/ada/.aws/credentials`",
    ),
    ("node-gpu-count", FAIL, Scene().says(gpus=GPUS.rpartition("\n")[0]), "has 7 GPUs, and its type 8"),
    ("node-gpu-count", FAIL, Scene().says(gpus=("NVIDIA-SMI has failed", 9)), "`nvidia-smi` does not work"),
    (
        "node-gpu-ecc",
        FAIL,
        Scene().says(gpus=GPUS.replace("35, 0, No, No", "35, 3, No, No", 1)),
        "GPU 0 (GPU-0): errors of memory",
    ),
    (
        "node-gpu-ecc",
        FAIL,
        Scene().says(gpus=GPUS.replace("0, No, No", "0, Yes, Yes", 1)),
        "GPU 0 (GPU-0): a row of memory cannot be remapped",
    ),
    (
        "node-gpu-ecc",
        WARN,
        Scene().says(gpus=GPUS.replace("0, No, No", "0, 1, 0", 1)),
        "GPU 0 (GPU-0): a row of memory is to be remapped",
    ),
    ("node-gpu-xid", FAIL, Scene().says(kernel=xid(79)), "Xid 79: it fell off the bus"),
    ("node-gpu-xid", WARN, Scene().says(kernel=f"{xid(31)}\n{xid(94)}"), "Xid 94: a contained error of memory"),
    ("node-gpu-thermal", WARN, Scene().says(gpus=GPUS.replace("35,", "91,", 1)), "GPU 0 has 91 degrees"),
    (
        "node-neuron-devices",
        FAIL,
        Scene().is_of("ml.trn1.32xlarge").says(neuron="/dev/neuron0"),
        "has 1 Neuron devices, and its type 16",
    ),
    ("node-efa-device", FAIL, Scene().says(efa=("No such file", 2)), "has no EFA device"),
    ("node-efa-device", WARN, Scene().says(efa="/dev/infiniband/uverbs0"), "has 1 EFA devices of 32"),
)


@in_turn("check_id", BY_ID)
def test_where_all_is_well_every_check_passes_without_a_word(check_id: str) -> None:
    result = Scene().judge(check_id)
    assert (result.outcome, result.findings, result.reason) == (PASS, (), None)


@pytest.mark.parametrize(("check_id", "outcome", "scene", "message"), COMPLAINTS, ids=lambda one: str(one)[:40])
def test_a_check_complains(check_id: str, outcome: Outcome, scene: Scene, message: str) -> None:
    result = scene.judge(check_id)
    assert (result.outcome, [found.message for found in result.findings]) == (outcome, [message])
    assert all(found.remedy for found in result.findings)


def test_every_check_is_shown_to_complain() -> None:
    assert {check_id for check_id, *_ in COMPLAINTS} | {"live-slurm-controller"} == set(BY_ID)


def test_a_controller_that_does_not_answer_fails_and_what_needs_it_is_skipped() -> None:
    scene = Scene()
    words = b"slurm_load_node error: Unable to contact slurm controller (connect failure)"
    scene.account.sessions.answers["scontrol"] = Ran(1, b"", words)
    scene.account.sessions.answers.pop("scontrol show node")
    results = {one.id: one for one in run_checks(SLURM_CHECKS, TARGETS, scene.account.world).results}
    found = results.pop("live-slurm-controller")
    assert found.outcome is FAIL
    assert found.findings[0].subject == f"node/{HEAD}"
    assert "systemctl restart slurmctld" in (found.findings[0].remedy or "")
    assert {one.outcome for one in results.values()} == {Outcome.SKIP}


@in_turn("check_id", BY_ID)
@pytest.mark.parametrize("error", [UnavailableError("no answer"), AccessError("denied")], ids=repr)
def test_without_a_session_nothing_is_known(check_id: str, error: UnavailableError | AccessError) -> None:
    scene = Scene()
    scene.account.calls.fail_always("sessions.run", error)
    result = scene.judge(check_id)
    if check_id == "node-neuron-devices":  # a type without such devices is not asked
        assert result.outcome is PASS
        return
    assert (result.outcome, result.reason) == (UNKNOWN, f"could not look: {error.message}")


@pytest.mark.parametrize(
    ("check_id", "sections"),
    [
        ("node-disk", {"disks": ("", 124)}),
        ("node-memory", {"memory": ("", 1)}),
        ("node-fsx-mounted", {"mounts": ("", 1)}),
        ("node-gpu-xid", {"kernel": ("dmesg: Operation not permitted", 1)}),
        ("node-disk", {"time": ("not a number", 0)}),
    ],
)
def test_what_a_node_does_not_tell_is_unknown(check_id: str, sections: dict[str, tuple[str, int]]) -> None:
    assert Scene().says(**sections).judge(check_id).outcome is UNKNOWN


def test_a_node_is_looked_at_once_by_one_program_that_is_no_argument() -> None:
    scene = Scene()
    run_checks(INSIDE_CHECKS, TARGETS, scene.account.world)
    ((_, command, program),) = scene.account.calls.of("sessions.run")
    assert command == ("/bin/sh", "-s")
    assert b"section gpus" in program  # type: ignore[operator]


def test_a_reason_that_hyperpod_obeys_is_a_note() -> None:
    scene = Scene().slurm(ip_10_1_0_2=f"State=IDLE+FAIL Reason=Action:Replace [{AT}]")
    result = scene.judge("live-slurm-nodes")
    assert result.outcome is PASS
    assert result.findings[0].message == "takes no jobs: HyperPod is to replace it, failed"


def test_a_type_without_accelerators_is_asked_for_none() -> None:
    scene = Scene().is_of("ml.c5.2xlarge").says(gpus=("not found", 127), efa=("", 2), kernel=("no", 1))
    names = ("node-gpu-count", "node-gpu-xid", "node-efa-device", "node-neuron-devices")
    assert {scene.judge(name).outcome for name in names} == {PASS}


@in_turn("one", BY_ID.values(), ids=lambda one: one.id)
def test_a_check_has_a_page_that_says_more_than_its_title(one: Check) -> None:
    assert len(one.page.split()) > len(one.title.split())
    assert one.page.strip().endswith(".")
    assert not one.blocking
