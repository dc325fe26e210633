"""A terminal whose program reads nothing: what is typed waits, and nobody is kept busy meanwhile."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Callable
from contextlib import closing
from typing import cast

import pytest

from hpctl.sandbox.kube.kubelet.cri import Runtime
from hpctl.sandbox.kube.kubelet.streams import Command

DATA = b"x" * 200_000
A_WHILE_S = 0.5


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much each write of this process took, 0 for nothing."""
    seen: list[int] = []
    real: Callable[..., int] = os.write

    def counted(descriptor: int, data: bytes) -> int:
        try:
            seen.append(real(descriptor, data))
        except BlockingIOError:
            seen.append(0)
            raise
        return seen[-1]

    monkeypatch.setattr(os, "write", counted)
    return seen


def test_a_full_terminal_is_asked_rarely_and_gets_all_once_it_is_read(writes: list[int]) -> None:
    async def typed() -> bytes:
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        ending = asyncio.get_running_loop().create_future()
        command = await Command.of(cast("Runtime", None), "key", ending, [os.dup(ours), ours], terminal=True)
        typing = asyncio.create_task(command.write(DATA))
        await asyncio.sleep(A_WHILE_S)
        assert not typing.done()
        assert writes.count(0) < 2 * A_WHILE_S / 0.02
        with closing(os.fdopen(theirs, "rb")) as screen:
            return await asyncio.to_thread(screen.read, len(DATA))

    assert asyncio.run(typed()) == DATA


def test_what_a_program_has_not_read_when_it_ends_is_left(writes: list[int]) -> None:
    async def typed() -> None:
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        ending = asyncio.get_running_loop().create_future()
        command = await Command.of(cast("Runtime", None), "key", ending, [os.dup(ours), ours], terminal=True)
        typing = asyncio.create_task(command.write(DATA))
        await asyncio.sleep(0.1)
        ending.set_result(0)
        await asyncio.wait_for(typing, 10)
        os.close(theirs)
        assert [each async for each in command.output()] == []

    asyncio.run(typed())
    assert 0 < sum(writes) < len(DATA)
