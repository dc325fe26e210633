"""A log that begins anew is another instance's, if the pod's status says so, be it a little later."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest

from hpctl import timeouts
from hpctl.facts.jobs import ContainerState, Pod
from hpctl.report.logs import LogGap, LogSource
from hpctl.services.job.log_pipe import Pipe
from hpctl.services.job.log_reader import Reader
from hpctl.services.job.log_sight import Look, Sight
from hpctl.services.job.log_tape import LogWish, Way
from tests.unit.builders import NOW
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job, a_pod

SOURCE = LogSource("rank 0", 0, "train-0", "pytorch")


def running(restarts: int) -> Pod:
    return a_pod(0, "Running", ContainerState("pytorch", running=True, restarts=restarts))


class Told(Sight):
    """Tells one state of the pod after the other, the last for ever."""

    def __init__(self, *pods: Pod) -> None:
        self.pods, self.looks = list(pods), 0

    def look(self) -> Look:
        pod = self.pods[min(self.looks, len(self.pods) - 1)]
        self.looks += 1
        return Look(NOW, a_job(), {pod.uid: pod})


class Kept(Pipe):
    """Keeps what is put into it."""

    def __init__(self) -> None:
        self.kept: list[object] = []

    def put(self, step: object) -> None:
        self.kept.append(step)


def gaps(monkeypatch: pytest.MonkeyPatch, *pods: Pod) -> tuple[int, int]:
    """Return how many gaps a reader tells that followed the first and lost its place, and how often it looked."""
    monkeypatch.setattr(timeouts, "LOG_LOOK_S", 0.0)
    sight, pipe = Told(*pods), Kept()
    reader = Reader(pods[0], SOURCE, LogWish(follow=True), Way(AT.eks, FakeAccount().ports, sight, pipe, Event()))
    reader.from_birth()
    reader._jump()
    return len([one for one in pipe.kept if isinstance(one, LogGap)]), sight.looks


def test_a_status_that_comes_late_makes_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gaps(monkeypatch, running(0), running(0), running(1)) == (0, 3)


def test_a_log_that_was_rotated_is_told_as_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gaps(monkeypatch, running(0)) == (1, 3)


def test_of_a_pod_that_has_ended_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = replace(running(0), phase="Failed")
    assert gaps(monkeypatch, ended) == (1, 1)
