"""The agent's end of a data channel, without I/O: what is to be sent, what has come in order, what is sent again.

The rules are those of the session manager plugin and its agent: everything of a stream is acknowledged, also what came
before; what is not acknowledged in time is sent again; what comes early waits for what is missing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.agent import frames
from hpctl.sandbox.agent.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WINDOW: Final = 512
"""How many frames may be on their way without an acknowledgement: half a mebibyte."""
_EARLY: Final = 10_000
_FIRST_TIMEOUT_S, _LONGEST_TIMEOUT_S, _GRAIN_S = 0.2, 1.0, 0.01
_ROUND_TRIP, _VARIATION = 1 / 8, 1 / 4
# So many at a time: a peer that is slow is not helped by everything at once.
_RESENT_AT_ONCE: Final = 64


@dataclass(slots=True)
class _Sent:
    frame: Frame
    last: float
    tries: int = 1


class Channel:
    """Numbers, acknowledgements and order of one session; `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin at zero in both directions."""
        self._clock = clock
        self._next = self._expected = 0
        self._sent: dict[int, _Sent] = {}
        self._early: dict[int, Frame] = {}
        self._mean, self._deviation, self._timeout = 0.0, 0.0, _FIRST_TIMEOUT_S
        # When something was acknowledged last, and when the newest of what has been acknowledged was sent.
        self._heard_at = self._reached = clock()

    @property
    def open(self) -> bool:
        """Whether more may be sent now."""
        return len(self._sent) < WINDOW

    @property
    def waiting(self) -> int:
        """How many frames are not acknowledged."""
        return len(self._sent)

    def put(self, payload_type: int, payload: bytes) -> Frame:
        """Return the next frame of the stream, and keep it until it is acknowledged."""
        frame, now = frames.output(self._next, payload_type, payload), self._clock()
        self._sent[self._next] = _Sent(frame, now)
        self._next += 1
        return frame

    def all_again(self) -> list[Frame]:
        """Return all that is not acknowledged: a new connection knows nothing of what was on its way."""
        now = self._clock()
        for each in self._sent.values():
            each.last = now
            each.tries += 1
        return [each.frame for each in self._sent.values()]

    def due(self) -> list[Frame]:
        """Return what has waited for its acknowledgement too long.

        A client that is slow, and acknowledges one frame after the other, is not sent the rest again.
        """
        now, found = self._clock(), []
        silent = now - self._heard_at >= self._timeout
        for each in self._sent.values():
            if now - each.last >= self._timeout and (silent or each.last < self._reached):
                each.last, each.tries = now, each.tries + 1
                found.append(each.frame)
            if len(found) == _RESENT_AT_ONCE:
                break
        return found

    def heard(self, frame: Frame, *, room: int) -> Iterator[Frame]:
        """Take a frame of the client and yield what of the stream is in order now.

        What there is no `room` for is as if it had not come.
        """
        if frame.kind == frames.ACKNOWLEDGE:
            self._acknowledge(frame)
        elif frame.kind == frames.INPUT and self.takes(frame, room=room) and frame.sequence >= self._expected:
            self._early[frame.sequence] = frame
            while self._expected in self._early:
                yield self._early.pop(self._expected)
                self._expected += 1

    def takes(self, frame: Frame, *, room: int) -> bool:
        """Whether a frame of the stream is taken, now or long ago, and so to be acknowledged."""
        return frame.kind == frames.INPUT and frame.sequence < self._expected + min(room, _EARLY)

    def _acknowledge(self, frame: Frame) -> None:
        try:
            told = json.loads(frame.payload)
            sent = self._sent.pop(int(told["AcknowledgedMessageSequenceNumber"]), None)
        except (KeyError, TypeError, ValueError):
            return
        if sent is None:
            return
        self._heard_at = self._clock()
        # The time of one that was sent twice says nothing: nobody knows which of them has been acknowledged.
        if sent.tries == 1:
            self._reached = max(self._reached, sent.last)
            self._measure(self._heard_at - sent.last)

    def _measure(self, took: float) -> None:
        self._deviation += _VARIATION * (abs(took - self._mean) - self._deviation)
        self._mean += _ROUND_TRIP * (took - self._mean)
        wanted = self._mean + max(_GRAIN_S, 4 * self._deviation)
        self._timeout = min(max(wanted, _FIRST_TIMEOUT_S), _LONGEST_TIMEOUT_S)
