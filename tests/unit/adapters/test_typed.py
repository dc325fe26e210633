"""What is typed, on its way from the thread that waits for it to the loop that sends it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any, cast

from hpctl.adapters.local.typed import BLOCK, READ_AHEAD, Typed

WAIT_S = 30.0
"""Longer than any scheduling delay: reached only when the thread never ends."""


class Loop:
    """An event loop, as far as the thread knows it."""

    def __init__(self, *, ended: bool = False) -> None:
        self.came = threading.Semaphore(0)
        self._ended = ended

    def call_soon_threadsafe(self, call: Callable[[bytes], None], data: bytes) -> None:
        if self._ended:
            raise RuntimeError("Event loop is closed")
        call(data)
        self.came.release()


def begun(stdin: BytesIO, loop: Loop) -> tuple[Typed, threading.Thread]:
    typed = Typed(stdin, cast("Any", loop))
    thread = threading.Thread(target=typed.read, daemon=True)
    thread.start()
    return typed, thread


def taken(typed: Typed, loop: Loop) -> bytes:
    assert loop.came.acquire(timeout=WAIT_S)
    block = typed.next()
    try:
        block.send(None)
    except StopIteration as arrived:
        return bytes(arrived.value)
    raise AssertionError("it waits, and there is a block")


def test_much_input_arrives_in_order_and_ends_with_an_empty_block() -> None:
    blocks = [bytes([number]) * BLOCK for number in range(3 * READ_AHEAD)]
    loop = Loop()
    typed, thread = begun(BytesIO(b"".join(blocks)), loop)
    assert [taken(typed, loop) for _ in range(len(blocks) + 1)] == [*blocks, b""]
    thread.join(WAIT_S)
    assert not thread.is_alive()


def test_no_more_is_read_than_the_connection_takes() -> None:
    stdin, loop = BytesIO(bytes(3 * READ_AHEAD * BLOCK)), Loop()
    typed, thread = begun(stdin, loop)
    for _ in range(READ_AHEAD):
        assert loop.came.acquire(timeout=WAIT_S)
    thread.join(0.1)
    assert stdin.tell() == READ_AHEAD * BLOCK
    loop.came.release()
    taken(typed, loop)
    assert loop.came.acquire(timeout=WAIT_S)
    assert stdin.tell() == (READ_AHEAD + 1) * BLOCK


def test_a_loop_that_has_ended_wants_no_more() -> None:
    _typed, thread = begun(BytesIO(bytes(2 * BLOCK)), Loop(ended=True))
    thread.join(WAIT_S)
    assert not thread.is_alive()
