"""The loop of all sessions of a process: whoever waits for work in it hears how that ended."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hpctl.adapters.ssm.broken import SessionError
from hpctl.adapters.ssm.hub import Hub

WITHIN_S = 60.0


async def _for_ever() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("begun", [False, True], ids=["before-its-first-step", "later"])
def test_work_that_is_ended_says_so(begun: bool) -> None:
    hub, held = Hub(), threading.Event()
    told: list[object] = []
    if not begun:
        hub.soon(held.wait, WITHIN_S)
    work = hub.start(_for_ever(), told.append)
    if begun:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), hub.loop).result(WITHIN_S)
    work.cancel()
    held.set()
    assert work.done.wait(WITHIN_S)
    (error,) = told
    assert isinstance(error, SessionError)
    hub.stop()
