"""What a bad network does to data channels: frames that are lost, doubled, late, spoilt; connections that break.

Faults are set as data over HTTP (see `switchboard`), with a seed, so that a run can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from hpctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DIRECTIONS: Final = ("in", "out", "both")
_LONGEST_S: Final = 600.0


class Kind(StrEnum):
    """What happens to a frame, or to a session as it starts."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    STALL = "stall"
    GARBAGE = "garbage"
    CUT = "cut"
    EOF = "eof"


@dataclass(slots=True)
class ChannelFault:
    """A fault: which frames it is for (`in` to the node, `out` from it), how likely, and how often at most.

    `after` frames pass before it begins; `seconds` is how long a stall takes.
    """

    fault: Kind
    direction: str = "both"
    probability: float = 1.0
    count: int | None = None
    after: int = 0
    seconds: float = 1.0
    struck: int = 0

    def told(self) -> dict[str, Any]:
        """Return it as JSON tells it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Weather:
    """The faults in force, and what else tests set; read by the agent's thread, set by others."""

    faults: list[ChannelFault] = field(default_factory=list)
    linger_s: float = 10.0
    """How long a session lasts without a connection."""
    seed: int = 0
    _random: Random = field(default_factory=lambda: Random(0))
    _lock: Lock = field(default_factory=Lock)

    def set(self, told: Mapping[str, Any]) -> None:
        """Take what was told in the place of what was; raises UsageError."""
        faults = [_fault(each) for each in _listed(told.get("faults", []))]
        seed = _number(told, "seed", 0, -(2**63), 2**63)
        linger_s = _number(told, "linger_s", 10.0, 0.0, _LONGEST_S)
        with self._lock:
            self.faults, self.linger_s, self.seed = faults, linger_s, int(seed)
            self._random = Random(self.seed)

    def strikes(self, direction: str) -> ChannelFault | None:
        """Return the fault that strikes the next frame of a direction, if one does."""
        with self._lock:
            for each in self.faults:
                if each.fault is not Kind.EOF and each.direction in {"both", direction} and self._due(each):
                    return each
        return None

    def refuses_start(self) -> bool:
        """Whether the session that begins now ends at once, as they do at AWS now and then."""
        with self._lock:
            return any(each.fault is Kind.EOF and self._due(each) for each in self.faults)

    def _due(self, fault: ChannelFault) -> bool:
        if fault.after > 0:
            fault.after -= 1
            return False
        if fault.count is not None and fault.struck >= fault.count:
            return False
        if self._random.random() >= fault.probability:
            return False
        fault.struck += 1
        return True


def _fault(told: Any) -> ChannelFault:
    if not isinstance(told, dict) or told.get("fault") not in list(Kind):
        raise UsageError(f"a fault of channels is one of {', '.join(Kind)}: {told!r}")
    if unknown := told.keys() - {"fault", "direction", "probability", "count", "after", "seconds"}:
        raise UsageError(f"a fault of channels has no `{min(unknown)}`")
    direction = told.get("direction", "both")
    if direction not in _DIRECTIONS:
        raise UsageError(f"the direction of a fault is one of {', '.join(_DIRECTIONS)}: {direction!r}")
    count = told.get("count")
    return ChannelFault(
        Kind(told["fault"]),
        direction,
        _number(told, "probability", 1.0, 0.0, 1.0),
        None if count is None else int(_number(told, "count", 1, 0, 2**31)),
        int(_number(told, "after", 0, 0, 2**31)),
        _number(told, "seconds", 1.0, 0.0, _LONGEST_S),
    )


def _number(told: Mapping[str, Any], name: str, usual: float, least: float, most: float) -> float:
    value = told.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise UsageError(f"`{name}` is a number from {least} to {most}: {value!r}")
    return value


def _listed(value: Any) -> Iterable[Any]:
    if not isinstance(value, list):
        raise UsageError(f"`faults` is a list: {value!r}")
    return value
