"""Events: what is told of an object, in both of their API groups."""

from __future__ import annotations

from typing import Any

from tests.contract.kubernetes.objects import a_config_map, a_waiting_pod, an_object
from tests.contract.kubernetes.space import Space, until


def an_event(space: Space, **members: Any) -> dict[str, Any]:
    about = {"apiVersion": "v1", "kind": "ConfigMap", "name": "one", "namespace": space.name}
    told = {"involvedObject": about, "reason": "Tested", "message": "seen", "type": "Normal"}
    return an_object("Event", "one.1", **{**told, **members})


def test_events_are_chosen_by_what_they_are_about(space: Space) -> None:
    space.make("configmaps", a_config_map())
    space.make("events", an_event(space))
    chosen = "involvedObject.kind=ConfigMap,involvedObject.name=one,reason=Tested,type=Normal"
    assert space.get("events", fieldSelector=chosen).names == ["one.1"]
    assert space.get("events", fieldSelector="involvedObject.name=two").names == []


def test_both_groups_show_the_same_events(space: Space) -> None:
    space.make("events", an_event(space))
    root = "apis/events.k8s.io/v1"
    found = space.cluster.get(space.path("events", "one.1", root=root)).good()
    assert (found["apiVersion"], found["note"], found["reason"]) == ("events.k8s.io/v1", "seen", "Tested")
    assert found["regarding"]["name"] == "one"


def test_an_event_may_be_counted_up(space: Space) -> None:
    space.make("events", an_event(space, count=1))
    assert space.cluster.patch(space.path("events", "one.1"), {"count": 2}).good()["count"] == 2


def test_a_pod_that_fits_nowhere_is_told_of(space: Space) -> None:
    pod = space.make("pods", a_waiting_pod())
    seen = until(
        lambda: space.get("events", fieldSelector=f"involvedObject.uid={pod['metadata']['uid']}").good()["items"],
        lambda items: any(item["reason"] == "FailedScheduling" for item in items),
    )
    event = next(item for item in seen if item["reason"] == "FailedScheduling")
    assert event["type"] == "Warning"
    assert " nodes are available: " in event["message"]
    assert "node(s) didn't match Pod's node affinity/selector" in event["message"]
    status = space.get("pods", "one").good()["status"]
    scheduled = next(row for row in status["conditions"] if row["type"] == "PodScheduled")
    assert (status["phase"], scheduled["status"], scheduled["reason"]) == ("Pending", "False", "Unschedulable")
