"""Answers that cannot change while only HyperPod clusters do are asked for once: a case takes half the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from hpctl.checks import engine
from hpctl.report.check import CheckReport
from hpctl.sandbox.proxy.calls import call_of
from hpctl.sandbox.proxy.door import PAST_HEADER, Door
from hpctl.sandbox.proxy.wire import Answer, Request
from hpctl.services import create

_STEADY = frozenset({"ec2", "eks", "iam", "s3", "servicequotas", "sts"})
_MOVES_WITH_CLUSTERS = frozenset({"DescribeNetworkInterfaces"})

_real = Door._ask


@dataclass
class Remembered:
    """Stands between the proxy and the sandbox; the road from hpctl to the proxy stays what it is."""

    answers: dict[tuple[object, ...], Answer] = field(default_factory=dict)

    def stand_in(self, patch: pytest.MonkeyPatch) -> None:
        """Answer for the sandbox what it has answered before."""

        async def ask(door: Door, request: Request) -> Answer:
            return await self._ask(door, request)

        patch.setattr(Door, "_ask", ask)

    async def _ask(self, door: Door, request: Request) -> Answer:
        call = call_of(request, 0)
        unsteady = call.mutates or call.service not in _STEADY or call.operation in _MOVES_WITH_CLUSTERS
        if unsteady or request.header(PAST_HEADER):
            return await _real(door, request)
        key = (call.service, call.operation, request.method, request.target, request.body)
        if key not in self.answers:
            self.answers[key] = await _real(door, request)
        return self.answers[key]


def judged(patch: pytest.MonkeyPatch) -> None:
    """Let the checks judge once: the same spec in the same account gets the same verdict."""
    patch.setattr(create, "run_checks", _once(engine.run_checks))


def _once(run: Callable[..., CheckReport]) -> Callable[..., CheckReport]:
    verdicts: dict[str, CheckReport] = {}

    def run_once(checks: object, targets: tuple[object, ...], *others: object, **options: object) -> CheckReport:
        key = repr(targets)
        if key not in verdicts:
            verdicts[key] = run(checks, targets, *others, **options)
        return verdicts[key]

    return run_once
