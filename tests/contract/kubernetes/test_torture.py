"""Torture of watches and lists: whatever happens on the way, what is seen in the end is what is there."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.contract.kubernetes.connection import Answer, lines
from tests.contract.kubernetes.mischief import Door, drawn
from tests.contract.kubernetes.objects import a_config_map
from tests.contract.kubernetes.space import Space
from tests.contract.kubernetes.view import View

CHANGES, WATCHERS = 500, 16
NAMES = tuple(f"m{number}" for number in range(24))
TEXTS = ("", "é" * 700, "日本語" * 400, "\U0001f680" * 300)
OURS = "room=torture"
MANY = 4_000


def mutate(space: Space, rng: random.Random) -> Answer:
    """Make, change, replace or delete one of some objects; not all of it is possible."""
    name, text = rng.choice(NAMES), rng.choice(TEXTS)
    place = space.path("configmaps", name)
    body = a_config_map(name, {"text": text, "n": str(rng.random())}, labels={"room": "torture"})
    match rng.randrange(5):
        case 0 | 1:
            return space.cluster.post(space.path("configmaps"), body)
        case 2:
            return space.cluster.patch(place, {"data": body["data"]})
        case 3:
            return space.cluster.put(place, body)
        case _:
            return space.cluster.delete(place)


def test_every_watcher_hears_the_same_history_from_where_it_begins(space: Space) -> None:
    rng = drawn(5)
    heard: dict[int, list[tuple[str, str, str]]] = {}
    threads = []
    first = space.get("configmaps", labelSelector=OURS).version
    for step in range(CHANGES):
        if step % (CHANGES // WATCHERS) == 0:
            version = space.get("configmaps", labelSelector=OURS).version
            threads.append(threading.Thread(target=_listen, args=(space, version, heard), daemon=True))
            threads[-1].start()
        mutate(space, rng)
    space.make("configmaps", a_config_map("end", labels={"room": "torture"}))
    for thread in threads:
        thread.join(30)
    _listen(space, first, heard)
    whole = heard[int(first)]
    versions = [int(version) for _, _, version in whole]
    assert versions == sorted({*versions})
    assert len(heard) >= WATCHERS
    for begin, story in heard.items():
        assert story == [row for row in whole if int(row[2]) > begin], f"from {begin} on"


def _listen(space: Space, version: str, heard: dict[int, list[tuple[str, str, str]]]) -> None:
    query = {"labelSelector": OURS, "resourceVersion": version, "timeoutSeconds": 30}
    story = []
    with space.cluster.watching(space.path("configmaps"), **query) as events:
        for event in events:
            about = event["object"]["metadata"]
            story.append((event["type"], about["name"], about["resourceVersion"]))
            if about["name"] == "end":
                break
    heard[int(version)] = story


@pytest.mark.parametrize("seed", range(4))
def test_a_view_behind_a_door_that_plays_up_ends_as_a_fresh_list(space: Space, seed: int) -> None:
    door = Door(space, "configmaps", drawn(seed), labels=OURS)
    view, stop = View(door), threading.Event()
    changing = threading.Thread(target=_change, args=(space, drawn(seed + 100), stop))
    changing.start()
    try:
        # The last change is a marker: who has heard of it has heard of all.
        view.follow(lambda view: "end" in view.objects)
    finally:
        stop.set()
        changing.join()
    door.calm = True
    fresh = space.get("configmaps", labelSelector=OURS)
    assert _essence(view.objects.values()) == _essence(fresh.body["items"])
    assert view.lists <= view.told_too_old + 1
    assert {"closed", "repeated", "late", "bookmark", "split"} <= {*door.done}, door.done


def _essence(objects: Iterable[dict[str, Any]]) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
    """Return what an object is but for its kind, which lists leave out."""
    return {item["metadata"]["name"]: (item["metadata"], item["data"]) for item in objects}


def _change(space: Space, rng: random.Random, stop: threading.Event) -> None:
    for _ in range(150):
        mutate(space, rng)
        if stop.wait(0.002):
            return
    large = a_config_map("large", {"text": "é" * 500_000}, labels={"room": "torture"})
    space.cluster.post(space.path("configmaps"), large)
    space.cluster.post(space.path("configmaps"), a_config_map("end", labels={"room": "torture"}))


def test_who_comes_back_too_late_is_told_so_and_lists_anew(space: Space) -> None:
    space.make("configmaps", a_config_map(labels={"room": "torture"}))
    page = space.get("configmaps", limit=1)
    old, token = page.version, page.body["metadata"].get("continue")
    place = space.path("configmaps", "one")
    for number in range(MANY):
        space.cluster.patch(place, {"data": {"n": str(number)}}).good()
        if number % 500 == 499 and (told := _too_old(space, old)):
            break
    else:
        pytest.skip(f"this cluster remembers more than {MANY} changes")
    assert (told["code"], told["reason"], told["status"]) == (410, "Expired", "Failure")
    assert "too old resource version" in told["message"]
    if token:
        answer = space.get("configmaps", limit=1, **{"continue": token})
        assert answer.refusal == (410, "Expired")
        rest = space.get("configmaps", limit=1, **{"continue": answer.body["metadata"]["continue"]})
        assert rest.code == 200
    view = View(Door(space, "configmaps", drawn(0), labels=OURS, calm=True), version=old)
    view.follow(lambda view: "one" in view.objects)
    assert (view.lists, view.told_too_old) == (1, 1)
    assert view.objects["one"]["data"]["n"] == str(number)


def _too_old(space: Space, version: str) -> dict[str, Any] | None:
    query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": 1, "labelSelector": OURS}
    with space.cluster.opened("GET", space.path("configmaps"), query=query) as answer:
        first: dict[str, Any] = json.loads(next(lines(answer)))
    if answer.status == 410:
        return first
    return first["object"] if first["type"] == "ERROR" else None


class Model(RuleBasedStateMachine):
    """Objects as they should be, beside those of the API."""

    space: Space

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._objects: dict[str, dict[str, str]] = {}
        self._versions: dict[str, list[str]] = {}
        self._told: Counter[str] = Counter()
        self._clear()
        self._since = self.space.get("configmaps", labelSelector=OURS).version

    def _clear(self) -> None:
        self.space.cluster.delete(self.space.path("configmaps"), labelSelector=OURS).good()

    def _place(self, name: str) -> str:
        return self.space.path("configmaps", name)

    def _kept(self, name: str, answer: Answer) -> None:
        self._objects[name] = answer.good()["data"]
        self._versions.setdefault(name, []).append(answer.version)

    @rule(name=st.sampled_from("abc"), value=st.text(st.characters(codec="utf-8"), max_size=5))
    def create(self, name: str, value: str) -> None:
        body = a_config_map(name, {"value": value}, labels={"room": "torture"})
        answer = self.space.cluster.post(self.space.path("configmaps"), body)
        if name in self._objects:
            assert answer.refusal == (409, "AlreadyExists")
        else:
            self._kept(name, answer)
            self._told["ADDED"] += 1

    @rule(name=st.sampled_from("abc"), key=st.sampled_from("xyz"), value=st.none() | st.text("ab", max_size=2))
    def patch(self, name: str, key: str, value: str | None) -> None:
        answer = self.space.cluster.patch(self._place(name), {"data": {key: value}})
        if name not in self._objects:
            assert answer.refusal == (404, "NotFound")
            return
        expected = {k: v for k, v in {**self._objects[name], key: value}.items() if v is not None}
        self._told["MODIFIED"] += expected != self._objects[name]
        assert answer.good().get("data", {}) == expected
        self._objects[name] = expected
        self._versions[name].append(answer.version)

    @precondition(lambda self: self._versions)
    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self._versions)))
        version = data.draw(st.sampled_from(self._versions[name]))
        body = a_config_map(name, {"value": "replaced"}, labels={"room": "torture"}, resourceVersion=version)
        answer = self.space.cluster.put(self._place(name), body)
        if name not in self._objects:
            assert answer.code in {404, 409}
        elif version != self._versions[name][-1]:
            assert answer.refusal == (409, "Conflict")
        else:
            self._told["MODIFIED"] += self._objects[name] != body["data"]
            self._kept(name, answer)

    @rule(name=st.sampled_from("abc"))
    def delete(self, name: str) -> None:
        answer = self.space.cluster.delete(self._place(name))
        assert answer.code == (200 if name in self._objects else 404)
        self._told["DELETED"] += name in self._objects
        self._objects.pop(name, None)

    @invariant()
    def what_is_listed_is_what_was_made(self) -> None:
        listed = self.space.get("configmaps", labelSelector=OURS).good()["items"]
        assert {item["metadata"]["name"]: item.get("data", {}) for item in listed} == self._objects

    def teardown(self) -> None:
        """Compare what a watch tells of it all."""
        query = {"labelSelector": OURS, "resourceVersion": self._since, "timeoutSeconds": 30}
        self._clear()
        self._told["DELETED"] += len(self._objects)
        heard: Counter[str] = Counter()
        if self._told:
            with self.space.cluster.watching(self.space.path("configmaps"), **query) as events:
                while heard.total() < self._told.total():
                    heard[next(events)["type"]] += 1
        assert +heard == +self._told


def test_objects_are_what_was_made_of_them(space: Space) -> None:
    machine = type("Bound", (Model,), {"space": space})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    told = settings(max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=checks, database=None)
    run_state_machine_as_test(machine, settings=told)
