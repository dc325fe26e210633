"""Waiting for new software: each group tells how it stands, old answers and old updates do not count."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hpctl import timeouts
from hpctl.errors import ClusterFailedError, HpctlError, WaitTimeoutError
from hpctl.facts.records import Cluster
from hpctl.report.progress import EventSeen, Finished, Observed, Progress, Remarked
from hpctl.services.baseline import Baseline, before_update
from hpctl.services.wait import Waiting, until_software_updated
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, a_live_group, an_error
from tests.unit.fakes import FakeAccount

RESUME = "hpctl cluster update-software ml-cluster --yes"
WAITING = Waiting("ml-cluster", 7200.0, RESUME, CLUSTER_ARN)
SCRIPT = "Instance lifecycle script execution for EC2 Instance i-0a1b2c3d4e5f60718 has Failed. To view lifecycle script"
LOG = (
    "the lifecycle scripts ran again on every node; what they said is in their log\n"
    "aws logs tail /aws/sagemaker/Clusters/ml-cluster/abcdef012345 --region us-west-2 --since 1d "
    "--log-stream-name-prefix LifecycleConfig/workers"
)


def a_state(update: str | None, image: str = "ami-1", status: str = "InService", **members: Any) -> Cluster:
    return a_cluster(status, a_live_group(software_update=update, current_image=image), **members)


class Story:
    """An account in which things happen after an update of the software was sent at NOW."""

    def __init__(self, before: Cluster | None = None, *groups: str) -> None:
        self.account = FakeAccount()
        self.account.clusters.add(before or a_state(None))
        listed = [{"InstanceGroupName": name} for name in groups]
        request = {"ClusterName": CLUSTER_ARN, **({"InstanceGroups": listed} if groups else {})}
        self.baseline: Baseline | None = before_update(request, self.account.ports)

    def then(self, after_s: float, cluster: Cluster) -> Story:
        self.account.clock.at(after_s, lambda: self.account.clusters.add(cluster))
        return self

    def steps(self) -> list[Progress]:
        return list(until_software_updated(WAITING, self.account.ports, self.baseline))

    def told(self, error: type[HpctlError]) -> tuple[list[Progress], HpctlError]:
        seen: list[Progress] = []
        with pytest.raises(error) as raised:
            seen.extend(until_software_updated(WAITING, self.account.ports, self.baseline))
        return seen, raised.value


def waited_for(steps: list[Progress]) -> list[str]:
    return list(dict.fromkeys(step.waiting_for for step in steps if isinstance(step, Observed)))


def test_it_ends_when_every_group_has_its_new_software() -> None:
    steps = Story().then(10, a_state("Pending")).then(30, a_state("InProgress")).then(90, a_state("Succeeded")).steps()
    assert waited_for(steps) == [
        "the software of `workers` (not begun)",
        "the software of `workers` (Pending)",
        "the software of `workers` (InProgress)",
        "",
    ]
    assert isinstance(steps[-1], Finished)


def test_the_success_of_an_earlier_update_is_not_this_one_s() -> None:
    story = Story(a_state("Succeeded")).then(40, a_state("InProgress")).then(200, a_state("Succeeded", "ami-2"))
    *_, last = story.steps()
    assert isinstance(last, Finished)
    assert last.elapsed_s >= 200


def test_the_failure_of_an_earlier_update_is_not_this_one_s() -> None:
    story = Story(a_state("Failed")).then(40, a_state("InProgress")).then(200, a_state("Succeeded", "ami-2"))
    assert isinstance(story.steps()[-1], Finished)


def test_an_update_that_nobody_saw_at_work_shows_by_its_image() -> None:
    *_, last = Story(a_state("Succeeded")).then(5, a_state("Succeeded", "ami-2")).steps()
    assert isinstance(last, Finished)
    assert last.elapsed_s < timeouts.VISIBLE_S


def test_a_group_that_never_shows_anything_is_done_with_the_cluster() -> None:
    *_, last = Story().then(1, a_state(None, status="SystemUpdating")).then(300, a_state(None)).steps()
    assert isinstance(last, Finished)
    assert last.elapsed_s >= 300


def test_the_cluster_must_be_in_service_too() -> None:
    steps = Story().then(5, a_state("Succeeded", "ami-2", "SystemUpdating")).then(60, a_state("Succeeded", "ami-2"))
    assert "status InService (it is SystemUpdating)" in waited_for(steps.steps())


def test_only_the_groups_of_the_update_are_waited_for() -> None:
    other = a_live_group("other", software_update="InProgress")
    before = a_cluster("InService", a_live_group(), other)
    after = a_cluster("InService", a_live_group(software_update="Succeeded"), other)
    assert isinstance(Story(before, "workers").then(5, after).steps()[-1], Finished)
    with pytest.raises(WaitTimeoutError, match="was not updated yet"):
        Story(before).then(5, after).steps()


def test_a_rollback_is_said_as_it_begins_and_ends_the_wait_when_it_is_over() -> None:
    story = Story(a_state("Succeeded"))
    story.account.clusters.happened = [
        an_error(f"e{number}", 60.0 * number, description=SCRIPT) for number in range(1, 4)
    ]
    story.then(5, a_state("InProgress")).then(200, a_state("RollbackInProgress")).then(400, a_state("Failed"))
    seen, error = story.told(ClusterFailedError)
    assert [step.message for step in seen if isinstance(step, Remarked)] == [
        "the software update of `workers` failed after 3 failed attempts; AWS takes it back to what it was"
    ]
    assert len([step for step in seen if isinstance(step, EventSeen)]) == 3
    assert error.message == (
        "the software update of instance group `workers` failed after 3 failed attempts; "
        "AWS has taken it back to `ami-1`"
    )
    assert error.hint == LOG
    assert error.cause is not None
    assert story.account.clock.now() >= NOW + timedelta(seconds=400)


@pytest.mark.parametrize("status", ["Failed", "RollbackComplete"])
def test_a_failure_names_the_log_even_when_nothing_was_seen_of_it(status: str) -> None:
    story = Story().then(5, a_state("InProgress")).then(60, a_state(status))
    _, error = story.told(ClusterFailedError)
    assert (error.message, error.hint, error.cause) == (
        "the software update of instance group `workers` failed",
        LOG,
        None,
    )


def test_a_cluster_that_fails_is_told() -> None:
    story = Story().then(5, a_state("InProgress", status="Failed", failure_message="it is over"))
    _, error = story.told(ClusterFailedError)
    assert error.message == "updating the software of cluster `ml-cluster` failed: it is over"


@pytest.mark.parametrize("status", ["Succeeded", None])
def test_without_a_baseline_the_groups_count_as_they_are(status: str | None) -> None:
    story = Story(a_state(status))
    story.baseline = None
    observed, finished = story.steps()
    assert (observed.type, finished.type) == ("observed", "finished")


def test_without_a_baseline_what_is_at_work_is_waited_for() -> None:
    story = Story(a_state("InProgress")).then(60, a_state("Succeeded"))
    story.baseline = None
    assert waited_for(story.steps()) == ["the software of `workers` (InProgress)", ""]
