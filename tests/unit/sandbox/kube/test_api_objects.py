"""What the API makes of objects that are created, replaced, deleted and watched."""

from __future__ import annotations

from contextlib import closing

import pytest

from hpctl.sandbox.kube.resources import Change, Object
from hpctl.sandbox.kube.status import StatusError
from tests.unit.sandbox.kube.plain import plain_api
from tests.unit.sandbox.kube.virtual import VirtualLoop


def _cm(name: str, **data: str) -> Object:
    return {"metadata": {"name": name}, "data": data}


def test_an_object_gets_what_the_api_alone_may_give() -> None:
    api = plain_api()
    maps = api.resource("v1", "ConfigMap")
    made = api.create(maps, "default", _cm("one", a="1"), manager="test")
    assert made["metadata"]["creationTimestamp"] == "2026-03-04T12:00:00Z"
    assert (made["kind"], made["apiVersion"], made["metadata"]["namespace"]) == ("ConfigMap", "v1", "default")
    assert api.get(maps, "default", "one") == made
    other = api.create(maps, "default", {"metadata": {"generateName": "one-"}}, manager="test")
    assert other["metadata"]["uid"] != made["metadata"]["uid"]
    assert len(other["metadata"]["name"]) == len("one-") + 5
    assert int(other["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])


def test_a_stale_update_is_refused_and_one_that_changes_nothing_changes_nothing() -> None:
    api = plain_api()
    maps = api.resource("v1", "ConfigMap")
    first = api.create(maps, "default", _cm("one", a="1"), manager="test")
    assert api.update(maps, "default", first, manager="test") == first
    second = api.update(maps, "default", {**first, "data": {"a": "2"}}, manager="test")
    assert second["metadata"]["resourceVersion"] != first["metadata"]["resourceVersion"]
    with pytest.raises(StatusError, match="the object has been modified; please apply your changes") as refused:
        api.update(maps, "default", {**first, "data": {"a": "3"}}, manager="test")
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")


def test_status_and_the_rest_change_apart() -> None:
    api = plain_api()
    jobs = api.resource("batch/v1", "Job")
    job = api.create(jobs, "default", {"metadata": {"name": "j"}, "spec": {"a": 1}, "status": {"x": 1}}, manager="test")
    assert "status" not in job
    assert job["metadata"]["generation"] == 1
    told = api.update(jobs, "default", {**job, "spec": {"a": 2}, "status": {"x": 2}}, manager="m", subresource="status")
    assert (told["spec"], told["status"], told["metadata"]["generation"]) == ({"a": 1}, {"x": 2}, 1)
    wished = api.update(jobs, "default", {**told, "spec": {"a": 3}, "status": {"x": 9}}, manager="m")
    assert (wished["spec"], wished["status"], wished["metadata"]["generation"]) == ({"a": 3}, {"x": 2}, 2)


def test_a_watch_tells_what_there_is_and_then_each_change() -> None:
    api = plain_api()
    maps = api.resource("v1", "Secret")
    api.create(maps, "default", _cm("one"), manager="test")

    async def seen() -> list[tuple[Change, str]]:
        watch = api.watch(maps)
        first = await anext(watch)
        api.create(maps, "default", _cm("two"), manager="test")
        api.delete(maps, "default", "one")
        told = [first, await anext(watch), await anext(watch)]
        await watch.aclose()  # type: ignore[attr-defined]
        return [(event.change, event.object["metadata"]["name"]) for event in told]

    with closing(VirtualLoop()) as loop:
        told = loop.run_until_complete(seen())
    assert told == [
        (Change.ADDED, "one"),
        (Change.ADDED, "two"),
        (Change.DELETED, "one"),
    ]


def test_a_running_pod_goes_when_its_kubelet_says_so() -> None:
    api = plain_api()
    pods = api.resource("v1", "Pod")
    api.create(pods, "default", {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}}, manager="test")
    api.bind("default", "p", "node-1")
    going = api.delete(pods, "default", "p", grace_s=5)
    assert going["metadata"]["deletionTimestamp"] == "2026-03-04T12:00:05Z"
    assert api.get(pods, "default", "p")["metadata"]["deletionGracePeriodSeconds"] == 5
    api.delete(pods, "default", "p", grace_s=0)
    with pytest.raises(StatusError, match='pods "p" not found'):
        api.get(pods, "default", "p")
