"""An error is told also to whoever presses Ctrl-C again, and no traceback is."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import pytest

import hpctl.cli.main as main_module
import hpctl.render.errors
from hpctl.errors import ExitCode, HpctlError, InterruptedWaitError


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _ends(monkeypatch: pytest.MonkeyPatch, interrupts: int) -> tuple[object, list[str]]:
    """Let a command be interrupted, and the telling of that so often again."""
    told: list[str] = []

    def command(_said: object) -> None:
        raise InterruptedWaitError("stopped following")

    def show(error: HpctlError, *_: object) -> None:
        told.append(error.message)
        if len(told) <= interrupts:
            raise KeyboardInterrupt

    monkeypatch.setattr(main_module, "_whole", command)
    monkeypatch.setattr(hpctl.render.errors, "show_error", show)
    monkeypatch.setattr(sys, "argv", ["hpctl", "job", "logs"])
    with pytest.raises(SystemExit) as end:
        main_module.main()
    return end.value.code, told


@pytest.mark.parametrize("interrupts", [0, 1, 2])
def test_a_second_and_a_third_signal_change_nothing_of_the_end(
    monkeypatch: pytest.MonkeyPatch, interrupts: int
) -> None:
    code, told = _ends(monkeypatch, interrupts)
    assert code == ExitCode.INTERRUPTED
    assert told == ["stopped following"] * min(interrupts + 1, 2)
