"""What is waited for, on a terminal that may be redrawn; nothing of it stays, and nothing comes where it was quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from threading import Event as Signal
from threading import Thread
from typing import Final

from hpctl.render.safe import one_line
from hpctl.render.screen import cut
from hpctl.render.terminal import Terminal, write

QUICK_S: Final = 1.0
"""What takes less than that needs no word."""

_TURN_S: Final = 0.125
_TURNS: Final = "\u280b\u2819\u2839\u2838\u283c\u2834\u2826\u2827\u2807\u280f"
_PLAIN_TURNS: Final = "-\\|/"
_HIDE, _SHOW, _CLEAR = "\x1b[?25l", "\x1b[?25h", "\r\x1b[K"


@contextmanager
def looking(text: str, terminal: Terminal, *, after_s: float = QUICK_S) -> Iterator[None]:
    """Tell on stderr what is waited for, from `after_s` seconds on; nothing else may be written meanwhile."""
    if not terminal.live:
        yield
        return
    over = Signal()
    teller = Thread(target=_tell, args=(one_line(text), terminal, over, after_s), daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _tell(text: str, terminal: Terminal, over: Signal, after_s: float) -> None:
    if over.wait(after_s):
        return
    shown = cut(text, max(terminal.width - len("- ") - 1, 1))
    write(terminal.stderr, _HIDE)
    for turn in cycle(_turns(terminal)):
        write(terminal.stderr, f"{_CLEAR}{turn} {shown}")
        if over.wait(_TURN_S):
            break
    write(terminal.stderr, f"{_CLEAR}{_SHOW}")


def _turns(terminal: Terminal) -> str:
    encoding = getattr(terminal.stderr, "encoding", None) or "ascii"
    return _TURNS if encoding.lower().startswith("utf") else _PLAIN_TURNS
