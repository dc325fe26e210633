"""What is in force on the data channels, as the switchboard is told it.

    {"seed": 1, "faults": [{"fault": "drop", "direction": "out", "probability": 0.1, "count": 5, "after": 0}],
     "starts_per_second": null, "linger_s": 10}

`starts_per_second` null takes the limit of starts away. What is left out is as at the start.
"""

from __future__ import annotations

from typing import Any, Final

from hpctl.errors import UsageError
from hpctl.sandbox.ssm.faults import Weather
from hpctl.sandbox.ssm.models import SessionsBackend
from hpctl.sandbox.ssm.sessions import STARTS_PER_SECOND

_MEMBERS: Final = frozenset({"seed", "faults", "starts_per_second", "linger_s"})


class Channels:
    """The switches of one sandbox's channels."""

    def __init__(self) -> None:
        """Begin with fair weather, and with AWS's limit."""
        self.weather = Weather()
        self.sessions = SessionsBackend.sessions

    def set(self, told: Any) -> None:
        """Put in force what is told, in the place of what was; raises UsageError."""
        if not isinstance(told, dict) or told.keys() - _MEMBERS:
            raise UsageError(f"of channels these are set: {', '.join(sorted(_MEMBERS))}")
        limit = told.get("starts_per_second", STARTS_PER_SECOND)
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise UsageError(f"`starts_per_second` is a number from 1, or null for no limit: {limit!r}")
        self.weather.set(told)
        self.sessions.per_second = limit

    def told(self) -> dict[str, Any]:
        """Return what is in force; `struck` is how many frames a fault has struck."""
        return {
            "seed": self.weather.seed,
            "faults": [each.told() for each in self.weather.faults],
            "starts_per_second": self.sessions.per_second,
            "linger_s": self.weather.linger_s,
        }
