"""Reboots and replacements: what is refused, what is sent, what is waited for, and what a second command does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hpctl.errors import (
    ClusterFailedError,
    HpctlError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UsageError,
    WaitTimeoutError,
)
from hpctl.facts.node_care import NodeRefusal
from hpctl.facts.records import Node
from hpctl.facts.session_ports import Ran
from hpctl.plan.journal import runs
from hpctl.plan.node_care import Care
from hpctl.report.progress import Observed, Progress, Remarked
from hpctl.services.lock import Claim
from hpctl.services.node_care import carry, find, plan
from hpctl.services.polling import Waiting
from tests.unit.builders import CLUSTER_ARN, a_cluster, a_live_group, a_node
from tests.unit.fakes import FakeAccount

HEAD, ONE, TWO, NEW = (f"i-0000000000000000{letter}" for letter in "abcd")


class Story:
    """A Slurm cluster of a controller and two workers, whose nodes a test moves through time."""

    def __init__(self) -> None:
        self.account = FakeAccount()
        head = replace(a_live_group("head", 1, 1), slurm_node_type="Controller")
        workers = replace(a_live_group("workers", 2, 2), slurm_node_type="Compute")
        self.cluster = replace(a_cluster("InService", head, workers), orchestrator="slurm", eks_cluster_arn=None)
        self.account.clusters.add(self.cluster)
        self.nodes(self.head, self.worker(ONE), self.worker(TWO))
        self.claim = Claim("r")
        self.in_slurm()

    @property
    def head(self) -> Node:
        return a_node(HEAD, instance_group="head", private_dns_name="ip-10-1-0-1.ec2.internal")

    def worker(self, node_id: str, status: str = "Running") -> Node:
        number = "abcd".index(node_id[-1]) + 1
        name = f"ip-10-1-0-{number}.ec2.internal"
        return a_node(node_id, status, logical_id=f"seat-{node_id[-1]}", private_dns_name=name)

    def nodes(self, *nodes: Node) -> None:
        self.account.clusters.nodes_of["ml-cluster"] = list(nodes)

    def in_slurm(self, state: str = "IDLE", *names: str) -> None:
        """Let these nodes be in such a state in Slurm, all of them unless told, and the others idle."""
        every = [f"ip-10-1-0-{number}" for number in (2, 3, 4)]
        lines = (f"NodeName={one} State={state if one in (names or every) else 'IDLE'}\n" for one in every)
        self.account.sessions.answers["scontrol show node"] = Ran(0, "".join(lines).encode(), b"")

    def at(self, after_s: float, *nodes: Node) -> None:
        self.account.clock.at(after_s, lambda: self.nodes(*nodes))

    def planned(self, care: Care, *words: str) -> Any:
        ports = self.account.ports
        cared = find("ml-cluster", words, care, self.account.world, ports, self.claim)
        return plan(care, cared, self.account.world, ports, run_id=self.claim.run_id), cared

    def done(self, care: Care, *words: str, timeout_s: float = 600.0) -> list[Progress]:
        planned, cared = self.planned(care, *words)
        waiting = Waiting("ml-cluster", timeout_s, "the same again", CLUSTER_ARN)
        return list(carry(planned, cared, care, self.account.ports, waiting))

    @property
    def sent(self) -> list[object]:
        made = self.account.calls.made
        return [request for name, *requests in made if str(name).startswith("node_care.") for request in requests]


def waited_for(steps: Sequence[Progress]) -> list[str]:
    seen = [step.waiting_for for step in steps if isinstance(step, Observed)]
    return list(dict.fromkeys(seen))


def test_a_reboot_is_waited_for_until_the_node_has_left_and_runs() -> None:
    story = Story()
    story.at(2, story.head, story.worker(ONE, "Pending"), story.worker(TWO))
    story.at(30, story.head, story.worker(ONE), story.worker(TWO))
    steps = story.done("reboot", ONE)
    assert story.sent == [{"ClusterName": CLUSTER_ARN, "NodeIds": [ONE]}]
    assert waited_for(steps) == [f"the reboot of `{ONE}` to begin", f"`{ONE}` to run (it is `Pending`)", ""]


def test_a_reboot_between_two_looks_is_taken_as_done_after_a_while() -> None:
    story = Story()
    story.done("reboot", ONE)
    assert sum(story.account.clock.slept) >= 15


def test_a_replacement_is_waited_for_until_another_instance_runs_in_the_group() -> None:
    story = Story()
    story.at(2, story.head, story.worker(ONE, "ShuttingDown"), story.worker(TWO))
    story.at(30, story.head, story.worker(TWO))
    story.at(60, story.head, story.worker(TWO), story.worker(NEW, "Pending"))
    story.at(90, story.head, story.worker(TWO), story.worker(NEW))
    assert waited_for(story.done("replace", ONE)) == [
        f"`{ONE}` to leave (it is `Running`)",
        f"`{ONE}` to leave (it is `ShuttingDown`)",
        "new instances of `workers` (1/2)",
        f"`{NEW}` to run (it is `Pending`)",
        "",
    ]


def test_a_new_instance_that_fails_ends_the_wait() -> None:
    story = Story()
    story.at(2, story.head, story.worker(TWO), replace(story.worker(NEW, "Failure"), message="no capacity"))
    with pytest.raises(ClusterFailedError, match=f"node `{NEW}` has failed") as caught:
        story.done("replace", ONE)
    assert caught.value.cause == "no capacity"


def test_nodes_that_were_unwell_before_do_not_keep_a_replacement_from_its_end() -> None:
    story = Story()
    story.nodes(story.head, story.worker(ONE), story.worker(TWO, "Failure"))
    story.at(2, story.head, story.worker(TWO, "Failure"), story.worker(NEW))
    assert waited_for(story.done("replace", ONE))[-1] == ""


def test_time_that_runs_out_says_how_to_go_on_and_the_same_command_sends_nothing() -> None:
    story = Story()
    story.at(2, story.head, story.worker(ONE, "ShuttingDown"), story.worker(TWO))
    with pytest.raises(WaitTimeoutError) as caught:
        story.done("replace", ONE, timeout_s=5)
    assert caught.value.hint == "to go on waiting: the same again"
    resume(story)
    story.nodes(story.head, story.worker(TWO), story.worker(NEW))
    assert waited_for(story.done("replace", ONE)) == [""]
    assert len(story.sent) == 1


def resume(story: Story) -> None:
    (run,) = runs(next(iter(story.account.state.journals.values())))
    story.claim = Claim(run.run_id, run)


def test_an_hour_later_the_same_reboot_is_a_new_wish() -> None:
    story = Story()
    story.done("reboot", ONE)
    resume(story)
    story.done("reboot", ONE)
    assert len(story.sent) == 1
    story.account.clock.sleep(3600)
    story.done("reboot", ONE)
    assert len(story.sent) == 2


def test_a_controller_is_rebooted_with_a_warning_and_never_replaced() -> None:
    story = Story()
    planned, _ = story.planned("reboot", HEAD)
    assert planned.notices[0] == f"`{HEAD}` is the Slurm controller: nobody can submit or look at jobs until it is back"
    with pytest.raises(UsageError, match="which HyperPod does not replace") as caught:
        story.planned("replace", HEAD)
    assert caught.value.hint == f"to start it anew, with its volumes: hpctl node reboot {HEAD}"


def test_a_node_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFoundError) as caught:
        Story().planned("reboot", f"{ONE}f")
    assert f"did you mean `{ONE}`?" in (caught.value.hint or "")


def test_logical_ids_name_nodes_too_and_each_is_sent_once() -> None:
    story = Story()
    planned, _ = story.planned("reboot", "seat-b", ONE)
    assert planned.actions[0].request["NodeIds"] == [ONE]


def test_more_than_aws_takes_is_refused_before_anything_is_sent() -> None:
    story = Story()
    many = [f"i-{number:017x}" for number in range(26)]
    story.nodes(story.head, *(a_node(one) for one in many))
    with pytest.raises(UsageError, match="at most 25 nodes at once, and these are 26"):
        story.planned("reboot", *many)


def test_what_runs_on_the_nodes_is_named() -> None:
    story = Story()
    running = b"7|ada|RUNNING|dev|ip-10-1-0-[2-3]|train\n8|bob|RUNNING|dev|ip-10-1-0-3|x\n"
    story.account.sessions.answers["squeue"] = Ran(0, running, b"")
    planned, _ = story.planned("reboot", ONE)
    assert f"`{ONE}` (`ip-10-1-0-2`) runs job 7 of ada" in planned.notices


def test_what_cannot_be_seen_is_said() -> None:
    story = Story()
    story.account.sessions.answers["squeue"] = UnavailableError("nobody answered")
    planned, _ = story.planned("reboot", ONE)
    assert "what runs on these nodes cannot be seen: nobody answered" in planned.notices


def test_nodes_that_aws_refuses_are_told_and_the_others_done() -> None:
    story = Story()
    story.account.node_care.refused = (NodeRefusal(TWO, "InvalidInstanceStatus", "Node is Pending."),)
    with pytest.raises(RefusedError) as caught:
        story.done("reboot", ONE, TWO)
    words = f"AWS refused to reboot `{TWO}`: Node is Pending (`InvalidInstanceStatus`); the other nodes are done"
    assert caught.value.message == words


def test_when_all_are_refused_nothing_is_waited_for() -> None:
    story = Story()
    story.account.node_care.refused = (NodeRefusal(ONE, "InvalidInstanceStatus", ""),)
    with pytest.raises(RefusedError, match="AWS refused to reboot"):
        story.done("reboot", ONE)
    assert story.account.clock.slept == []


def test_a_node_that_something_is_done_to_already_is_waited_for() -> None:
    story = Story()
    story.account.node_care.refused = (NodeRefusal(ONE, "InstanceIdInUse", "Another operation is in progress."),)
    steps = story.done("reboot", ONE)
    assert any(isinstance(step, Remarked) and "which AWS lets end first" in step.message for step in steps)


@pytest.mark.parametrize(("status", "taken"), [("ShuttingDown", True), ("Running", False)])
def test_a_lost_answer_counts_by_what_is_to_be_seen(status: str, *, taken: bool) -> None:
    story = Story()
    planned, cared = story.planned("replace", ONE)
    story.account.calls.fail("node_care.replace", UnavailableError("lost"))
    story.nodes(story.head, story.worker(ONE, status), story.worker(TWO))
    steps = carry(planned, cared, "replace", story.account.ports, None)
    if taken:
        assert len(list(steps)) == 1
        return
    with pytest.raises(HpctlError, match="lost"):
        list(steps)
