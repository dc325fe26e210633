from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import pytest

from hpctl.sandbox.kube.controllers.loop import Key
from hpctl.sandbox.kube.controllers.owners import key_of
from hpctl.sandbox.kube.ports import Api
from hpctl.sandbox.kube.resources import Event, Object
from hpctl.sandbox.kube.status import StatusError, not_here
from tests.unit.sandbox.kube.controllers.stage import Stage, staged


class Watching:
    """Notes when each ConfigMap is reconciled, and does what it is told."""

    def __init__(self, api: Api, act: Callable[[Key], float | None] = lambda _: None) -> None:
        self.watches = (api.resource("v1", "ConfigMap"),)
        self.seen: list[tuple[float, Key]] = []
        self.act = act
        self._api = api

    def keys(self, event: Event) -> Iterator[Key]:
        if event.object["metadata"]["name"] != "kube-root-ca.crt":
            yield key_of(event.object)

    def reconcile(self, key: Key) -> float | None:
        moment = (self._api.now - self._api.now.replace(hour=12, minute=0, second=0, microsecond=0)).total_seconds()
        self.seen.append((round(moment, 3), key))
        return self.act(key)


@pytest.fixture
def watching() -> Iterator[tuple[Stage, Watching]]:
    made: list[Watching] = []

    def make(api: Api) -> Watching:
        made.append(Watching(api))
        return made[0]

    with staged(make) as stage:
        yield stage, made[0]


def config(name: str) -> Object:
    return {"kind": "ConfigMap", "metadata": {"name": name}}


def test_what_changes_is_reconciled_and_then_nothing(watching: tuple[Stage, Watching]) -> None:
    stage, controller = watching
    stage.create(config("a"))
    stage.wait(100)
    assert controller.seen == [(0.0, ("default", "a"))]
    stage.change("ConfigMap", "a", {"data": {"x": "y"}})
    stage.wait(100)
    assert controller.seen[1:] == [(100.0, ("default", "a"))]


def test_many_changes_of_one_key_are_reconciled_once(watching: tuple[Stage, Watching]) -> None:
    stage, controller = watching
    stage.wait(1)
    stage.create(config("a"))
    for number in range(50):
        stage.change("ConfigMap", "a", {"data": {"x": str(number)}})
    stage.wait(1)
    assert len(controller.seen) < 5


def test_a_key_is_looked_at_again_when_it_asks_for_it_and_a_change_comes_before(
    watching: tuple[Stage, Watching],
) -> None:
    stage, controller = watching
    controller.act = lambda _: 30.0 if len(controller.seen) < 3 else None
    stage.create(config("a"))
    stage.wait(10)
    stage.change("ConfigMap", "a", {"data": {"x": "y"}})
    stage.wait(100)
    assert [moment for moment, _ in controller.seen] == [0.0, 10.0, 40.0]


@pytest.mark.parametrize("error", [partial(not_here, "x"), KeyError, TypeError])
def test_what_fails_is_tried_again_later_each_time_and_holds_up_nobody(
    watching: tuple[Stage, Watching], error: Callable[[], Exception], caplog: pytest.LogCaptureFixture
) -> None:
    stage, controller = watching

    def act(key: Key) -> None:
        if key[1] == "bad":
            raise error()

    controller.act = act
    with caplog.at_level(logging.ERROR):
        stage.create(config("bad"))
        stage.create(config("good"))
        stage.wait(400)
    times = [moment for moment, key in controller.seen if key[1] == "bad"]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == pytest.approx([min(0.005 * 2**number, 60) for number in range(len(gaps))], abs=0.002)
    assert gaps[-1] > 59
    assert [key for _, key in controller.seen if key[1] == "good"] == [("default", "good")]
    assert bool(caplog.records) is not isinstance(error(), StatusError)


def test_a_success_forgets_the_failures_before_it(watching: tuple[Stage, Watching]) -> None:
    stage, controller = watching
    bad = [True]

    def act(_: Key) -> None:
        if bad[0]:
            raise not_here("x")

    controller.act = act
    stage.create(config("a"))
    stage.wait(50)
    bad[0] = False
    stage.wait(100)
    count = len(controller.seen)
    bad[0] = True
    stage.change("ConfigMap", "a", {"data": {"x": "y"}})
    stage.wait(0.006)
    assert len(controller.seen) == count + 2
