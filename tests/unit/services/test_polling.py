"""How often AWS is asked: seldom, at moments of chance, and not more often when it throttles. No test sleeps."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import islice

import pytest

from hpctl import timeouts
from hpctl.adapters.aws.clusters import AwsClusters
from hpctl.errors import ExitCode, UnavailableError
from hpctl.facts.ports import Ports
from hpctl.report.progress import Finished
from hpctl.services.polling import Waiting, rhythm
from hpctl.services.wait import until_gone, until_in_service
from tests.unit.adapters import test_clusters
from tests.unit.adapters.wire import Reply, Wire, connect, error, ok
from tests.unit.builders import NOW, a_cluster, a_live_group
from tests.unit.fake_calls import FakeClock
from tests.unit.fakes import FakeAccount

STEADY = 12
"""Looks after which the rhythm is steady."""

THROTTLED = error("ThrottlingException", "Rate exceeded")
TEN_MINUTES = timedelta(minutes=10)
CREATING = {**test_clusters.CLUSTER, "ClusterStatus": "Creating", "NodeProvisioningMode": None}


class Chance(FakeClock):
    """A clock with real chance, the same for everybody who starts with the same seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)  # noqa: S311  chance that repeats

    def jitter(self) -> float:
        return self._random.random()


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_the_steady_rhythm_is_one_look_in_fifteen_to_twenty_seconds(chance: float) -> None:
    clock = FakeClock()
    clock.chance = chance
    pauses = list(islice(rhythm(clock), 40))
    assert pauses[0] <= 4 / 3 * timeouts.POLL_FIRST_S
    assert all(timeouts.POLL_STEADY_S <= pause <= timeouts.POLL_CAP_S for pause in pauses[STEADY:])
    assert pauses[-1] == pytest.approx(15 + chance * 5)


def test_fifty_processes_on_one_cluster_drift_apart_and_each_asks_once_in_fifteen_seconds() -> None:
    moments = []
    for seed in range(50):
        account = FakeAccount()
        account.clusters.add(a_cluster("Creating", a_live_group(current=0)))
        clock = Chance(seed)
        ports = _with_clock(account.ports, clock)
        clock.at(600, lambda account=account: account.clusters.add(a_cluster()))  # type: ignore[misc]
        list(until_in_service(Waiting("ml-cluster", 3600, "again"), ports))
        assert min(clock.slept[STEADY:]) >= timeouts.POLL_STEADY_S
        assert max(clock.slept) <= timeouts.POLL_CAP_S
        moments.append(sum(clock.slept[:30]))
    busiest = max(sum(1 for other in moments if 0 <= other - moment < 1) for moment in moments)
    assert busiest <= 10, "of 50 processes that began at one moment, not more than 10 ask in one second half later"


class Storm(Wire):
    """AWS that throttles a share of all calls until a moment, and deletes a cluster later."""

    def __init__(self, clock: FakeClock, share: float, gone_after: timedelta) -> None:
        super().__init__()
        self._clock = clock
        self._share = share
        self._gone_at = NOW + gone_after
        self._random = random.Random(1)  # noqa: S311  chance that repeats

    def send(self, *arguments: object, **context: object) -> object:  # type: ignore[override]
        self._replies = [self._reply()]
        return super().send(*arguments, **context)  # type: ignore[arg-type]

    def _reply(self) -> Reply:
        now = self._clock.now()
        if now < NOW + TEN_MINUTES and self._random.random() < self._share:
            return THROTTLED
        return ok(CREATING) if now < self._gone_at else error("ResourceNotFound", "gone")


def calls(share: float, monkeypatch: pytest.MonkeyPatch) -> int:
    """Wait through the storm for a cluster to go, and return how often AWS was called."""
    clock = FakeClock()
    wire = Storm(clock, share, TEN_MINUTES)
    monkeypatch.setattr("botocore.endpoint.time.sleep", clock.sleep)
    ports = _with_clock(FakeAccount().ports, clock, AwsClusters(connect(wire)))
    *_, last = until_gone(Waiting("train", 3600, "again"), ports)
    assert isinstance(last, Finished)
    assert max(clock.slept) <= timeouts.POLL_CAP_S
    return len(wire.sent)


def test_a_throttle_storm_at_most_doubles_the_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = calls(0.0, monkeypatch)
    assert undisturbed < calls(0.3, monkeypatch) <= 2 * undisturbed


def test_a_storm_that_lets_nothing_through_ends_the_wait_as_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnavailableError) as raised:
        calls(1.0, monkeypatch)
    assert raised.value.exit_code == ExitCode.UNAVAILABLE
    assert raised.value.hint == "to go on waiting: again"


def _with_clock(ports: Ports, clock: FakeClock, clusters: AwsClusters | None = None) -> Ports:
    return replace(ports, clock=clock, clusters=clusters or ports.clusters)
