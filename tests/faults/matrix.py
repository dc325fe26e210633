"""Each call of a command meets each fault: what the command says and does then, and what the same command does after.

Wherever a run ends, the same command again must come to the same account as a run that nothing disturbed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from hpctl.sandbox.proxy.calls import Call
from tests.faults import recorded
from tests.faults.commands import Mutating, Scope, Start, prepare
from tests.faults.digest import Digest, digest
from tests.faults.inprocess import Command, Ended, hurry

LASTING: dict[str, dict[str, Any]] = {
    "throttled": {"fault": "throttling"},
    "500": {"fault": "server-error", "status": 500},
    "503 with Retry-After": {"fault": "server-error", "status": 503, "retry_after_s": 7},
    "connection refused": {"fault": "refuse"},
    "reset before it is read": {"fault": "reset"},
    "reset after it took effect": {"fault": "lost-response"},
    "no answer": {"fault": "stall"},
    "half an answer": {"fault": "truncate"},
    "credentials expired": {"fault": "expired-credentials"},
}
"""The faults by what a person calls them."""

ONCE = tuple(name for name in LASTING if name != "credentials expired")
"""Those that may strike a single try: what has expired stays so."""

_FROM_THERE_ON = frozenset({"refuse", "expired-credentials"})
"""These strike every call that comes later, the others every try of the one operation."""

_SHARED = frozenset({"ec2", "iam", "s3", "servicequotas"})
_LATER_S = 3600.0
_MADE_ONCE = ("CreateCluster", "UpdateClusterSoftware", "DeleteCluster")
_NO_WORDS = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://127.0.0.1:PORT"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "RUN"),
    (re.compile(r"(?<=:cluster/)[a-z0-9]{12}\b"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
)


@dataclass(frozen=True)
class Struck:
    """A call by its operation and by which one of that operation it is; `number` is its place among all calls."""

    operation: str
    which: int
    number: int
    mutates: bool

    def __str__(self) -> str:
        return f"{self.operation} {self.which}"

    def fault(self, told: dict[str, Any], *, once: bool = False) -> dict[str, Any]:
        """Return the fault that strikes this call, and what comes after it unless it does so once."""
        if told["fault"] == "refuse":
            return {**told, "skip": self.number - 1, **({"for_s": 0.01} if once else {})}
        if told["fault"] in _FROM_THERE_ON:
            return {**told, "skip": self.number - 1}
        service, _, operation = self.operation.partition(":")
        scope = {"service": service, "operation": operation, "skip": self.which - 1}
        return {**told, **scope, **({"count": 1} if once else {})}


def numbered(calls: tuple[Call, ...]) -> Iterator[Struck]:
    """Yield every call with its place."""
    seen: Counter[str] = Counter()
    for number, call in enumerate(calls, 1):
        seen[str(call)] += 1
        yield Struck(str(call), seen[str(call)], number, call.mutates)


def to_strike(calls: tuple[Call, ...], command: Mutating) -> tuple[Struck, ...]:
    """Return the calls that differ: of reads for the checks the first of an operation, of looks the first and last.

    All others of HyperPod's count, since each decides something else.
    """
    found = tuple(numbered(calls))
    changes = [one.number for one in found if one.mutates]
    before = [one for one in found if one.number <= changes[-1]]
    after = [one for one in found if one.number > changes[-1]]
    chosen = [one for one in before if one.operation.startswith("sagemaker:") or one.which == 1]
    match command.scope:
        case Scope.CHANGES:
            return tuple(one for one in found if one.mutates)
        case Scope.BUT_SHARED_READS:
            chosen = [one for one in chosen if one.operation.partition(":")[0] not in _SHARED]
    for operation in dict.fromkeys(one.operation for one in after):
        looks = [one for one in after if one.operation == operation]
        chosen += dict.fromkeys((looks[0], looks[-1]))
    return tuple(chosen)


def cells(call: Struck) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the faults that strike a call, by name; a call that changes something is also struck once only."""
    for name, told in LASTING.items():
        yield name, call.fault(told)
        if call.mutates and name in ONCE:
            yield f"{name} (once)", call.fault(told, once=True)


@contextmanager
def kept(failing: list[str], case: str) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        failing.append(f"{case}: {error}")


@dataclass
class Bench:
    """A command on the bench: what it does undisturbed, and how it does when it is struck."""

    command: Mutating
    hpctl: Command
    folder: Path
    patch: pytest.MonkeyPatch
    start: Start
    calls: tuple[Call, ...]
    end: Digest
    effects: tuple[str, ...]
    _converged: dict[str, recorded.Row] = field(default_factory=dict)

    @classmethod
    def set_up(cls, command: Mutating, hpctl: Command, folder: Path, kept: Path, patch: pytest.MonkeyPatch) -> Bench:
        """Prepare the command and run it undisturbed."""
        start = prepare(command, hpctl, folder, kept)
        for _ in range(
            2 if command.scope is Scope.AFTER_THE_CHECKS else 1
        ):  # the first run is the one in which the checks judge
            start.again(hpctl, folder)
            ended = hpctl(*command.words)
            assert ended.code == ExitCode.OK, ended
        sandbox = hpctl.sandbox
        return cls(command, hpctl, folder, patch, start, sandbox.proxy.calls, digest(sandbox), sandbox.effects)

    def to_strike(self) -> tuple[Struck, ...]:
        """Return the calls that are struck."""
        return to_strike(self.calls, self.command)

    def found(self) -> list[str]:
        """Return the calls by name; where the matrix is recorded, strike each of them and write down what it gives."""
        if recorded.RECORDING:
            self._record()
            pytest.skip("recorded anew")
        return [str(call) for call in self.to_strike()]

    def _record(self) -> None:
        found: list[recorded.Row] = []
        failing: list[str] = []
        for call in self.to_strike():
            for name, fault in cells(call):
                with kept(failing, f"{call}, {name}"):
                    found.append(self.row(call, name, fault))
        recorded.write(self.command.file, found)
        assert not failing, "\n\n".join(failing)

    def outcomes(self, call: str) -> list[recorded.Row]:
        """Return what becomes of the command when the call of that name is struck."""
        struck = (one for one in self.to_strike() if str(one) == call)
        return [self.row(one, name, fault) for one in struck for name, fault in cells(one)]

    def demand_expiry_is_survived(self) -> None:
        """Let the credentials expire at each call of all; only where nothing depends on the rest is it done."""
        for number in range(1, len(self.calls) + 1):
            ended = self.struck({"fault": "expired-credentials", "skip": number - 1})
            assert ended.code == ExitCode.ACCESS or (ended.code == ExitCode.OK and number > len(self.calls) - 3), ended
            if ended.code != ExitCode.OK:
                assert "run `aws configure`" in ended.err, ended
            self.afterwards(ended)

    def row(self, call: Struck, name: str, fault: dict[str, Any]) -> recorded.Row:
        """Strike the command with a fault and run it again; return how both ended."""
        ended = self.struck(fault)
        row = {"call": str(call), "fault": name, "exit": ended.code, "said": said(ended)}
        return row | self.afterwards(ended)

    def struck(self, *faults: dict[str, Any]) -> Ended:
        """Run the command from its start with faults in force."""
        self.start.again(self.hpctl, self.folder)
        sandbox = self.hpctl.sandbox
        sandbox.put(*faults)
        stalls = any(told["fault"] == "stall" for told in faults)
        if stalls:
            hurry(self.patch, sandbox, read_s=0.3, attempts=2)
        ended = self.hpctl(*self.command.words)
        sandbox.proxy.clear()
        hurry(self.patch, sandbox, read_s=20.0)
        demand_clean(ended)
        self.demand_sound_records()
        return ended

    def afterwards(self, ended: Ended) -> recorded.Row:
        """Run the same command again, now and from the same moment an hour later, unless it has ended well."""
        sandbox = self.hpctl.sandbox
        if ended.code == ExitCode.OK:
            self.demand_end(ended)
            return {"again": None}
        state = self._state()
        if state not in self._converged:
            moment, records = sandbox.keep(), self._records()
            effects = sandbox.effects
            codes = set()
            for wait_s in (0.0, _LATER_S):
                sandbox.reset(moment)
                self._bring_back(records)
                sandbox.time.sleep(wait_s)
                again = self.hpctl(*self.command.words)
                demand_clean(again)
                self.demand_end(again, effects)
                codes.add(again.code)
            assert codes == {ExitCode.OK}, (ended, again)
            self._converged[state] = {"again": ExitCode.OK}
        return self._converged[state]

    def demand_end(self, ended: Ended, before: tuple[str, ...] = ()) -> None:
        """Fail unless the account is what an undisturbed run makes of it, and each thing was made once."""
        sandbox = self.hpctl.sandbox
        assert digest(sandbox) == self.end, ended
        effects = (*before, *sandbox.effects)
        for operation in _MADE_ONCE:
            assert effects.count(operation) == self.effects.count(operation), (effects, ended)
        self.demand_sound_records()

    def demand_sound_records(self) -> None:
        """Fail when a line of the journal cannot be read."""
        for journal in (self.folder / "state").rglob("*.jsonl"):
            for line in journal.read_text(encoding="utf-8").splitlines():
                assert json.loads(line)["entry"] in ("intent", "effect", "failed", "done")

    def _records(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (self.folder / "state").rglob("*") if path.is_file()}

    def _bring_back(self, records: dict[Path, bytes]) -> None:
        for path, content in records.items():
            path.write_bytes(content)

    def _state(self) -> str:
        """Return all that the next run of the command can see: one that began there need not begin there again."""
        records = {
            path.name: [_recorded(line) for line in content.decode().splitlines()]
            for path, content in self._records().items()
            if path.suffix == ".jsonl"
        }
        return json.dumps([digest(self.hpctl.sandbox), records, self.hpctl.sandbox.effects], sort_keys=True)


def _recorded(line: str) -> list[object]:
    told = json.loads(line)
    return [told.get(member) for member in ("entry", "purpose", "verb", "digest", "error")]


def demand_clean(ended: Ended) -> None:
    """Fail when a command ended as a bug does, or with a code that is not documented."""
    assert ended.code in set(ExitCode), ended
    assert ended.code != ExitCode.BUG, ended
    assert "Traceback" not in ended.out + ended.err, ended


def said(ended: Ended) -> str:
    """Return the error's first line, without what differs from run to run; empty when there is none."""
    lines = (line for line in ended.err.splitlines() if line.startswith("error: "))
    told = next(lines, "").removeprefix("error: ")
    for pattern, word in _NO_WORDS:
        told = pattern.sub(word, told)
    return told
