"""A channel without a network: its handshake, and that every byte comes once and in order whatever befalls frames."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.adapters.ssm.channel import GIVE_UP_S, Came, Channel, Closed, Encrypted, Flagged, Ready
from hpctl.adapters.ssm.frames import Carried, Flag, Frame, Kind, as_json, decode
from hpctl.adapters.ssm.outbox import IN_FLIGHT

ID = UUID(int=1)
SESSION = {"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands"}}


def a_channel() -> Channel:
    return Channel(lambda: ID, lambda: 0)


def output(sequence: int, payload: bytes, carried: int = Carried.OUTPUT) -> bytes:
    return Frame(Kind.OUTPUT, sequence, ID, carried, payload).encode()


def acknowledged(sequence: object) -> bytes:
    return Frame(Kind.ACKNOWLEDGE, 0, ID, payload=as_json({"AcknowledgedMessageSequenceNumber": sequence})).encode()


def sent(channel: Channel, now_s: float = 0.0) -> list[Frame]:
    return [decode(frame) for frame in channel.outgoing(now_s)]


def handshake(*actions: dict[str, Any]) -> bytes:
    return output(0, as_json({"AgentVersion": "3.3", "RequestedClientActions": list(actions)}), 5)


def test_the_handshake_takes_the_kind_of_session_and_then_streams_begin() -> None:
    channel = a_channel()
    assert list(channel.receive(handshake(SESSION), 0.0)) == []
    acknowledgement, response = sent(channel)
    assert json.loads(acknowledgement.payload)["AcknowledgedMessageSequenceNumber"] == 0
    assert (response.kind, response.sequence, response.carried) == (Kind.INPUT, 0, Carried.HANDSHAKE_RESPONSE)
    assert json.loads(response.payload) == {
        "ClientVersion": "1.2.0.0",
        "ProcessedClientActions": [{"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""}],
        "Errors": [],
    }
    assert list(channel.receive(output(1, b"{}", 7), 0.0)) == [Ready()]


def test_a_session_that_wants_encryption_is_told_that_there_is_none() -> None:
    channel = a_channel()
    kms = {"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "k"}}
    assert list(channel.receive(handshake(SESSION, kms), 0.0)) == [Encrypted()]
    response = next(frame for frame in sent(channel) if frame.carried == Carried.HANDSHAKE_RESPONSE)
    statuses = [one["ActionStatus"] for one in json.loads(response.payload)["ProcessedClientActions"]]
    assert statuses == [1, 3]


def test_what_comes_twice_is_acknowledged_twice_and_taken_once() -> None:
    channel = a_channel()
    assert list(channel.receive(output(0, b"a"), 0.0)) == [Came(b"a")]
    assert list(channel.receive(output(0, b"a"), 0.0)) == []
    numbers = [json.loads(frame.payload)["AcknowledgedMessageSequenceNumber"] for frame in sent(channel)]
    assert numbers == [0, 0]
    assert not channel.gap


def test_what_comes_early_waits_for_what_is_before_it() -> None:
    channel = a_channel()
    assert list(channel.receive(output(2, b"c"), 0.0)) == []
    assert list(channel.receive(output(1, b"b"), 0.0)) == []
    assert channel.gap
    assert list(channel.receive(output(0, b"a"), 0.0)) == [Came(b"a"), Came(b"b"), Came(b"c")]
    assert not channel.gap


def test_no_more_than_ten_thousand_early_frames_are_kept_and_the_rest_is_not_acknowledged() -> None:
    channel = a_channel()
    for number in range(1, 10_001):
        list(channel.receive(output(number, b""), 0.0))
    assert len(sent(channel)) == 10_000
    list(channel.receive(output(10_001, b"x"), 0.0))
    assert sent(channel) == []
    assert next(channel.receive(output(0, b"a"), 0.0)) == Came(b"a")


def test_without_room_a_new_frame_is_neither_taken_nor_acknowledged() -> None:
    channel = a_channel()
    assert list(channel.receive(output(0, b"a"), 0.0, room=False)) == []
    assert sent(channel) == []
    assert list(channel.receive(output(0, b"a"), 0.0)) == [Came(b"a")]
    list(channel.receive(output(0, b"a"), 0.0, room=False))
    assert len(sent(channel)) == 2


def test_what_is_not_acknowledged_is_sent_again_until_it_is() -> None:
    channel = a_channel()
    channel.send(b"x", 0.0)
    first = sent(channel)
    assert sent(channel, 0.1) == []
    assert sent(channel, 0.25) == first
    assert sent(channel, 0.3) == []
    assert sent(channel, 0.7) == first
    list(channel.receive(acknowledged(0), 0.8))
    assert sent(channel, 60.0) == []
    assert channel.all_came


def test_waits_between_tries_grow_to_a_second_and_after_minutes_the_channel_is_stuck() -> None:
    channel = a_channel()
    channel.send(b"x", 0.0)
    tries, now_s = [], 0.0
    while not channel.stuck(now_s):
        if sent(channel, now_s):
            tries.append(now_s)
        now_s += 0.1
    assert GIVE_UP_S <= now_s <= GIVE_UP_S + 1
    waits = [after - before for before, after in pairwise(tries)]
    assert max(waits) <= 1.11
    assert len(tries) < 320


def test_a_short_way_is_learnt_but_no_frame_is_hurried_below_the_first_wait() -> None:
    channel = a_channel()
    for number in range(20):
        channel.send(b"x", float(number))
        sent(channel, float(number))
        list(channel.receive(acknowledged(number), number + 0.001))
    channel.send(b"x", 100.0)
    sent(channel, 100.0)
    assert sent(channel, 100.19) == []
    assert sent(channel, 100.21) != []


def test_a_long_way_is_learnt_so_that_nothing_is_sent_again_for_nothing() -> None:
    channel = a_channel()
    for number in range(20):
        channel.send(b"x", float(number))
        sent(channel, float(number))
        list(channel.receive(acknowledged(number), number + 0.19))
        now_s = number + 0.6
        assert sent(channel, now_s) == []
    channel.send(b"y", 100.0)
    assert [frame.payload for frame in sent(channel, 100.0)] == [b"y"]


def test_only_so_many_frames_are_on_their_way() -> None:
    channel = a_channel()
    for _ in range(IN_FLIGHT):
        assert channel.can_send
        channel.send(b"x", 0.0)
    assert not channel.can_send
    list(channel.receive(acknowledged(5), 0.0))
    assert channel.can_send


def test_a_pause_holds_until_the_start_and_sends_nothing_again_meanwhile() -> None:
    channel = a_channel()
    channel.send(b"x", 0.0)
    sent(channel)
    list(channel.receive(Frame(Kind.PAUSE, 0, ID).encode(), 0.0))
    assert not channel.can_send
    assert sent(channel, 9.0) == []
    list(channel.receive(Frame(Kind.START, 0, ID).encode(), 9.0))
    assert channel.can_send
    assert len(sent(channel, 9.0)) == 1


def test_a_new_connection_takes_all_that_nobody_acknowledged_at_once() -> None:
    channel = a_channel()
    for letter in (b"a", b"b", b"c"):
        channel.send(letter, 0.0)
    sent(channel)
    list(channel.receive(acknowledged(1), 0.01))
    channel.reconnected(0.02)
    assert [frame.payload for frame in sent(channel, 0.02)] == [b"a", b"c"]


def test_flags_and_the_end_are_told() -> None:
    channel = a_channel()
    assert list(channel.receive(output(0, b"\0\0\0\x03", Carried.FLAG), 0.0)) == [Flagged(3)]
    closing = Frame(Kind.CLOSED, 0, ID, payload=as_json({"Output": "bye"})).encode()
    assert list(channel.receive(closing, 0.0)) == [Closed("bye")]
    channel.flag(Flag.TERMINATE_SESSION, 0.0)
    assert [frame.payload for frame in sent(channel) if frame.kind == Kind.INPUT] == [b"\0\0\0\x02"]


@given(st.binary(max_size=400), st.sampled_from([*Kind, "news"]), st.integers(-5, 20), st.integers(0, 20))
def test_a_channel_goes_on_whatever_comes(payload: bytes, kind: str, sequence: int, carried: int) -> None:
    channel = a_channel()
    list(channel.receive(Frame(kind, sequence, ID, carried, payload).encode(), 0.0))
    list(channel.receive(payload, 0.0))
    list(channel.receive(acknowledged("many"), 0.0))
    channel.send(b"after it", 0.0)
    list(channel.receive(Frame(Kind.START, 0, ID).encode(), 0.0))
    assert [frame.payload for frame in sent(channel) if frame.kind == Kind.INPUT][-1] == b"after it"
    assert Closed("bye") in channel.receive(Frame(Kind.CLOSED, 0, ID, payload=as_json({"Output": "bye"})).encode(), 0.0)


def _turned(frame: bytes) -> bytes:
    """The same frame as the other end would have sent it: both ends of these tests are clients."""
    read = decode(frame)
    return replace(read, kind=Kind.OUTPUT).encode() if read.kind == Kind.INPUT else frame


class Way:
    """Takes frames to the other end, some not, some twice, some late, some damaged."""

    def __init__(self, chance: random.Random, faults: float) -> None:
        self._chance, self._faults = chance, faults
        self._held: list[bytes] = []

    def of(self, frames: Iterable[bytes]) -> list[bytes]:
        came: list[bytes] = []
        for frame in frames:
            if self._happens():
                continue
            if self._happens():
                self._held.append(frame)
                continue
            came.append(frame[:-1] + bytes([frame[-1] ^ 1]) if self._happens() else frame)
            if self._happens():
                came.append(frame)
        while self._held and self._chance.random() < 0.5:
            came.insert(self._chance.randrange(len(came) + 1), self._held.pop())
        return came

    def _happens(self) -> bool:
        return self._chance.random() < self._faults


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 0.3), st.lists(st.binary(min_size=1, max_size=9), max_size=120))
def test_every_byte_comes_once_and_in_order_whatever_happens_to_frames(
    seed: int, faults: float, words: list[bytes]
) -> None:
    chance = random.Random(seed)  # noqa: S311
    ends, ways = (a_channel(), a_channel()), (Way(chance, faults), Way(chance, faults))
    left = [list(words), list(reversed(words))]
    came: list[list[bytes]] = [[], []]
    now_s = 0.0
    while now_s < GIVE_UP_S and (any(left) or not all(end.all_came for end in ends)):
        for number, end in enumerate(ends):
            while left[number] and end.can_send and chance.random() < 0.7:
                end.send(left[number].pop(0), now_s)
            for frame in ways[number].of([_turned(one) for one in end.outgoing(now_s)]):
                events = ends[1 - number].receive(frame, now_s, room=chance.random() > faults)
                came[1 - number] += [event.data for event in events if isinstance(event, Came)]
        now_s += 0.05
    assert came == [list(reversed(words)), words]
