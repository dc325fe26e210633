"""Each call of a job's command meets each fault: how the command ends, what is left, and how the same ends after."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import botocore.auth
import pytest

from hpctl import timeouts
from hpctl.checks.engine import run_checks
from hpctl.errors import ExitCode
from hpctl.report.check import CheckReport
from hpctl.services.job import check
from tests.faults import commands, matrix, recorded
from tests.faults.commands import Start
from tests.faults.front import KubeFault
from tests.faults.inprocess import Command, Ended, hurry
from tests.faults.job_verbs import NAME, SUBMIT, Begin, JobVerb
from tests.faults.kubernetes import Kept, Kubernetes
from tests.faults.matrix import demand_clean, said

LASTING: Final = {
    "429 with Retry-After": "throttling",
    "500": "server-error",
    "503 with Retry-After": "unavailable",
    "connection refused": "refuse",
    "reset before it is read": "reset",
    "reset after it took effect": "lost-response",
    "no answer": "stall",
    "half an answer": "truncate",
    "not Kubernetes": "garbage",
    "401": "unauthorized",
    "403": "forbidden",
}
"""The faults by what a person calls them."""

ONCE: Final = tuple(name for name in LASTING if name not in ("connection refused", "403"))
"""Those that may strike a single try; a 401 is a token that has expired then."""

SOME: Final = ("503 with Retry-After", "half an answer", "403")
"""What the calls meet that are read by the code that all reads go through."""

_AWS: Final = {name: told for name, told in matrix.LASTING.items() if told["fault"] != "stall"}
_STALLED_S: Final = 1.0
"""Long enough for every answer that does come, on a busy machine too."""
_GARBAGE_S: Final = 5.0
_PAUSE_S: Final = 0.002
_OF_THE_MOMENT: Final = re.compile(r"\b\d+(\.\d+)? ?(s|m|min)\b|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?")


@dataclass
class Made:
    """The cluster, once one has been made, and the folder for its files."""

    kept: Path
    start: Start | None = None


@dataclass
class JobBench:
    """A job's command on the bench, as `matrix.Bench` is one for a cluster's."""

    verb: JobVerb
    hpctl: Command
    folder: Path
    patch: pytest.MonkeyPatch
    start: Start
    kubernetes: Kubernetes
    nothing: list[str]
    kept: Kept
    _before: list[str]
    end: list[str] = field(default_factory=list)
    out: str = ""
    err: str = ""
    calls: tuple[str, ...] = ()
    _verdict: CheckReport | None = None
    _again: dict[str, recorded.Row] = field(default_factory=dict)

    @classmethod
    def set_up(cls, verb: JobVerb, hpctl: Command, folder: Path, patch: pytest.MonkeyPatch, made: Made) -> JobBench:
        """Make a cluster, let its nodes join and the job be there, and run the command undisturbed."""
        sandbox = hpctl.sandbox
        # A token is signed in the time of those who judge it.
        patch.setattr(botocore.auth, "get_current_datetime", lambda *_: sandbox.time.now().replace(tzinfo=None))
        patch.setattr(timeouts, "LOG_AGAIN_S", _PAUSE_S)
        patch.setattr(timeouts, "LOG_AGAIN_CAP_S", _PAUSE_S)
        start = made.start = made.start or commands.prepare(commands.DELETE_EKS, hpctl, folder, made.kept)
        start.again(hpctl, folder)
        kubernetes = Kubernetes(sandbox.front)
        _well(hpctl("job", "list"))
        kubernetes.furnish()
        nothing = kubernetes.digest()
        if verb.begin is not Begin.NOTHING:
            _well(hpctl(*SUBMIT.words))
            kubernetes.begin(NAME, phase=verb.begin.value)
        bench = cls(verb, hpctl, folder, patch, start, kubernetes, nothing, kubernetes.keep(), kubernetes.digest())
        bench.undisturbed()
        return bench

    def undisturbed(self) -> None:
        """Run the command and remember how it ended, and what its checks said."""

        def judge(*told: Any, **options: Any) -> CheckReport:
            self._verdict = run_checks(*told, **options)
            return self._verdict

        with self.patch.context() as patch:
            patch.setattr(check, "run_checks", judge)
            ended = self._run()
        _well(ended)
        self.end, self.out, self.err = self._settled(), _lasting(ended.out), _lasting(ended.err)
        self.calls = tuple(map(str, self.hpctl.sandbox.front.calls))

    def found(self) -> list[str]:
        """Return the calls that are struck, those that the command makes; where it is recorded, do so."""
        if recorded.RECORDING:
            self._record()
            pytest.skip("recorded anew")
        return self.to_strike()

    def to_strike(self) -> list[str]:
        """Return the calls of the command that are struck, of AWS first."""
        wanted = (*self.verb.every, *self.verb.some)
        return [*self.verb.aws, *(call for call in dict.fromkeys(self.calls) if call in wanted)]

    def outcomes(self, call: str) -> list[recorded.Row]:
        """Return what becomes of the command when the call of that name is struck."""
        return list(self._aws(call) if call in self.verb.aws else self._kubernetes(call))

    def _record(self) -> None:
        failing: list[str] = []
        found: list[recorded.Row] = []
        for call in self.to_strike():
            with matrix.kept(failing, call):
                found += self.outcomes(call)
        recorded.write(self.verb.recorded, found)
        assert not failing, "\n\n".join(failing)

    def _aws(self, call: str) -> Iterator[recorded.Row]:
        service, _, operation = call.partition(":")
        for name, told in _AWS.items():
            from_there_on = told["fault"] in ("refuse", "expired-credentials")
            self._begin()
            self.hpctl.sandbox.put({**told, **({} if from_there_on else {"service": service, "operation": operation})})
            yield self._row(call, name)

    def _kubernetes(self, call: str) -> Iterator[recorded.Row]:
        for name, fault in faults(self.verb, call):
            yield self._struck(call, name, fault)

    def _struck(self, call: str, name: str, fault: KubeFault) -> recorded.Row:
        self._begin()
        self.hpctl.sandbox.front.fault = fault
        if fault.kind == "stall":
            hurry(self.patch, self.hpctl.sandbox, read_s=_STALLED_S)
            self.patch.setattr(timeouts, "KUBE_ATTEMPTS", 2 if fault.count else 1)
            self.patch.setattr(timeouts, "FOLLOW_MISSED", 2)
        try:
            with self.patch.context() as patch:
                if call in self.verb.every and self._verdict:  # none of the calls of its checks is struck
                    patch.setattr(check, "run_checks", lambda *_, **__: self._verdict)
                return self._row(call, name)
        finally:
            hurry(self.patch, self.hpctl.sandbox, read_s=20.0)
            self.patch.setattr(timeouts, "KUBE_ATTEMPTS", 3)
            self.patch.setattr(timeouts, "FOLLOW_MISSED", 20)

    def _row(self, call: str, name: str) -> recorded.Row:
        ended = self.hpctl(*self.verb.words)
        self._clear()
        demand_clean(ended)
        told = said(ended) or self._remarked(ended)
        row = {"call": call, "fault": name, "exit": ended.code, "said": told}
        if ended.code == ExitCode.OK and not told:
            assert (self._settled(), _lasting(ended.out)) == (self.end, self.out), ended
            return row | {"left": [], "again": None}
        return row | self._afterwards()

    def _remarked(self, ended: Ended) -> str:
        """Return the first line that an undisturbed run does not print."""
        usual = {line.strip() for line in f"{self.out}\n{self.err}".splitlines()}
        lines = (line.strip() for line in _lasting(f"{ended.err}\n{ended.out}").splitlines())
        return next((line for line in lines if line not in usual), "")

    def _afterwards(self) -> recorded.Row:
        """Run the same command again; what a submission made must all go with its job."""
        now = self._settled()
        left, state = [one for one in now if one not in self._before], "\n".join(now)
        if state not in self._again:
            self.hpctl.sandbox.reset(self.start.account)
            again = self.hpctl(*self.verb.words)
            demand_clean(again)
            self._demand_end(again)
            self._again[state] = {"left": sorted(map(_named, left)), "again": again.code}
        return self._again[state]

    def _demand_end(self, again: Ended) -> None:
        if self.verb is not SUBMIT:
            assert again.code in (ExitCode.OK, ExitCode.NOT_FOUND), again
            assert [*filter(_is_lasting, self._settled())] == [*filter(_is_lasting, self.end)], again
            return
        assert again.code in (ExitCode.OK, ExitCode.CONFLICT), again
        _well(self.hpctl("job", "describe", NAME))
        _well(self.hpctl("job", "delete", NAME, "--yes"))
        assert self._settled() == self.nothing, again

    def _run(self) -> Ended:
        self._begin()
        return self.hpctl(*self.verb.words)

    def _begin(self) -> None:
        self.start.again(self.hpctl, self.folder)
        self.kubernetes.bring_back(self.kept)

    def _clear(self) -> None:
        self.hpctl.sandbox.proxy.clear()
        self.hpctl.sandbox.front.clear()

    def _settled(self) -> list[str]:
        """Return what goes with jobs once the garbage collector has had its turn."""
        until = time.monotonic() + _GARBAGE_S
        while self.kubernetes.collects() and time.monotonic() < until:
            time.sleep(0.005)
        return self.kubernetes.digest()


def faults(verb: JobVerb, call: str) -> Iterator[tuple[str, KubeFault]]:
    """Yield what strikes a call to Kubernetes, by name; to wait for an answer once more shows no more elsewhere."""
    for name, kind in LASTING.items():
        if name not in SOME and call not in verb.every:
            continue
        yield name, KubeFault(kind, call)
        if name in ONCE and call in verb.every and (kind != "stall" or verb is SUBMIT):
            yield f"{name} (once)", KubeFault(kind, call, count=1)


def _well(ended: Ended) -> None:
    assert ended.code == ExitCode.OK, ended


def _named(told: str) -> str:
    found: dict[str, Any] = json.loads(told)
    return f"{found['kind']} {found['metadata']['name']}"


def _is_lasting(told: str) -> bool:
    """Whether it is no pod: nobody makes or ends these here but hpctl."""
    return str(json.loads(told)["kind"]) != "Pod"


def _lasting(out: str) -> str:
    return _OF_THE_MOMENT.sub("TIME", out)
