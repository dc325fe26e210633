"""The journal's format: what a run of a command set out to do at AWS, and how far it came.

A line is one entry. `intent` stands before a call, `effect` after AWS took it, `failed` when it did not (or when what
was made failed later), `done` when all that the run was for is reached. No entry holds a request or a secret: of a
request it keeps the digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from hpctl.errors import HpctlError, StateError, UnavailableError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Identity
from hpctl.plan.tags import digest_of
from hpctl.report.action import FIX_VERBS, Action
from hpctl.report.plan import PlanReport

Deed = Literal["create", "update", "update-software", "delete", "reboot", "replace"]
"""What is done to a cluster itself, or to its nodes."""

Purpose = Deed | Literal["fix"]
Entry = Literal["intent", "effect", "failed", "done"]
Line = Mapping[str, object]

_MAYBE: Final = UnavailableError.code
"""The error after which nobody knows whether AWS took the call."""


def key_of(identity: Identity, cluster: str) -> str:
    """Return what names the records of a cluster on this machine."""
    return f"{identity.account}.{identity.region}.{cluster}"


def purpose_of(plan: PlanReport) -> Purpose:
    """Return what the plan is for: tags alone are an update."""
    if any(action.verb in FIX_VERBS for action in plan.actions):
        return "fix"
    verbs: list[Purpose] = [
        action.verb
        for action in plan.actions
        if action.verb in ("create", "delete", "update-software", "reboot", "replace")
    ]
    return verbs[0] if verbs else "update"


@dataclass(frozen=True)
class Run:
    """One run of a command, as the journal has it; `lines` are its entries, oldest first."""

    run_id: str
    purpose: str
    began: datetime
    lines: tuple[Line, ...]

    @property
    def unfinished(self) -> bool:
        """Whether there is something to go on with."""
        last = self.lines[-1]
        return last["entry"] in ("intent", "effect") or last.get("error") == _MAYBE

    @property
    def under_way(self) -> str | None:
        """The step of which nobody knows whether AWS took it, as `create cluster/NAME`."""
        last = self.lines[-1]
        return f"{last['verb']} {last['subject']}" if last["entry"] == "intent" else None

    @property
    def arn(self) -> str | None:
        """The ARN of the cluster that the run works on, as far as it was told."""
        return next((str(line["arn"]) for line in reversed(self.lines) if line.get("arn")), None)

    @property
    def effects(self) -> int:
        """How many steps AWS took."""
        return sum(line["entry"] == "effect" for line in self.lines)

    def had_effect(self, action: Action) -> bool:
        """Whether AWS took this very action."""
        return any(line["entry"] == "effect" and _is_of(action, line) for line in self.lines)

    def intended(self, action: Action) -> bool:
        """Whether this very action was begun."""
        return any(line["entry"] == "intent" and _is_of(action, line) for line in self.lines)


def _is_of(action: Action, line: Line) -> bool:
    return line.get("verb") == action.verb and line.get("digest") == digest_of(action.request)


def runs(lines: Iterable[Line]) -> tuple[Run, ...]:
    """Return the runs that a journal tells of, oldest first; entries of a kind unknown here are passed over."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        if _is_entry(line):
            found.setdefault(str(line["run_id"]), []).append(line)
    return tuple(
        Run(run_id, str(told[0]["purpose"]), datetime.fromisoformat(str(told[0]["time"])), tuple(told))
        for run_id, told in found.items()
    )


def _is_entry(line: Line) -> bool:
    told = {member for member, value in line.items() if isinstance(value, str)}
    try:
        datetime.fromisoformat(str(line.get("time")))
    except ValueError:
        return False
    match line.get("entry"):
        case "intent" | "effect":
            return told >= {"time", "run_id", "purpose", "verb", "subject"}
        case "failed" | "done":
            return told >= {"time", "run_id", "purpose"}
        case _:
            return False


def run_of(run_id: str | None, lines: Iterable[Line]) -> Run | None:
    """Return the run of that id, None when the journal knows nothing of it."""
    return next((run for run in runs(lines) if run.run_id == run_id), None)


def unfinished(purpose: Purpose, lines: Iterable[Line]) -> Run | None:
    """Return the last run when it was for `purpose` and is not finished: what came later has overtaken the others.

    Fixes change what stands around a cluster: they overtake nothing that was done to itself, nor the other way round.
    """
    last = [run for run in runs(lines) if (run.purpose == "fix") == (purpose == "fix")][-1:]
    return next((run for run in last if run.purpose == purpose and run.unfinished), None)


class Journal:
    """Writes down what a plan does; the first effect divides what an unwritable journal means."""

    def __init__(self, plan: PlanReport, ports: Ports) -> None:
        """Write nothing yet."""
        self._ports = ports
        self._key = key_of(plan.identity, plan.cluster)
        self._common: dict[str, object] = {"run_id": plan.run_id or "", "purpose": purpose_of(plan)}
        self._arn = plan.arn
        self._intended: Action | None = None
        self._begun = False
        self._unwritten: list[StateError] = []

    def intent(self, action: Action) -> None:
        """Write down, once, that a call will be made.

        Raises `StateError` where that cannot be written and nothing was done yet. Later it does not: going on leaves
        less half done than stopping.
        """
        if self._intended is action:
            return
        self._write("intent", action)
        if self._unwritten and not self._begun:
            raise self._unwritten.pop()
        self._intended = action

    def effect(self, action: Action, arn: str | None) -> None:
        """Write down that AWS took the call."""
        self._begun = True
        self._arn = arn or self._arn
        self._write("effect", action)

    def failed(self, action: Action, error: HpctlError) -> None:
        """Write down that the call failed; where that cannot be written, the failure says more."""
        self._write("failed", action, error=error.code)

    def unwritten(self) -> Iterator[StateError]:
        """Yield once what kept entries from being written, each kind once."""
        errors = {error.message: error for error in self._unwritten}
        self._unwritten.clear()
        yield from errors.values()

    def _write(self, entry: Entry, action: Action, **more: object) -> None:
        told = {"verb": action.verb, "subject": action.subject, "arn": self._arn, "digest": digest_of(action.request)}
        line = {"time": self._ports.clock.now().isoformat(), "entry": entry, **self._common, **told, **more}
        try:
            self._ports.state.append(self._key, line)
        except StateError as error:
            self._unwritten.append(error)


def close(plan: PlanReport, purpose: Purpose, ports: Ports, error: HpctlError | None = None) -> None:
    """Write down that a run is over: all is reached, or `error` ended it; `StateError` where that cannot be written."""
    line: dict[str, object] = {
        "time": ports.clock.now().isoformat(),
        "entry": "failed" if error else "done",
        "run_id": plan.run_id or "",
        "purpose": purpose,
        "arn": plan.arn,
    }
    ports.state.append(key_of(plan.identity, plan.cluster), {**line, "error": error.code} if error else line)
