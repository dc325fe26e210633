"""The faults that can be injected, and what one injection says: which fault, where, how often, how long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self, get_args, get_type_hints

from hpctl.catalog.nearest import nearest
from hpctl.errors import UsageError


class Fault(StrEnum):
    """What can go wrong; `meaning` is the text of the help."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Attach the meaning to the name."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    THROTTLING = "throttling", "the service throttles"
    SERVER_ERROR = "server-error", "the service answers 500, or 503 with Retry-After"
    LOST_RESPONSE = "lost-response", "the request takes effect, and its answer is lost with the connection"
    RESET = "reset", "the connection is reset before the service reads anything"
    TRUNCATE = "truncate", "the request takes effect, and half of the answer arrives"
    STALL = "stall", "the connection is accepted and nothing ever comes back"
    REFUSE = "refuse", "connections are refused"
    GARBAGE = "garbage", "something else answers in AWS's place, neither JSON nor XML"
    EXPIRED_CREDENTIALS = "expired-credentials", "the credentials have expired"
    ACCESS_DENIED = "access-denied", "the caller lacks the IAM action"
    STALE_READS = "stale-reads", "reads answer as of a while ago"
    SLOW = "slow", "answers take their time"
    NO_CAPACITY = "no-capacity", "nodes that come up find no capacity"
    EFA = "efa", "nodes that come up fail the EFA health check"
    LIFECYCLE = "lifecycle", "the lifecycle scripts of nodes that come up fail"
    HARDWARE = "hardware", "nodes that run have a hardware fault"


CLUSTER_FAULTS = frozenset({Fault.NO_CAPACITY, Fault.EFA, Fault.LIFECYCLE, Fault.HARDWARE})
"""Faults of nodes, which the HyperPod service itself tells of; all others are the API's and the road's."""

_API, _NODES = ("service", "operation", "skip", "share", "seed"), ("group", "node")
_OWN_MEMBERS = {
    Fault.SERVER_ERROR: ("status", "retry_after_s"),
    Fault.STALE_READS: ("lag_s", "lag_reads"),
    Fault.SLOW: ("latency_s", "jitter_s"),
}
_ALWAYS = ("fault", "for_s")
_SERVER_ERRORS = (500, 503)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")


@dataclass(frozen=True)
class Injection:
    """A fault with its scope and its bounds, all optional; what has no bound lasts until it is cleared.

    `skip` lets the first matching calls pass, `share` strikes that part of the others at random (by `seed`),
    `count` is how many are struck, `for_s` how many seconds it lasts. Reads are `lag_s` seconds old, or the first
    `lag_reads` reads after each change do not see it.
    """

    fault: Fault
    service: str | None = None
    operation: str | None = None
    cluster: str | None = None
    group: str | None = None
    node: str | None = None
    skip: int | None = None
    share: float | None = None
    seed: int | None = None
    count: int | None = None
    for_s: float | None = None
    status: int | None = None
    retry_after_s: float | None = None
    lag_s: float | None = None
    lag_reads: int | None = None
    latency_s: float | None = None
    jitter_s: float | None = None

    @classmethod
    def read(cls, told: object) -> Injection:
        """Make an injection of data as JSON gives it; raises UsageError, which names what is wrong."""
        if not isinstance(told, Mapping):
            raise UsageError(f"`{told}` is no fault", hint='write {"fault": "throttling"} or a list of such')
        for name in told:
            if name not in _TYPES:
                raise UsageError(f"a fault has no member `{name}`", hint=_did_you_mean(name, _TYPES))
        if "fault" not in told:
            raise UsageError("a fault has no name", hint='its member `fault` says which, as in {"fault": "throttling"}')
        fault = _fault(told["fault"])
        members = {name: value for name, value in told.items() if name != "fault" and value is not None}
        for name in members:
            if name not in members_of(fault):
                raise UsageError(f"`{fault}` takes no `{name}`", hint=f"it takes {_listed(members_of(fault)[1:])}")
        found = cls(fault, **{name: _value(name, value) for name, value in members.items()})
        _refuse_what_cannot_be(found)
        return found

    def members(self) -> dict[str, Any]:
        """Return what is said, as `read` takes it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def read_injections(told: object) -> tuple[Injection, ...]:
    """Make injections of data: one, a list of them, or {"faults": [...]}; raises UsageError."""
    if isinstance(told, Mapping) and set(told) == {"faults"}:
        told = told["faults"]
    return tuple(map(Injection.read, told if isinstance(told, list) else [told]))


def members_of(fault: Fault) -> tuple[str, ...]:
    """Return the members that an injection of a fault may have."""
    if fault is Fault.REFUSE:  # a connection that is refused has not yet said what it is about
        return *_ALWAYS, "skip"
    scope = (*_NODES, "count") if fault in CLUSTER_FAULTS else (*_API, "count")
    return *_ALWAYS, "cluster", *scope, *_OWN_MEMBERS.get(fault, ())


def _types() -> dict[str, type]:
    hints = get_type_hints(Injection)
    return {field.name: (get_args(hints[field.name]) or (hints[field.name],))[0] for field in fields(Injection)}


_TYPES = _types()


def _fault(name: object) -> Fault:
    known = [fault.value for fault in Fault]
    if name not in known:
        raise UsageError(f"there is no fault `{name}`", hint=_did_you_mean(str(name), known))
    return Fault(name)  # type: ignore[call-arg]


def _did_you_mean(word: str, known: Mapping[str, object] | list[str]) -> str:
    close = nearest(word, list(known))
    return f"did you mean `{close[0]}`?" if close else f"there are {_listed(known)}"


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _value(name: str, value: object) -> Any:
    wanted = _TYPES[name]
    if name == "share" and isinstance(value, str) and (percent := _SHARE.fullmatch(value)):
        value = float(percent[1]) / 100
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        kinds = {str: "a text", int: "a whole number", float: "a number"}
        raise UsageError(f"`{name}` is {kinds[wanted]}, not `{value}`")
    return value


def _refuse_what_cannot_be(found: Injection) -> None:
    for name, value in found.members().items():
        if isinstance(value, (int, float)) and value < 0:
            raise UsageError(f"`{name}` cannot be `{value:g}`", hint="it is 0 or more")
    if found.share is not None and found.share > 1:
        raise UsageError(f"a share cannot be `{found.share:g}`", hint="write 30% or 0.3")
    if found.count == 0:
        raise UsageError("a count of 0 strikes nothing", hint="leave it out for no bound")
    if found.node is not None and found.cluster is None:
        raise UsageError("a node is named together with its cluster", hint="give `cluster` too")
    _refuse_what_cannot_be_of_its_kind(found)


def _refuse_what_cannot_be_of_its_kind(found: Injection) -> None:
    if found.status not in {None, *_SERVER_ERRORS}:
        raise UsageError(f"`{found.fault}` does not answer `{found.status}`", hint="it answers 500 or 503")
    if found.fault is Fault.STALE_READS and (found.lag_s is None) == (found.lag_reads is None):
        raise UsageError("`stale-reads` needs one lag: seconds or reads", hint="give `lag_s` or `lag_reads`")
    if found.fault is Fault.SLOW and found.latency_s is None:
        raise UsageError("`slow` needs a latency", hint="give `latency_s`")
