"""How long a container that ends stays down before it is started again (client-go, `flowcontrol.Backoff`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# The kubelet's `MaxContainerBackOff` and the start of it (kubernetes, pkg/kubelet/kubelet.go).
FIRST_S: Final = 10.0
LONGEST_S: Final = 300.0


@dataclass
class Backoff:
    """The back-off of one container: the first restart is at once, the second 10 s after the end, then twice as long.

    Moments are seconds of one clock, whichever.
    """

    first_s: float = FIRST_S
    longest_s: float = LONGEST_S
    delay_s: float = 0.0
    _updated: float = 0.0

    def due(self, ended: float, now: float) -> float:
        """Return the seconds from now until the container that ended then may start."""
        return max(0.0, ended + self.delay_s - now)

    def started(self, now: float) -> None:
        """Note that it is started again: the next time takes longer, unless it has run for long."""
        if not self.delay_s or now - self._updated > 2 * self.longest_s:
            self.delay_s = self.first_s
        else:
            self.delay_s = min(self.delay_s * 2, self.longest_s)
        self._updated = now
