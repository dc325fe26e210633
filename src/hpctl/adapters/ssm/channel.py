"""One end of a data channel as a state machine: frames in, frames and events out, without clock, socket or chance.

Source: session-manager-plugin, `datachannel/streaming.go`, and amazon-ssm-agent, `agent/session/datachannel`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from hpctl.adapters.ssm.frames import (
    MOST_PAYLOAD,
    Carried,
    Flag,
    Frame,
    GarbledError,
    Kind,
    acknowledgement,
    as_json,
    decode,
    from_json,
)
from hpctl.adapters.ssm.outbox import Outbox

CLIENT_VERSION: Final = "1.2.0.0"
"""The version of the official client whose protocol this is."""

GIVE_UP_S: Final = 300.0
"""A frame that nobody acknowledges for so long ends the session, as in the official client."""

_HELD: Final = 10_000
"""Frames that came too early are kept up to so many, as both official ends do."""

_SUCCESS, _UNSUPPORTED = 1, 3


@dataclass(frozen=True, slots=True)
class Ready:
    """The handshake is over: streams may begin."""


@dataclass(frozen=True, slots=True)
class Came:
    """Bytes of the other end's stream, in order and once."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Flagged:
    """The other end says something about a connection that it made."""

    flag: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The session has ended; `said` is the reason, where there is one."""

    said: str


@dataclass(frozen=True, slots=True)
class Encrypted:
    """The session wants a key of KMS, which this end does not offer."""


Event = Ready | Came | Flagged | Closed | Encrypted


class Channel:
    """The client's end. `now_s` is any clock that only goes forward; `new_id` makes ids, `now_ms` dates frames."""

    def __init__(self, new_id: Callable[[], UUID], now_ms: Callable[[], int]) -> None:
        """Begin before the handshake."""
        self._new_id, self._now_ms = new_id, now_ms
        self._outbox = Outbox()
        self._next_out = 0
        self._next_in = 0
        self._early: dict[int, Frame] = {}
        self._paused = False
        self._waiting: list[bytes] = []
        self._events: list[Event] = []

    @property
    def can_send(self) -> bool:
        """Whether another frame may be sent now."""
        return not self._paused and not self._outbox.full

    @property
    def all_came(self) -> bool:
        """Whether the other end has acknowledged everything."""
        return self._outbox.empty

    @property
    def gap(self) -> bool:
        """Whether something came that something else should have come before."""
        return bool(self._early)

    def send(self, data: bytes, now_s: float, *, carried: Carried = Carried.OUTPUT) -> None:
        """Send bytes of this end's stream, at most `MOST_PAYLOAD`, or a word beside it."""
        if len(data) > MOST_PAYLOAD and carried is Carried.OUTPUT:
            raise ValueError("a frame carries less")
        frame = Frame(
            Kind.INPUT, self._next_out, self._new_id(), carried, data, int(self._next_out == 0), self._now_ms()
        )
        self._next_out += 1
        self._outbox.add(frame, now_s)
        self._waiting.append(frame.encode())

    def flag(self, flag: Flag, now_s: float) -> None:
        """Say something about the session."""
        self.send(int(flag).to_bytes(4, "big"), now_s, carried=Carried.FLAG)

    def outgoing(self, now_s: float) -> Iterable[bytes]:
        """Return what the connection is to take now, sent again or for the first time."""
        if not self._paused:
            self._waiting.extend(frame.encode() for frame in self._outbox.due(now_s))
        taken, self._waiting = self._waiting, []
        return taken

    def reconnected(self, now_s: float) -> None:
        """Go on over a new connection: nobody knows what the old one still took."""
        self._waiting.clear()
        self._paused = False
        self._outbox.again(now_s)

    def stuck(self, now_s: float) -> bool:
        """Whether the other end acknowledges nothing any more."""
        oldest_s = self._outbox.oldest_s()
        return oldest_s is not None and now_s - oldest_s > GIVE_UP_S

    def receive(self, data: bytes, now_s: float, *, room: bool = True) -> Iterator[Event]:
        """Take a frame and return what it means; without `room` a stream's frame is left to be sent again."""
        try:
            frame = decode(data)
            match frame.kind:
                case Kind.OUTPUT:
                    if room or frame.sequence < self._next_in:
                        self._stream(frame, now_s)
                case Kind.ACKNOWLEDGE:
                    self._outbox.acknowledged(_number(frame), now_s)
                case Kind.CLOSED:
                    self._events.append(Closed(str(from_json(frame.payload).get("Output") or "")))
                case Kind.PAUSE | Kind.START:
                    self._paused = frame.kind == Kind.PAUSE
                case _:
                    pass
        except GarbledError:
            pass  # as if it had not come: what matters is sent again
        events, self._events = self._events, []
        return iter(events)

    def _stream(self, frame: Frame, now_s: float) -> None:
        if frame.sequence >= self._next_in:
            if len(self._early) >= _HELD and frame.sequence != self._next_in:
                return  # not acknowledged, so it comes again
            self._early[frame.sequence] = frame
        self._waiting.append(acknowledgement(frame, self._new_id(), self._now_ms()).encode())
        while (following := self._early.pop(self._next_in, None)) is not None:
            self._next_in += 1
            self._in_order(following, now_s)

    def _in_order(self, frame: Frame, now_s: float) -> None:
        match frame.carried:
            case Carried.OUTPUT | Carried.STDERR | Carried.ERROR:
                self._events.append(Came(frame.payload))
            case Carried.HANDSHAKE_REQUEST:
                self._answer(from_json(frame.payload), now_s)
            case Carried.HANDSHAKE_COMPLETE:
                self._events.append(Ready())
            case Carried.ENCRYPTION_CHALLENGE:
                self._events.append(Encrypted())
            case Carried.FLAG:
                self._events.append(Flagged(int.from_bytes(frame.payload[:4], "big")))
            case _:
                pass

    def _answer(self, request: dict[str, Any], now_s: float) -> None:
        """Answer what the agent asks for: a kind of session is taken, whatever else is not."""
        wanted = [action for action in request.get("RequestedClientActions") or () if isinstance(action, dict)]
        if any(action.get("ActionType") == "KMSEncryption" for action in wanted):
            self._events.append(Encrypted())
        answer = {
            "ClientVersion": CLIENT_VERSION,
            "ProcessedClientActions": [_processed(str(action.get("ActionType"))) for action in wanted],
            "Errors": [],
        }
        self.send(as_json(answer), now_s, carried=Carried.HANDSHAKE_RESPONSE)


def _processed(action: str) -> dict[str, Any]:
    taken = action == "SessionType"
    return {
        "ActionType": action,
        "ActionStatus": _SUCCESS if taken else _UNSUPPORTED,
        "ActionResult": None,
        "Error": "" if taken else f"Unsupported action {action}",
    }


def _number(frame: Frame) -> int:
    found = from_json(frame.payload).get("AcknowledgedMessageSequenceNumber")
    if not isinstance(found, int):
        raise GarbledError("an acknowledgement names no number")
    return found
