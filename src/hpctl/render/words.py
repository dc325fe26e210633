"""Values as words: what is unknown, times, ages, counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from hpctl.render.page import Style, Styled

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR

LEVELS: Final = {"Error": Style.BAD, "Warn": Style.WARN}
"""Emphasis of an event's level; the other levels have none."""

_GOOD: Final = frozenset({"InService", "Running"})
_BAD: Final = frozenset({"Degraded", "Failed", "Failure", "NotFound", "RollingBack"})

_KIBI: Final = 1024


def known(value: object) -> str:
    """Return the value as text, `-` for what is not known; whole numbers without a fraction."""
    match value:
        case None | "" | ():
            return "-"
        case float() if value.is_integer():
            return str(int(value))
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def listed(values: Iterable[object]) -> str:
    """Return the values with commas, `-` when there are none."""
    return ", ".join(str(value) for value in values) or "-"


def counted(count: int, noun: str) -> str:
    """Return `1 node`, `2 nodes`, `3 addresses`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def moment(time: datetime | None) -> str:
    """Return the time as ISO 8601 to the second, in UTC or its own named zone; `-` when it is not known."""
    return "-" if time is None else _named(time, "%Y-%m-%dT%H:%M:%S")


def time_of_day(time: datetime) -> str:
    """Return the time of day to the second, as `moment` does: enough where somebody is watching."""
    return _named(time, "%H:%M:%S")


def _named(time: datetime, form: str) -> str:
    if getattr(time.tzinfo, "key", None) is None:  # only zones of the time zone database have one: somebody asked
        return f"{time.astimezone(UTC):{form}}Z"
    return f"{time:{form}}{time.isoformat()[-len('+01:00') :]}"


def age(time: datetime | None, now: datetime) -> str:
    """Return how long ago `time` was, the way kubectl writes it: `42s`, `7m`, `5h`, `3d`."""
    if time is None:
        return "-"
    seconds = max(int((now - time).total_seconds()), 0)
    for unit, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def duration(seconds: float) -> str:
    """Return `8s`, `3m 05s`, `1h 02m`."""
    whole = max(int(seconds), 0)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02}s"
    return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"


def status(value: str | None) -> Styled:
    """Return a status of a cluster, group or node with the emphasis that it deserves."""
    if value is None:
        return Styled("-", Style.PLAIN)
    return Styled(value, Style.GOOD if value in _GOOD else Style.BAD if value in _BAD else Style.WARN)


def size(count: int) -> str:
    """Return bytes as a person reads them: `512 B`, `1.5 KiB`, `12.0 GiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < _KIBI:
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KIBI
    return f"{value:.1f} TiB"
