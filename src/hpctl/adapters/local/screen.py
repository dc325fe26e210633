"""This process's terminal, given to a program elsewhere."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO


@contextmanager
def terminal(stdin: BinaryIO, resized: Callable[[os.terminal_size], Coroutine[Any, Any, None]]) -> Iterator[None]:
    """Make the keyboard raw, so that every key goes elsewhere, and tell `resized` the size now and as it changes.

    Within an event loop of the main thread alone: that is where signals are heard.
    """
    import termios
    import tty

    descriptor, loop = stdin.fileno(), asyncio.get_running_loop()
    before, handler = termios.tcgetattr(descriptor), signal.getsignal(signal.SIGWINCH)
    telling: set[asyncio.Task[None]] = set()

    def tell() -> None:
        task = loop.create_task(resized(os.get_terminal_size(descriptor)))
        telling.add(task)
        task.add_done_callback(telling.discard)

    tty.setraw(descriptor, termios.TCSADRAIN)  # what was typed ahead is kept
    try:
        loop.add_signal_handler(signal.SIGWINCH, tell)
        tell()
        yield
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)
        signal.signal(signal.SIGWINCH, handler)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
