"""How long ago something was, as `kubectl get` shows it (k8s.io/apimachinery/pkg/util/duration, HumanDuration)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_YEAR: Final = 365 * _DAY
# Below a limit: the unit and its name, and the smaller unit that is told beside it.
_STEPS: Final = (
    (2 * _MINUTE, 1, "s", 0, ""),
    (10 * _MINUTE, _MINUTE, "m", 1, "s"),
    (3 * _HOUR, _MINUTE, "m", 0, ""),
    (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (2 * _DAY, _HOUR, "h", 0, ""),
    (8 * _DAY, _DAY, "d", _HOUR, "h"),
    (2 * _YEAR, _DAY, "d", 0, ""),
    (8 * _YEAR, _YEAR, "y", _DAY, "d"),
)


def since(text: str | None, now: datetime, missing: str = "<unknown>") -> str:
    """Return how long ago a moment was that is written as `metav1.Time`."""
    return human((now - datetime.fromisoformat(text)).total_seconds()) if text else missing


def span(begin: str, end: str | None, now: datetime) -> str:
    """Return how long something took, or has taken when it has not ended."""
    finish = datetime.fromisoformat(end) if end else now
    return human((finish - datetime.fromisoformat(begin)).total_seconds())


def human(seconds: float) -> str:
    """Return a duration in the one or two units that matter."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    for limit, unit, name, part, part_name in _STEPS:
        if whole < limit:
            rest = max(whole, 0) % unit // part if part else 0
            return f"{max(whole, 0) // unit}{name}" + (f"{rest}{part_name}" if rest else "")
    return f"{whole // _YEAR}y"
