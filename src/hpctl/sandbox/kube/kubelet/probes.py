"""When a container counts as started, alive and ready: what the results of its probes mean (pkg/kubelet/prober)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object


class Kind(StrEnum):
    """The probes of a container, by their fields."""

    STARTUP = "startupProbe"
    LIVENESS = "livenessProbe"
    READINESS = "readinessProbe"

    @property
    def word(self) -> str:
        """The word that events begin with."""
        return _TITLES[self]


_TITLES: Final = {Kind.STARTUP: "Startup", Kind.LIVENESS: "Liveness", Kind.READINESS: "Readiness"}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a probe is made, and how many results in a row count; seconds, with the API's defaults."""

    delay_s: float
    period_s: float
    timeout_s: float
    successes: int
    failures: int

    @classmethod
    def of(cls, probe: Object) -> Rhythm:
        """Read a probe of a pod's spec."""
        return cls(
            float(probe.get("initialDelaySeconds") or 0),
            float(probe.get("periodSeconds") or 10),
            float(probe.get("timeoutSeconds") or 1),
            int(probe.get("successThreshold") or 1),
            int(probe.get("failureThreshold") or 3),
        )


@dataclass
class Tally:
    """The results of one probe in a row; a verdict is the first one after as many as the rhythm says, then each."""

    rhythm: Rhythm
    last: bool | None = None
    row: int = 0

    def count(self, result: bool) -> bool | None:  # noqa: FBT001  # what a probe finds is a boolean
        """Take a result; returns the verdict, or None while the row is too short for one."""
        self.row = self.row + 1 if result is self.last else 1
        self.last = result
        wanted = self.rhythm.successes if result else self.rhythm.failures
        return result if self.row >= wanted else None
