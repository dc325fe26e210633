"""The faults in force: which calls they strike, how often they have, and when they are over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from threading import Lock
from typing import Any

from hpctl.errors import NotFoundError
from hpctl.sandbox.proxy.calls import Call
from hpctl.sandbox.proxy.faults import Fault, Injection

KEEP = "keep"
"""What a change is told while reads may have to answer as of before it."""

BEFORE_CHANGE = "before-change"
"""What a read is told that does not see the last change; one that lags by time is told the seconds."""


@dataclass(frozen=True)
class Active:
    """A fault in force: `seen` counts the calls that it looked at, `struck` those that it struck.

    `stale` counts the reads that have not seen the last change; None before the first change.
    """

    id: str
    injection: Injection
    until: datetime | None = None
    seen: int = 0
    struck: int = 0
    stale: int | None = None

    @property
    def left(self) -> int | None:
        """How many more calls it strikes, None for no bound."""
        return None if self.injection.count is None else self.injection.count - self.struck

    @property
    def due(self) -> bool:
        """Whether the calls that it lets pass have passed."""
        return self.seen >= (self.injection.skip or 0)

    def is_over(self, now: datetime) -> bool:
        """Whether its time or its count is used up."""
        return self.left == 0 or (self.until is not None and now >= self.until)


@dataclass(frozen=True)
class Verdict:
    """What happens to a call: how long it waits, how old what it sees is, and the fault that strikes it, if any."""

    wait_s: float = 0.0
    past: str | None = None
    struck_by: Active | None = None


class Ledger:
    """The faults of one proxy, in the order in which they were injected; safe to use from many threads."""

    def __init__(self, clock: Callable[[], datetime], keep: Callable[[str], object] = str, kept: str = "") -> None:
        """Go on with what was kept; `keep` is given all that must outlive the process, whenever it changes."""
        self._clock = clock
        self._keep = keep
        self._lock = Lock()
        self._names: dict[str, str] = {}
        self._held: dict[str, datetime | None] = {}
        told: dict[str, Any] = json.loads(kept) if kept else {"last": 0, "faults": []}
        self._last: int = told["last"]
        self._active: list[Active] = [_from_json(row) for row in told["faults"]]

    def new_id(self) -> str:
        """Return an id that no fault ever had."""
        with self._lock:
            self._last += 1
            self._save()
            return f"f{self._last}"

    def inject(self, injection: Injection) -> Active:
        """Put a fault in force."""
        until = None if injection.for_s is None else self._clock() + timedelta(seconds=injection.for_s)
        active = Active(self.new_id(), injection, until)
        with self._lock:
            self._active.append(active)
            self._save()
        return active

    def clear(self, fault_id: str | None = None) -> tuple[str, ...]:
        """End a fault, or all, and return their ids; raises NotFoundError when there is none of this id."""
        with self._lock:
            self._forget_what_is_over()
            ended = [active for active in self._active if fault_id in {None, active.id}]
            held = [each for each in self._held if fault_id in {None, each}]
            if fault_id is not None and not ended and not held:
                raise NotFoundError(f"no fault `{fault_id}` is in force", hint="hpctl sandbox inject --list")
            self._active = [active for active in self._active if active not in ended]
            for each in held:
                del self._held[each]
            self._save()
        return tuple(active.id for active in ended)

    def active(self) -> tuple[Active, ...]:
        """Return the faults in force, oldest first."""
        with self._lock:
            self._forget_what_is_over()
            return tuple(self._active)

    def refuses(self) -> bool:
        """Whether connections are refused at this moment."""
        return any(active.injection.fault is Fault.REFUSE and active.due for active in self.active())

    def holds(self, fault_id: str) -> bool:
        """Whether calls that a fault has stalled stay so: it may have struck its last call."""
        with self._lock:
            until = self._held.get(fault_id)
            return fault_id in self._held and (until is None or self._clock() < until)

    def learn(self, names: Iterable[str]) -> None:
        """Take the names and ARNs of one cluster for the same."""
        one, *others = sorted(names)
        with self._lock:
            self._names.update(dict.fromkeys(others, self._names.get(one, one)))

    def judge(self, call: Call) -> Verdict:
        """Say what happens to a call: delays and dates add up, of the faults that strike the first one counts."""
        verdict = Verdict()
        with self._lock:
            self._forget_what_is_over()
            before = list(self._active)
            for place, active in enumerate(before):
                self._active[place], verdict = self._apply(active, call, verdict)
                if verdict.struck_by is not None:
                    break
            if self._active != before:
                self._save()
        return verdict

    def _apply(self, active: Active, call: Call, verdict: Verdict) -> tuple[Active, Verdict]:
        if active.injection.fault is Fault.STALE_READS and call.mutates:
            return replace(active, stale=0), replace(verdict, past=KEEP)
        if not self._concerns(active.injection, call):
            return active, verdict
        fault, hit = active.injection.fault, active.due and _drawn(active)
        active = replace(active, seen=active.seen + 1)
        if not hit or fault is Fault.REFUSE:
            return active, verdict
        if fault is Fault.STALE_READS:
            return _dated_back(active, verdict)
        active = replace(active, struck=active.struck + 1)
        if fault is Fault.STALL:
            self._held[active.id] = active.until
        if fault is Fault.SLOW:
            return active, replace(verdict, wait_s=verdict.wait_s + _latency(active))
        return active, replace(verdict, struck_by=active)

    def _concerns(self, injection: Injection, call: Call) -> bool:
        return (
            _same(injection.service, call.service)
            and injection.operation in {None, call.operation}
            and (injection.cluster is None or self._name(injection.cluster) in map(self._name, call.clusters))
        )

    def _name(self, name_or_arn: str) -> str:
        return self._names.get(name_or_arn, name_or_arn)

    def _forget_what_is_over(self) -> None:
        now = self._clock()
        self._active = [active for active in self._active if not active.is_over(now)]

    def _save(self) -> None:
        self._keep(json.dumps({"last": self._last, "faults": [_to_json(active) for active in self._active]}))


def _same(wanted: str | None, service: str) -> bool:
    # The AWS CLI and boto3 say service-quotas, signatures servicequotas.
    return wanted is None or wanted.replace("-", "") == service.replace("-", "")


def _drawn(active: Active) -> bool:
    share = active.injection.share
    return share is None or _random(active, "share") < share


def _latency(active: Active) -> float:
    jitter = active.injection.jitter_s or 0.0
    return max(0.0, (active.injection.latency_s or 0.0) + jitter * (2 * _random(active, "latency") - 1))


def _random(active: Active, about: str) -> float:
    # A number that follows from the fault and the call's place alone is the same after a restart.
    return Random(f"{active.injection.seed} {active.injection.fault} {about} {active.seen}").random()


def _dated_back(active: Active, verdict: Verdict) -> tuple[Active, Verdict]:
    lag_s, lag_reads = active.injection.lag_s, active.injection.lag_reads
    if lag_s is not None:
        return replace(active, struck=active.struck + 1), replace(verdict, past=f"{lag_s:g}")
    if active.stale is None or lag_reads is None or active.stale >= lag_reads:
        return active, verdict
    return (
        replace(active, struck=active.struck + 1, stale=active.stale + 1),
        replace(verdict, past=BEFORE_CHANGE),
    )


def _to_json(active: Active) -> dict[str, Any]:
    until = None if active.until is None else active.until.isoformat()
    return {**vars(active), "injection": active.injection.members(), "until": until}


def _from_json(row: dict[str, Any]) -> Active:
    until = None if row["until"] is None else datetime.fromisoformat(row["until"])
    return Active(**{**row, "injection": Injection.read(row["injection"]), "until": until})
