"""Watches: every change once and in order, from where one wants to begin to when the server ends it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.contract.kubernetes.connection import TABLE
from tests.contract.kubernetes.objects import a_config_map, an_object
from tests.contract.kubernetes.space import Space

Seen = list[tuple[str, str]]
OURS = "metadata.name!=kube-root-ca.crt"


def seen(events: list[dict[str, Any]]) -> Seen:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events if event["type"] != "BOOKMARK"]


def story(space: Space, *, since: str | None = None, **query: Any) -> list[dict[str, Any]]:
    begin = {} if since is None else {"resourceVersion": since}
    return space.cluster.watched(space.path("configmaps"), fieldSelector=OURS, **begin, **query)


def now(space: Space) -> str:
    return space.get("configmaps", fieldSelector=OURS).version


def changed(space: Space, name: str = "one", **data: str | None) -> None:
    space.cluster.patch(space.path("configmaps", name), {"data": data}).good()


def deleted(space: Space, name: str = "one") -> None:
    space.cluster.delete(space.path("configmaps", name)).good()


def test_a_watch_from_a_version_tells_all_that_came_after(space: Space) -> None:
    space.make("configmaps", a_config_map("before"))
    since = now(space)
    space.make("configmaps", a_config_map())
    changed(space, colour="blue")
    deleted(space)
    events = story(space, since=since)
    assert seen(events) == [("ADDED", "one"), ("MODIFIED", "one"), ("DELETED", "one")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted({*versions})
    assert versions[0] > int(since)
    assert [event["object"]["data"]["colour"] for event in events] == ["red", "blue", "blue"]


@pytest.mark.parametrize("since", [None, "0"])
def test_a_watch_without_a_version_begins_with_what_there_is(space: Space, since: str | None) -> None:
    for name in ("one", "two"):
        space.make("configmaps", a_config_map(name))
    assert seen(story(space, since=since)) == [("ADDED", "one"), ("ADDED", "two")]


def test_what_happens_is_told_while_one_watches(space: Space) -> None:
    place, query = space.path("configmaps"), {"fieldSelector": OURS, "resourceVersion": now(space)}
    with space.cluster.watching(place, timeoutSeconds=30, **query) as events:
        for number in range(3):
            space.make("configmaps", a_config_map(f"m{number}"))
            assert seen([next(events)]) == [("ADDED", f"m{number}")]
        deleted(space, "m1")
        assert seen([next(events)]) == [("DELETED", "m1")]


def test_a_watch_ends_when_its_time_is_over(space: Space) -> None:
    begun = time.monotonic()
    assert story(space, since=now(space), timeoutSeconds=1) == []
    assert 0.5 < time.monotonic() - begun < 10


def test_one_object_is_watched_alone(space: Space) -> None:
    since = now(space)
    for name in ("one", "two"):
        space.make("configmaps", a_config_map(name))
    events = space.cluster.watched(space.path("configmaps"), fieldSelector="metadata.name=two", resourceVersion=since)
    assert seen(events) == [("ADDED", "two")]


def test_what_a_selector_begins_or_ceases_to_choose_comes_and_goes(space: Space) -> None:
    space.make("configmaps", a_config_map(labels={"colour": "blue"}))
    since = now(space)
    place = space.path("configmaps", "one")
    for colour in ("red", "red", "blue", "red"):
        body = {"metadata": {"labels": {"colour": colour}, "annotations": {"at": str(time.monotonic_ns())}}}
        space.cluster.patch(place, body).good()
    deleted(space)
    events = space.cluster.watched(space.path("configmaps"), labelSelector="colour=red", resourceVersion=since)
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]


def test_other_namespaces_are_not_told_of_and_all_together_are(space: Space) -> None:
    since = now(space)
    elsewhere = f"/api/v1/namespaces/{space.name}/secrets"
    space.cluster.post(elsewhere, an_object("Secret", metadata={"labels": {"room": space.name}})).good()
    assert story(space, since=since) == []
    events = space.cluster.watched("/api/v1/secrets", labelSelector=f"room={space.name}", resourceVersion=since)
    assert seen(events) == [("ADDED", "one")]


def test_a_bookmark_tells_how_far_one_has_come(space: Space) -> None:
    query: dict[str, Any] = {
        "sendInitialEvents": True,
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": True,
    }
    space.make("configmaps", a_config_map())
    events = story(space, **query)
    if events and events[0]["type"] == "ERROR":
        pytest.skip("this cluster does not stream lists")
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["ADDED", "BOOKMARK"]
    bookmark = events[1]["object"]
    assert bookmark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert (bookmark["kind"], int(bookmark["metadata"]["resourceVersion"]) >= int(now(space))) == ("ConfigMap", True)


def test_a_version_of_nonsense_is_refused(space: Space) -> None:
    answer = space.cluster.get(space.path("configmaps"), watch=True, resourceVersion="nonsense")
    assert answer.code in {400, 422}
    assert "resourceVersion" in answer.message


def test_a_version_that_has_not_been_yet_is_waited_for_or_refused(space: Space) -> None:
    later = str(int(now(space)) + 1_000_000)
    answer = space.cluster.get(space.path("configmaps"), resourceVersion=later, timeoutSeconds=1)
    assert answer.refusal == (504, "Timeout")
    assert answer.message.startswith("Too large resource version: ")


def test_a_watch_may_tell_of_rows_of_a_table(space: Space) -> None:
    space.make("configmaps", a_config_map())
    query = {"watch": "true", "timeoutSeconds": 1, "fieldSelector": OURS}
    with space.cluster.opened("GET", space.path("configmaps"), accept=TABLE, query=query) as answer:
        text = answer.read()
    assert b'"kind":"Table"' in text.replace(b" ", b"")
    assert text.count(b'"ADDED"') == 1


def test_an_object_of_a_mebibyte_is_told_whole(space: Space) -> None:
    since, text = now(space), "é" * 500_000
    space.make("configmaps", a_config_map(data={"text": text}))
    assert [event["object"]["data"]["text"] for event in story(space, since=since)] == [text]


def test_a_slow_reader_misses_nothing(space: Space) -> None:
    query = {"fieldSelector": OURS, "resourceVersion": now(space), "timeoutSeconds": 30}
    with space.cluster.watching(space.path("configmaps"), **query) as events:
        for number in range(40):
            space.make("configmaps", a_config_map(f"m{number}", data={"text": "x" * 50_000}))
        assert seen([next(events) for _ in range(40)]) == [("ADDED", f"m{number}") for number in range(40)]
