"""Slurm's view of a cluster in words, and nodes that are drained and resumed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.errors import NotFoundError, UsageError
from hpctl.facts.session_ports import Ran
from hpctl.facts.slurm_meaning import meaning, takes_jobs
from hpctl.facts.slurm_nodes import SlurmNode
from hpctl.facts.slurm_reasons import action_of, meant
from hpctl.services.slurm.change import drain, resume
from hpctl.services.slurm.status import status
from tests.unit.builders import a_cluster, a_live_group, a_node
from tests.unit.fakes import FakeAccount

HEAD, ONE, TWO, NEW = (f"i-0000000000000000{letter}" for letter in "abcd")
FREE = "NodeName=ip-10-1-0-2 State=IDLE Partitions=dev Gres=gpu:8 Version=22.05.8\n"
GONE = "NodeName=ip-10-1-0-3 State=DOWN+NOT_RESPONDING Partitions=dev Reason={} [root@2026-11-22T20:39:10]\n"
SILENT = "slurmd does not answer"
PARTITIONS = (
    "PartitionName=dev Default=YES MaxTime=UNLIMITED Nodes=ip-10-1-0-[2-3] State=UP TotalNodes=2\n"
    "PartitionName=empty Default=NO MaxTime=1:00:00 Nodes=(null) State=UP TotalNodes=0\n"
)


def an_account(nodes: str = FREE + GONE.format("bad gpu")) -> FakeAccount:
    account = FakeAccount()
    head = replace(a_live_group("head", 1, 1), slurm_node_type="Controller")
    workers = replace(a_live_group("workers", 3, 3), slurm_node_type="Compute")
    cluster = replace(a_cluster("InService", head, workers), orchestrator="slurm", eks_cluster_arn=None)
    account.clusters.add(cluster)
    rows = [(HEAD, "head", 1), (ONE, "workers", 2), (TWO, "workers", 3), (NEW, "workers", 4)]
    account.clusters.nodes_of[cluster.name] = [
        a_node(one, instance_group=group, private_dns_name=f"ip-10-1-0-{number}.ec2.internal")
        for one, group, number in rows
    ]
    account.sessions.answers |= {
        "scontrol show node": Ran(0, nodes.encode(), b""),
        "scontrol show partition": Ran(0, PARTITIONS.encode(), b""),
        "scontrol update": Ran(0, b"", b""),
        "squeue": Ran(0, b"7|ada|RUNNING|dev|ip-10-1-0-2|llama\n", b""),
    }
    return account


def updates(account: FakeAccount) -> list[tuple[str, ...]]:
    """What was told to scontrol update, without the shell before it."""
    commands = [command for _, command, _ in account.calls.of("sessions.run")]
    return [command[6:] for command in commands if "update" in command]  # type: ignore[index, operator]


def test_the_status_tells_partitions_nodes_jobs_and_what_slurm_lacks() -> None:
    report = status("ml-cluster", an_account().ports)
    assert (report.controller, report.version) == (HEAD, "22.05.8")
    dev, empty = report.partitions
    assert (dev.name, dev.default, dev.nodes, dev.free, dev.busy, dev.away) == ("dev", True, 2, 1, 0, 1)
    assert (empty.nodes, empty.free) == (0, 0)
    free, gone = report.nodes
    assert (free.node_id, free.instance_group, free.takes_jobs) == (ONE, "workers", True)
    assert [(job.job_id, job.user) for job in free.jobs] == [("7", "ada")]
    assert (gone.node_id, gone.meaning, gone.reason) == (TWO, "down, slurmd does not answer", "bad gpu")
    assert report.unknown == (f"ip-10-1-0-4 ({NEW})",)
    assert report.remarks == ("partition `empty` has no nodes",)


def test_a_reason_that_hyperpod_ignores_is_remarked() -> None:
    report = status("ml-cluster", an_account(GONE.format("action:replace")).ports)
    assert report.remarks[0] == (
        "the reason of `ip-10-1-0-3` (`action:replace`) is not exactly `Action:Replace`: HyperPod does nothing for it"
    )


@pytest.mark.parametrize(
    ("state", "reason", "words", "takes"),
    [
        ("IDLE", None, "free", True),
        ("MIXED", None, "partly busy", True),
        ("ALLOCATED+DRAIN", "x", "draining: takes no more jobs", False),
        ("IDLE+DRAIN", "x", "drained", False),
        ("DOWN*", None, "down, slurmd does not answer", False),
        (
            "IDLE+FAIL+NOT_RESPONDING",
            "Action:Replace",
            "HyperPod is to replace it, failed, slurmd does not answer",
            False,
        ),
        ("MIXED+FAIL", "Action:Reboot", "HyperPod is to reboot it, failing: what runs may end", False),
        ("INVAL", None, "has less than slurm.conf says", False),
        ("IDLE+DRAIN+INVALID_REG", "gres", "drained, has less than slurm.conf says", False),
        ("IDLE+CLOUD+POWERED_DOWN", None, "free, switched off", False),
        ("IDLE+COMPLETING", None, "free, a job is ending", True),
        ("drained*", None, "drained, slurmd does not answer", False),
        ("SOMETHING+NEW", None, "SOMETHING, NEW", True),
    ],
)
def test_states_in_words(state: str, reason: str | None, words: str, *, takes: bool) -> None:
    node = SlurmNode("n", state, reason=reason)
    assert (meaning(node), takes_jobs(node)) == (words, takes)


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        ("Action:Replace", None),
        ("Action:Replace ", "Action:Replace"),
        ("action:replace", "Action:Replace"),
        ("Action: Reboot", "Action:Reboot"),
        ("ACTION REBOOT.", "Action:Reboot"),
        ("Action:Replaced", "Action:Replace"),
        ("please replace", None),
        ("no action: replaced yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_reasons_that_are_nearly_what_hyperpod_obeys(reason: str | None, wanted: str | None) -> None:
    assert meant(reason) == wanted
    assert (action_of(reason) is not None) == (reason == "Action:Replace")


def test_draining_sends_the_reason_as_one_word_and_names_nodes_by_their_instances_too() -> None:
    account = an_account(FREE)
    drain("ml-cluster", [ONE, "ip-10-1-0-2"], "it's $(hot), ada", account.ports)
    assert updates(account) == [("nodename=ip-10-1-0-2", "state=drain", "reason=it's $(hot), ada")]


def test_draining_what_is_drained_for_that_reason_changes_nothing() -> None:
    account = an_account("NodeName=ip-10-1-0-2 State=IDLE+DRAIN Reason=hot [root@2026-11-22T20:39:10]\n")
    assert drain("ml-cluster", ["ip-10-1-0-2"], "hot", account.ports).unchanged == ("ip-10-1-0-2",)
    assert updates(account) == []
    assert drain("ml-cluster", ["ip-10-1-0-2"], "hotter", account.ports).unchanged == ()
    assert len(updates(account)) == 1


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "a\x1bb", "a\u202eb"])
def test_what_is_no_reason_is_refused_before_anybody_is_asked(reason: str) -> None:
    account = an_account()
    with pytest.raises(UsageError):
        drain("ml-cluster", [ONE], reason, account.ports)
    assert account.calls.made == []


def test_a_reason_that_hyperpod_obeys_is_refused_with_the_command_that_is_meant() -> None:
    with pytest.raises(UsageError) as caught:
        drain("ml-cluster", [ONE], "Action:Replace", an_account().ports)
    assert caught.value.hint == f"hpctl node replace {ONE}"


def test_a_reason_that_hyperpod_ignores_is_set_with_a_remark() -> None:
    report = drain("ml-cluster", [ONE], "action:reboot", an_account().ports)
    assert report.remarks == ("HyperPod does nothing for this reason: it is not exactly `Action:Reboot`",)


def test_nothing_is_done_where_one_of_the_nodes_is_unknown() -> None:
    account = an_account()
    with pytest.raises(NotFoundError) as caught:
        drain("ml-cluster", [ONE, "ip-10-1-0-22"], "hot", account.ports)
    assert "did you mean `ip-10-1-0-2`?" in (caught.value.hint or "")
    assert updates(account) == []


def test_resuming_leaves_nodes_in_work_alone_and_warns_of_those_that_do_not_answer() -> None:
    account = an_account()
    report = resume("ml-cluster", [ONE, TWO], account.ports)
    assert updates(account) == [("nodename=ip-10-1-0-3", "state=resume")]
    assert report.unchanged == ("ip-10-1-0-2",)
    assert report.remarks == ("slurmd on `ip-10-1-0-3` does not answer: Slurm will take it for down again",)


def test_resuming_a_node_that_hyperpod_is_to_replace_says_so() -> None:
    report = resume("ml-cluster", [TWO], an_account(GONE.format("Action:Replace")).ports)
    assert report.remarks[0].startswith("HyperPod was told to replace `ip-10-1-0-3`, and may be at it already")
