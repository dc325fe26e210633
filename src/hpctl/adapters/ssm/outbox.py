"""Frames that were sent and are not acknowledged yet, and when each is sent again.

Source: session-manager-plugin, `datachannel/streaming.go` and `config/config.go`: Jacobson's estimate of the time of a
round trip, of messages that were sent once (Karn).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from hpctl.adapters.ssm.frames import Frame

IN_FLIGHT: Final = 512
"""Frames at once on their way: half a MiB. The other end holds 10,000 that came too early."""

_FIRST_S: Final = 0.2
_MOST_S: Final = 1.0
_GRANULARITY_S: Final = 0.01
_OF_MEAN: Final = 1 / 8
_OF_VARIATION: Final = 1 / 4
_AT_ONCE: Final = 64
"""Frames that are sent again in one go: where all are late, more would make it worse."""


@dataclass(frozen=True, slots=True)
class _Sent:
    frame: Frame
    first_s: float
    due_s: float
    wait_s: float
    tries: int = 1


class Outbox:
    """What is on its way; times are seconds of any one clock that only goes forward."""

    def __init__(self) -> None:
        """Know nothing of the way yet."""
        self._sent: dict[int, _Sent] = {}
        self._mean_s: float | None = None
        self._variation_s = 0.0
        self._timeout_s = _FIRST_S

    @property
    def full(self) -> bool:
        """Whether as many frames are on their way as may be."""
        return len(self._sent) >= IN_FLIGHT

    @property
    def empty(self) -> bool:
        """Whether all have come."""
        return not self._sent

    def add(self, frame: Frame, now_s: float) -> None:
        """Remember a frame that is sent now."""
        self._sent[frame.sequence] = _Sent(frame, now_s, now_s + self._timeout_s, self._timeout_s)

    def acknowledged(self, sequence: int, now_s: float) -> None:
        """Forget a frame; how long that took tells how long to wait for others."""
        sent = self._sent.pop(sequence, None)
        if sent is not None and sent.tries == 1:
            self._learn(now_s - sent.first_s)

    def due(self, now_s: float) -> Iterator[Frame]:
        """Yield what is to be sent again, in order; each time after a longer wait."""
        late = [number for number, sent in self._sent.items() if sent.due_s <= now_s][:_AT_ONCE]
        for number in late:
            sent = self._sent[number]
            wait_s = min(sent.wait_s * 2, _MOST_S)
            self._sent[number] = replace(sent, due_s=now_s + wait_s, wait_s=wait_s, tries=sent.tries + 1)
            yield sent.frame

    def again(self, now_s: float) -> None:
        """Have everything sent again at once: there is a new connection, and what the old one took is unknown."""
        self._sent = {number: replace(sent, due_s=now_s, wait_s=self._timeout_s) for number, sent in self._sent.items()}

    def oldest_s(self) -> float | None:
        """When the oldest was sent first; None when nothing is on its way."""
        return next((sent.first_s for sent in self._sent.values()), None)

    def _learn(self, trip_s: float) -> None:
        if self._mean_s is None:
            self._mean_s, self._variation_s = trip_s, trip_s / 2
        else:
            self._variation_s += _OF_VARIATION * (abs(self._mean_s - trip_s) - self._variation_s)
            self._mean_s += _OF_MEAN * (trip_s - self._mean_s)
        self._timeout_s = min(_MOST_S, max(_FIRST_S, self._mean_s + max(_GRANULARITY_S, 4 * self._variation_s)))
