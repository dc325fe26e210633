"""AWS throttles for minutes, and many wait for one cluster: few calls, few lines, and an end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from hpctl import timeouts
from hpctl.adapters.aws.clusters import AwsClusters
from hpctl.adapters.local.clock import SystemClock
from hpctl.errors import ExitCode
from hpctl.facts.records import Cluster
from tests.faults.inprocess import Command
from tests.faults.inside import Inside, Kept
from tests.functional.cli import specs

CREATE = ("cluster", "create", "-f", "cluster.yaml", "--yes")
WAIT = ("cluster", "create", "--plan", "plan", "--yes")
_describe = AwsClusters.describe
SLOW_S = 900.0
"""A creation as slow as AWS's, so that a storm of ten minutes is within it."""


@pytest.fixture
def slow(sandbox: Inside, hpctl: Command, monkeypatch: pytest.MonkeyPatch) -> Inside:
    monkeypatch.setattr(sandbox._gateway, "_pace", SLOW_S)
    specs.write(Path.cwd(), specs.eks("a"))
    return sandbox


@pytest.fixture
def begun(slow: Inside, hpctl: Command) -> Kept:
    """The moment at which the cluster was asked for; what is run from there on only waits."""
    return _asked_for(slow, hpctl)


def _asked_for(slow: Inside, hpctl: Command) -> Kept:
    assert hpctl("cluster", "plan", "-f", "cluster.yaml", "--out", "plan").code == ExitCode.OK
    assert hpctl(*WAIT, "--no-wait").code == ExitCode.OK
    return slow.keep()


@pytest.mark.scorecard(51)
def test_a_storm_of_ten_minutes_costs_no_more_than_twice_the_calls(slow: Inside, hpctl: Command, begun: Kept) -> None:
    slow.reset(begun)
    assert hpctl(*WAIT).code == ExitCode.OK
    calm = len(slow.proxy.calls)
    slow.reset(begun)
    slow.put({"fault": "throttling", "share": 0.3, "seed": 1, "for_s": 600})
    ended = hpctl(*WAIT)
    assert ended.code == ExitCode.OK, ended
    assert calm < len(slow.proxy.calls) <= 2 * calm
    assert max(slow.time.slept) <= timeouts.POLL_CAP_S


def test_a_storm_lets_no_more_than_one_line_in_ten_seconds_through(slow: Inside, hpctl: Command, begun: Kept) -> None:
    slow.put({"fault": "throttling", "share": 0.3, "seed": 2, "for_s": 600})
    ended = hpctl(*WAIT)
    assert ended.code == ExitCode.OK, ended
    told = [line for line in ended.err.splitlines() if "Creating (" in line]
    assert 1 < len(told) <= (slow.time.now() - begun.at).total_seconds() / 10 + 1


@pytest.mark.parametrize("skip", [0, 1], ids=["from the start", "after the first call"])
def test_five_minutes_without_any_answer_end_with_how_to_go_on(slow: Inside, hpctl: Command, skip: int) -> None:
    slow.put({"fault": "throttling", "skip": skip})  # no bound: checks side by side move the clock on for each other
    _end_in_a_storm(slow, hpctl)


def test_five_minutes_without_any_answer_while_it_waits_end_with_how_to_go_on(
    slow: Inside, hpctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    _storm_when_it_waits(slow, monkeypatch)
    told = _end_in_a_storm(slow, hpctl)
    assert "to go on waiting: hpctl cluster create -f cluster.yaml --yes" in told


def _storm_when_it_waits(slow: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a storm of five minutes begin with the first pause after the cluster was asked for."""

    def sleep(seconds: float) -> None:
        if "CreateCluster" in slow.effects and not storms:
            storms.append(slow.time.now())
            slow.put({"fault": "throttling", "for_s": 300})
        slow.time.sleep(seconds)

    storms: list[datetime] = []
    monkeypatch.setattr(SystemClock, "sleep", staticmethod(sleep))


def _end_in_a_storm(slow: Inside, hpctl: Command) -> str:
    """Return what a create that the storm ends tells; the next one, after the storm, finds its cluster or makes it."""
    ended = hpctl(*CREATE)
    assert ended.code == ExitCode.UNAVAILABLE, ended
    assert "Rate exceeded" in ended.err
    slow.time.sleep(300)
    slow.proxy.clear()
    again = hpctl(*CREATE)
    assert again.code == ExitCode.OK, again
    assert slow.effects.count("CreateCluster") == 1
    return ended.err


@pytest.mark.scorecard(51)
@pytest.mark.timeout(300)
def test_fifty_that_wait_for_one_cluster_each_ask_every_fifteen_seconds_at_most_and_drift_apart(
    slow: Inside, hpctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow._gateway, "_pace", SLOW_S / 3)
    begun = _asked_for(slow, hpctl)
    looks: list[list[datetime]] = []
    seen: dict[datetime, Cluster] = {}
    for seed in range(50):
        slow.reset(begun)
        looks.append([])
        chance = Random(seed)  # noqa: S311  not for secrets
        monkeypatch.setattr(SystemClock, "jitter", staticmethod(chance.random))
        monkeypatch.setattr(AwsClusters, "describe", _noting(slow, looks[-1], seen))
        assert hpctl(*WAIT).code == ExitCode.OK
    steady = begun.at + timedelta(seconds=60)
    for one in looks:
        late = [moment for moment in one if moment > steady]
        pauses = [(after - before).total_seconds() for before, after in pairwise(late)]
        assert len(pauses) > 8
        assert min(pauses[:-1]) >= timeouts.POLL_STEADY_S
        assert max(pauses) <= timeouts.POLL_CAP_S
    last = begun.at + timedelta(seconds=180)
    seconds = Counter(int((moment - last).total_seconds()) for one in looks for moment in one if moment > last)
    assert max(seconds.values()) <= 15


def _noting(sandbox: Inside, looks: list[datetime], seen: dict[datetime, Cluster]) -> Callable[..., Cluster]:
    """Note when a waiter looks; the first asks AWS, the others see what it had seen by then: an answer costs time."""
    others = dict(seen)

    def describe(clusters: AwsClusters, name: str) -> Cluster:
        now = sandbox.time.now()
        looks.append(now)
        by_then = [moment for moment in others if moment <= now]
        if by_then:
            return others[max(by_then)]
        seen[now] = _describe(clusters, name)
        return seen[now]

    return describe
