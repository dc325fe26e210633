"""Moments as people write them: how long ago (`90s`, `45m`, `2h`, `3d`), or a time (`2026-11-21T14:30:00Z`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from hpctl.errors import UsageError

_AGO = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since(text: str, now: datetime) -> datetime:
    """Return the moment that `text` means, in UTC; a time without a zone is in UTC, as all that hpctl writes.

    Raises `UsageError` for anything else, and for a moment that is yet to come.
    """
    moment = _ago(text, now) or _written(text)
    if moment is None:
        hint = "write how long ago, as 90s, 45m, 2h or 3d, or a time in UTC, as 2026-11-21T14:30:00Z"
        raise UsageError(f"`--since {text}` is neither a duration nor a time", hint=hint)
    if moment > now:
        raise UsageError(f"`--since {text}` is yet to come", hint=f"now it is {now:%Y-%m-%dT%H:%M:%SZ}")
    return moment


def zone(name: str | None) -> tzinfo:
    """Return the time zone of that name, UTC for None; `UsageError` for one that this machine does not know."""
    from zoneinfo import ZoneInfo

    if name is None or name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"`--timezone {name}` is no time zone that this machine knows", hint="such as Europe/Berlin"
        ) from error


def _ago(text: str, now: datetime) -> datetime | None:
    found = _AGO.fullmatch(text)
    if found is None:
        return None
    try:
        return now - timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:  # before the first year that there is
        return datetime.min.replace(tzinfo=UTC)


def _written(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
