"""What Slurm's commands print: recorded from 22.05.8, and lines in the form of releases before and after it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hpctl.adapters.slurm.reading import nodes_of, partitions_of, runs_of
from hpctl.facts.hostlists import hosts_of

RECORDED = (
    "NodeName=ip-10-1-0-1 Arch=x86_64 CoresPerSocket=1  CPUAlloc=0 CPUEfctv=8 CPUTot=8 CPULoad=0.43 "
    "AvailableFeatures=ml.p5.48xlarge ActiveFeatures=ml.p5.48xlarge Gres=gpu:8 NodeAddr=127.0.0.1 NodeHostName=vm "
    "Port=17821 Version=22.05.8 OS=Linux 6.18.44 #1 SMP PREEMPT_DYNAMIC @0  RealMemory=2000 AllocMem=0 FreeMem=23307 "
    "Sockets=8 Boards=1 State=IDLE+DRAIN ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A "
    "Partitions=dev,gpu  BootTime=2026-11-22T19:54:44 SlurmdStartTime=2026-11-22T20:38:45 "
    "LastBusyTime=2026-11-22T20:38:47 CfgTRES=cpu=8,mem=2000M,billing=8 AllocTRES= CapWatts=n/a CurrentWatts=0 "
    "AveWatts=0 ExtSensorsJoules=n/s ExtSensorsWatts=0 ExtSensorsTemp=n/s"
)
UNREACHED = (
    "NodeName=ip-10-1-0-3 CoresPerSocket=1  CPUAlloc=0 CPUEfctv=2 CPUTot=2 CPULoad=N/A AvailableFeatures=(null) "
    "ActiveFeatures=(null) Gres=(null) NodeAddr=127.0.0.1 NodeHostName=vm Port=17823  RealMemory=2000 AllocMem=0 "
    "FreeMem=N/A Sockets=2 Boards=1 State=UNKNOWN+NOT_RESPONDING ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A "
    "MCS_label=N/A Partitions=dev  BootTime=None SlurmdStartTime=None LastBusyTime=Unknown "
    "CfgTRES=cpu=2,mem=2000M,billing=2 AllocTRES= CapWatts=n/a CurrentWatts=0 AveWatts=0 ExtSensorsJoules=n/s "
    "ExtSensorsWatts=0 ExtSensorsTemp=n/s"
)
PARTITIONS = (
    "PartitionName=dev AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL AllocNodes=ALL Default=YES QoS=N/A "
    "DefaultTime=NONE DisableRootJobs=NO ExclusiveUser=NO GraceTime=0 Hidden=NO MaxNodes=UNLIMITED MaxTime=UNLIMITED "
    "MinNodes=0 LLN=NO MaxCPUsPerNode=UNLIMITED Nodes=ip-10-1-0-[1-3] PriorityJobFactor=1 PriorityTier=1 RootOnly=NO "
    "ReqResv=NO OverSubscribe=NO OverTimeLimit=NONE PreemptMode=OFF State=UP TotalCPUs=18 TotalNodes=3\n"
    "PartitionName=empty AllowGroups=ALL Default=NO MaxTime=02:00:00 Nodes=(null) State=DOWN TotalCPUs=0 TotalNodes=0\n"
)


def test_a_node_in_full() -> None:
    (node,) = nodes_of(f"{RECORDED} Reason=bad gpu [root@2026-11-22T20:39:10]\n")
    assert (node.name, node.state, node.words) == ("ip-10-1-0-1", "IDLE+DRAIN", ("IDLE", "DRAIN"))
    assert (node.partitions, node.gres, node.instance_type) == (("dev", "gpu"), "gpu:8", "ml.p5.48xlarge")
    assert (node.cpus, node.memory_mib, node.address, node.host) == (8, 2000, "127.0.0.1", "vm")
    assert node.version == "22.05.8"
    assert node.booted_at == datetime(2026, 11, 22, 19, 54, 44, tzinfo=UTC)
    assert (node.reason, node.reason_by) == ("bad gpu", "root")
    assert node.reason_at == datetime(2026, 11, 22, 20, 39, 10, tzinfo=UTC)


def test_what_slurm_does_not_know_is_unknown() -> None:
    (node,) = nodes_of(UNREACHED)
    assert (node.gres, node.features, node.booted_at, node.version, node.reason) == ("", (), None, None, None)
    assert node.has("NOT_RESPONDING", "DOWN")
    assert not node.has("DRAIN")


@given(some.text(some.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1))
def test_a_reason_is_read_to_the_letter_and_changes_nothing_else(reason: str) -> None:
    (node,) = nodes_of(f"{RECORDED} Reason={reason} [root@2026-11-22T20:39:10]")
    assert node.reason == reason
    assert (node.state, node.partitions, node.gres) == ("IDLE+DRAIN", ("dev", "gpu"), "gpu:8")


@pytest.mark.parametrize(
    "reason",
    ["State=DOWN Partitions=x", "Action:Replace ", "fixed [ubuntu@2020-01-01T00:00:00] Reason=again", "[x@Unknown]"],
)
def test_a_reason_may_look_like_anything(reason: str) -> None:
    (node,) = nodes_of(f"{RECORDED} Reason={reason} [root@2026-11-22T20:39:10] Comment=later releases")
    assert (node.reason, node.state) == (reason, "IDLE+DRAIN")


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("IDLE*", ("IDLE", "NOT_RESPONDING")),
        ("DOWN*+DRAIN", ("DOWN", "NOT_RESPONDING", "DRAIN")),
        ("DOWN+DRAIN+NOT_RESPONDING", ("DOWN", "DRAIN", "NOT_RESPONDING")),
        ("idle~", ("IDLE", "POWERED_DOWN")),
        ("MIXED+CLOUD+POWERED_DOWN", ("MIXED", "CLOUD", "POWERED_DOWN")),
        ("INVAL", ("INVAL",)),
        ("FUTURE+WHATEVER", ("FUTURE", "WHATEVER")),
    ],
)
def test_states_of_older_and_newer_releases(printed: str, words: tuple[str, ...]) -> None:
    (node,) = nodes_of(RECORDED.replace("IDLE+DRAIN", printed))
    assert node.words == words


def test_partitions() -> None:
    dev, empty = partitions_of(PARTITIONS)
    assert (dev.name, dev.state, dev.is_default, dev.node_count) == ("dev", "UP", True, 3)
    assert hosts_of(dev.nodes) == ("ip-10-1-0-1", "ip-10-1-0-2", "ip-10-1-0-3")
    assert (empty.state, empty.is_default, empty.nodes, empty.max_time) == ("DOWN", False, "", "02:00:00")


def test_jobs_that_hold_nodes() -> None:
    text = "2|root|PENDING|dev||a b|c\n7|ada|RUNNING|dev|ip-10-1-0-[1,3]|a b|c\n9_1|bob|COMPLETING|gpu|x1|\nnonsense\n"
    ada, bob = runs_of(text)
    assert (ada.job_id, ada.user, ada.state, ada.nodes, ada.name) == (
        "7",
        "ada",
        "RUNNING",
        ("ip-10-1-0-1", "ip-10-1-0-3"),
        "a b|c",
    )
    assert (bob.job_id, bob.nodes, bob.name) == ("9_1", ("x1",), "")


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", ()),
        ("(null)", ()),
        ("None assigned", ()),
        ("a,b", ("a", "b")),
        ("n[08-10]", ("n08", "n09", "n10")),
        ("r[1-2]n[1,3],head", ("r1n1", "r1n3", "r2n1", "r2n3", "head")),
        ("x[a-b]", ("xa-b",)),
        ("ip-10-1-0-[1-3,7],login", ("ip-10-1-0-1", "ip-10-1-0-2", "ip-10-1-0-3", "ip-10-1-0-7", "login")),
        ("ip-10-1-[0-1]-[5,7]", ("ip-10-1-0-5", "ip-10-1-0-7", "ip-10-1-1-5", "ip-10-1-1-7")),
    ],
)
def test_host_lists(text: str, hosts: tuple[str, ...]) -> None:
    assert hosts_of(text) == hosts


def test_a_host_list_without_end_has_one() -> None:
    assert len(hosts_of("n[0-99999999999]m[0-99999999999]")) == 65_536
