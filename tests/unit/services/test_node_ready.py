"""When nodes that were rebooted or replaced count as back: Slurm or Kubernetes lets work come to them again."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from hpctl.errors import AccessError, UnavailableError, WaitTimeoutError
from hpctl.facts.session_ports import Ran
from hpctl.report.progress import Progress, Remarked
from tests.unit.builders import a_cluster, a_kubernetes_node, a_live_group
from tests.unit.services.test_node_care import HEAD, NEW, ONE, TWO, Story, waited_for

NAME = "ip-10-1-0-2"
KUBERNETES_NAME = f"hyperpod-{ONE}"
HEALTH = "sagemaker.amazonaws.com/node-health-status"


def remarks(steps: list[Progress]) -> list[str]:
    return [step.message for step in steps if isinstance(step, Remarked)]


def rebooted_in_slurm(*states: tuple[float, str]) -> tuple[Story, list[Progress]]:
    story = Story()
    story.at(2, story.head, story.worker(ONE, "Pending"), story.worker(TWO))
    story.at(10, story.head, story.worker(ONE), story.worker(TWO))
    for after_s, state in states:
        story.account.clock.at(after_s, partial(story.in_slurm, state, NAME))
    return story, story.done("reboot", ONE)


def test_a_rebooted_node_is_back_when_slurm_lets_jobs_come() -> None:
    story, steps = rebooted_in_slurm((5, "DOWN+NOT_RESPONDING"), (90, "IDLE"))
    assert waited_for(steps)[-2:] == [f"`{ONE}` to take jobs (in Slurm: down, slurmd does not answer)", ""]
    assert sum(story.account.clock.slept) >= 90
    assert remarks(steps) == []


def test_what_hyperpod_is_at_in_slurm_is_waited_for() -> None:
    _, steps = rebooted_in_slurm((5, "IDLE+DRAIN Reason=Action:Reboot [root@2026-11-22T20:39:10]"), (90, "IDLE"))
    assert waited_for(steps)[-2:] == [f"`{ONE}` to take jobs (in Slurm: HyperPod is to reboot it, drained)", ""]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("IDLE+DRAIN Reason=slow [ada@2026-11-22T20:39:10]", "drained: slow"),
        ("DOWN Reason=Node unexpectedly rebooted [slurm@2026-11-22T20:39:10]", "down: Node unexpectedly rebooted"),
    ],
)
def test_what_only_a_person_undoes_in_slurm_is_told_and_not_waited_for(state: str, told: str) -> None:
    story, steps = rebooted_in_slurm((5, state))
    remedy = f"to let it: hpctl slurm resume {NAME} --cluster ml-cluster"
    assert remarks(steps) == [f"`{NAME}` takes no jobs ({told}); {remedy}"]
    assert sum(story.account.clock.slept) < 60


def test_a_moment_down_on_the_way_back_is_no_remark() -> None:
    _, steps = rebooted_in_slurm((5, "DOWN Reason=x [slurm@2026-11-22T20:39:10]"), (18, "IDLE"))
    assert remarks(steps) == []


def test_an_instance_in_place_of_another_is_waited_for_until_it_joins_slurm() -> None:
    story = Story()
    story.at(2, story.head, story.worker(TWO), story.worker(NEW))
    story.account.sessions.answers["scontrol show node"] = Ran(0, b"NodeName=ip-10-1-0-3 State=IDLE\n", b"")
    story.account.clock.at(40, story.in_slurm)
    assert waited_for(story.done("replace", ONE))[-2:] == [f"`{NEW}` to join Slurm", ""]


def test_nodes_that_are_none_of_slurms_run_and_that_is_all() -> None:
    story = Story()
    story.cluster = replace(story.cluster, instance_groups=(story.cluster.instance_groups[0], a_live_group("login")))
    story.account.clusters.add(story.cluster)
    login = replace(story.worker(NEW), instance_group="login", private_dns_name="ip-10-1-9-9.ec2.internal")
    story.nodes(story.head, login)
    assert waited_for(story.done("reboot", NEW))[-1] == ""


@pytest.mark.parametrize("error", [AccessError("you may not"), UnavailableError("nobody answered")])
def test_a_slurm_that_cannot_be_asked_is_told_and_not_waited_for(error: Any) -> None:
    story = Story()
    story.account.sessions.answers["scontrol show node"] = error
    steps = story.done("reboot", ONE)
    assert remarks(steps) == [f"whether these nodes take work again cannot be seen: {error.message}"]
    assert sum(story.account.clock.slept) < 60


def test_a_controller_is_back_when_its_slurm_answers() -> None:
    story = Story()
    story.account.sessions.answers["scontrol show node"] = UnavailableError("slurmctld does not answer")
    story.account.clock.at(45, story.in_slurm)
    steps = story.done("reboot", HEAD)
    assert (waited_for(steps)[-2:], remarks(steps)) == (["their orchestrator to answer", ""], [])


def on_eks() -> Story:
    story = Story()
    story.cluster = a_cluster("InService", a_live_group("workers", 2, 2))
    story.account.clusters.add(story.cluster)
    story.nodes(story.worker(ONE), story.worker(TWO))
    return story


@pytest.mark.parametrize(
    ("before", "waits"),
    [
        ([], "to join Kubernetes"),
        ([a_kubernetes_node(KUBERNETES_NAME, ready=False)], "to be ready in Kubernetes"),
        (
            [a_kubernetes_node(KUBERNETES_NAME, labels={HEALTH: "UnschedulablePendingReboot"})],
            "to take pods (HyperPod says `UnschedulablePendingReboot`)",
        ),
    ],
)
def test_on_eks_a_node_is_back_when_kubernetes_lets_pods_come(before: list[Any], waits: str) -> None:
    story = on_eks()
    story.account.kubernetes.joined = before
    well = [a_kubernetes_node(KUBERNETES_NAME)]
    story.account.clock.at(60, lambda: setattr(story.account.kubernetes, "joined", well))
    steps = story.done("reboot", ONE)
    assert (waited_for(steps)[-2:], remarks(steps)) == ([f"`{ONE}` {waits}", ""], [])


def test_a_cordoned_node_is_told_and_not_waited_for() -> None:
    story = on_eks()
    story.account.kubernetes.joined = [replace(a_kubernetes_node(KUBERNETES_NAME), unschedulable=True)]
    told = f"`{KUBERNETES_NAME}` is cordoned and takes no pods; to let it: kubectl uncordon {KUBERNETES_NAME}"
    assert remarks(story.done("reboot", ONE)) == [told]


def test_a_node_that_does_not_come_back_is_late() -> None:
    story = on_eks()
    story.account.kubernetes.joined = []
    with pytest.raises(WaitTimeoutError, match="still without these nodes"):
        story.done("reboot", ONE, timeout_s=120)
