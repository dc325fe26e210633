"""The agent's end of a channel: order, acknowledgements, and what is sent again."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.agent import frames
from hpctl.sandbox.agent.channel import WINDOW, Channel
from hpctl.sandbox.agent.frames import Frame

ROOM = 100


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def typed(number: int) -> Frame:
    return Frame(frames.INPUT, number, 0, uuid.uuid4(), 1, b"%d" % number)


@given(st.permutations(range(12)), st.lists(st.integers(0, 11), max_size=20))
def test_whatever_order_input_comes_in_and_however_often_it_is_heard_once_in_order(
    order: list[int], again: list[int]
) -> None:
    channel, heard = Channel(Clock()), []
    for number in [*order, *again]:
        heard += [each.payload for each in channel.heard(typed(number), room=ROOM)]
    assert heard == [b"%d" % number for number in range(12)]


def test_what_came_before_is_acknowledged_and_what_there_is_no_room_for_is_not() -> None:
    channel = Channel(Clock())
    assert [*channel.heard(typed(0), room=ROOM)]
    assert channel.takes(typed(0), room=0)
    assert channel.takes(typed(5), room=5)
    assert not channel.takes(typed(6), room=5)
    assert [*channel.heard(typed(1), room=0)] == []
    assert [*channel.heard(typed(1), room=1)] != []


def test_only_what_is_missing_is_sent_again() -> None:
    clock = Clock()
    channel = Channel(clock)
    sent = [channel.put(frames.DATA, b"%d" % number) for number in range(3)]
    clock.now = 0.1
    assert channel.due() == []
    list(channel.heard(frames.acknowledgement(sent[1]), room=ROOM))
    clock.now = 0.25
    # Nothing has come for long enough: both are sent again, and not again at once.
    assert channel.due() == []
    clock.now = 0.31
    assert channel.due() == [sent[0], sent[2]]
    assert channel.due() == []
    assert channel.waiting == 2


def test_a_client_that_is_slow_is_not_sent_more() -> None:
    clock = Clock()
    channel = Channel(clock)
    sent = [channel.put(frames.DATA, b"%d" % number) for number in range(20)]
    for each in sent[:-1]:
        clock.now += 0.15
        list(channel.heard(frames.acknowledgement(each), room=ROOM))
        assert channel.due() == []


def test_a_new_connection_is_told_all_that_is_not_acknowledged() -> None:
    channel = Channel(Clock())
    sent = [channel.put(frames.DATA, b"%d" % number) for number in range(3)]
    list(channel.heard(frames.acknowledgement(sent[0]), room=ROOM))
    assert channel.all_again() == sent[1:]


def test_no_more_than_a_window_is_on_its_way() -> None:
    channel = Channel(Clock())
    sent = [channel.put(frames.DATA, b"") for _ in range(WINDOW)]
    assert not channel.open
    list(channel.heard(frames.acknowledgement(sent[7]), room=ROOM))
    assert channel.open


def test_an_acknowledgement_that_says_nothing_is_passed_over() -> None:
    channel = Channel(Clock())
    channel.put(frames.DATA, b"")
    for words in (b"", b"[]", b'{"AcknowledgedMessageSequenceNumber":"x"}'):
        assert [*channel.heard(Frame(frames.ACKNOWLEDGE, 0, 3, uuid.uuid4(), 0, words), room=ROOM)] == []
    assert channel.waiting == 1
