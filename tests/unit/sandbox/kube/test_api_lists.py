"""Lists in pages and of versions, and watches from versions on."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from contextlib import aclosing, closing
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube.api import ClusterApi
from hpctl.sandbox.kube.lists import Page, page
from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.status import StatusError
from hpctl.sandbox.kube.watching import Told, asked, events
from tests.unit.sandbox.kube.plain import plain_api
from tests.unit.sandbox.kube.virtual import VirtualLoop


def _filled(count: int, window: int = 1000) -> ClusterApi:
    api = plain_api(window=window)
    for number in range(count):
        _make(api, f"s{number:03}")
    return api


def _make(api: ClusterApi, name: str, **labels: str) -> Object:
    body = {"metadata": {"name": name, "labels": labels}}
    return api.create(api.resource("v1", "Secret"), "default", body, manager="test")


def _page(api: ClusterApi, **query: Any) -> Page:
    return page(api, api.resource("v1", "Secret"), None, {name: str(value) for name, value in query.items()})


def _names(found: Page) -> list[str]:
    return [one["metadata"]["name"] for one in found.items]


def test_pages_are_of_one_moment() -> None:
    api = _filled(5)
    first = _page(api, limit=2)
    assert first.metadata["remainingItemCount"] == 3
    _make(api, "s0005")
    api.delete(api.resource("v1", "Secret"), "default", "s004")
    changed = api.get(api.resource("v1", "Secret"), "default", "s003")
    api.update(api.resource("v1", "Secret"), "default", {**changed, "type": "new"}, manager="test")
    second = _page(api, limit=2, **{"continue": first.metadata["continue"]})
    third = _page(api, limit=2, **{"continue": second.metadata["continue"]})
    assert [*_names(first), *_names(second), *_names(third)] == ["s000", "s001", "s002", "s003", "s004"]
    assert "type" not in second.items[1]
    assert len({part.metadata["resourceVersion"] for part in (first, second, third)}) == 1
    assert "continue" not in third.metadata


def test_a_token_that_is_too_old_says_so_and_brings_one_for_the_rest() -> None:
    api = _filled(4, window=3)
    first = _page(api, limit=2)
    for number in range(4):
        _make(api, f"t{number}")
    with pytest.raises(StatusError, match="The provided continue parameter is too old") as gone:
        _page(api, **{"continue": first.metadata["continue"]})
    assert (gone.value.code, gone.value.reason) == (410, "Expired")
    rest = _page(api, **{"continue": gone.value.status["metadata"]["continue"]})
    assert _names(rest) == ["s002", "s003", "t0", "t1", "t2", "t3"]


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ({"continue": "%%%"}, 400, "continue key is not valid"),
        ({"continue": "e30"}, 400, "continue key is not valid"),
        ({"limit": "x"}, 400, "invalid syntax"),
        ({"resourceVersion": "x"}, 400, "invalid syntax"),
        ({"resourceVersion": "999"}, 504, "Too large resource version: 999, current:"),
        ({"resourceVersionMatch": "Exact"}, 422, "is forbidden unless resourceVersion is provided"),
        ({"resourceVersion": "1", "resourceVersionMatch": "Sometime"}, 422, "Unsupported value"),
        ({"resourceVersion": "0", "resourceVersionMatch": "Exact"}, 422, "is forbidden for resourceVersion"),
        ({"fieldSelector": "spec.nodeName=x"}, 400, "field label not supported: spec.nodeName"),
        ({"labelSelector": "a in b"}, 400, "unable to parse requirement"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(query: dict[str, str], code: int, words: str) -> None:
    with pytest.raises(StatusError, match=words) as refused:
        _page(_filled(1), **query)
    assert refused.value.code == code


def test_a_version_may_be_asked_for_exactly() -> None:
    api = _filled(2)
    then = api.objects.version
    _make(api, "late")
    assert _names(_page(api, resourceVersion=then, resourceVersionMatch="Exact")) == ["s000", "s001"]
    assert _names(_page(api, resourceVersion=then, resourceVersionMatch="NotOlderThan")) == ["late", "s000", "s001"]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40), st.integers(0, 2**32))
def test_every_version_can_be_gone_back_to(changes: list[tuple[int, bool]], seed: int) -> None:
    api = plain_api()
    secrets, kept = api.resource("v1", "Secret"), ("", "secrets")
    states = {api.objects.version: dict(api.objects.every(kept))}
    for number, goes in changes:
        name = f"s{number}"
        there = api.objects.get(kept, ("default", name))
        if there is None:
            _make(api, name)
        elif goes:
            api.delete(secrets, "default", name)
        else:
            api.update(secrets, "default", {**there, "type": f"{seed}-{len(states)}"}, manager="test")
        states[api.objects.version] = dict(api.objects.every(kept))
    assert {version: api.objects.at(kept, version) for version in states} == states


def _watched(api: ClusterApi, act: Callable[[], object], count: int, **query: str) -> list[Told]:
    """Return the first events of a watch, after something was done once it had begun."""
    watch = asked(api, api.resource("v1", "Secret"), None, query)

    async def seen() -> list[Told]:
        found: list[Told] = []
        asyncio.get_running_loop().call_later(1, act)
        async with aclosing(events(api, watch)) as stream:  # type: ignore[type-var]
            async for told in stream:
                found.append(told)
                if len(found) == count:
                    break
        return found

    with closing(VirtualLoop()) as loop:
        return loop.run_until_complete(seen())


def _labelled(found: Object, **labels: str) -> Object:
    return {**found, "metadata": {**found["metadata"], "labels": labels}}


def _told(found: list[Told]) -> list[tuple[str, str]]:
    return [(kind, one["metadata"].get("name", "")) for kind, one in found]


def test_a_watch_from_a_version_tells_what_came_after_it() -> None:
    api = _filled(2)
    then = str(api.objects.version)
    _make(api, "before")
    found = _watched(api, lambda: _make(api, "after"), 2, resourceVersion=then)
    assert _told(found) == [("ADDED", "before"), ("ADDED", "after")]


def test_a_version_that_is_forgotten_is_an_error_of_410_and_the_end() -> None:
    api = _filled(6, window=2)
    (found,) = _watched(api, lambda: None, 99, resourceVersion="2")
    assert found[0] == "ERROR"
    assert (found[1]["code"], found[1]["reason"], found[1]["message"][:24]) == (
        410,
        "Expired",
        "too old resource version",
    )


def test_through_a_selector_objects_come_and_go() -> None:
    api = _filled(0)
    secrets = api.resource("v1", "Secret")
    made = _make(api, "one", on="no")

    def act() -> None:
        chosen = api.update(secrets, "default", _labelled(made, on="yes"), manager="test")
        api.update(secrets, "default", _labelled(chosen, on="no"), manager="test")

    found = _watched(api, act, 2, labelSelector="on=yes")
    assert _told(found) == [("ADDED", "one"), ("DELETED", "one")]
    assert found[1][1]["metadata"]["resourceVersion"] == str(api.objects.version)


def test_a_streamed_list_ends_with_a_bookmark_that_says_so() -> None:
    api = _filled(2)
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    found = _watched(api, lambda: None, 3, **query)
    assert [kind for kind, _ in found] == ["ADDED", "ADDED", "BOOKMARK"]
    assert found[2][1]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    with pytest.raises(StatusError, match="sendInitialEvents requires setting resourceVersionMatch"):
        _watched(api, lambda: None, 1, sendInitialEvents="true")


def test_bookmarks_come_each_minute_and_before_the_end() -> None:
    api = _filled(1)
    version = str(api.objects.version)
    found = _watched(api, lambda: None, 99, resourceVersion=version, allowWatchBookmarks="true", timeoutSeconds="90")
    assert [(kind, one["metadata"]["resourceVersion"]) for kind, one in found] == [("BOOKMARK", version)] * 2
    assert _watched(api, lambda: None, 99, resourceVersion=version, timeoutSeconds="90") == []


def test_a_token_tells_no_more_than_it_must() -> None:
    token = _page(_filled(3), limit=1).metadata["continue"]
    told = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    assert sorted(islice(told, 4)) == ["rv", "start", "v"]
