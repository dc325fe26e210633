"""Signals held back for a step: the first waits for its end, the second does not."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from hpctl.adapters.local.signals import FINISHING, ProcessSignals
from hpctl.errors import Terminated

RAISED: dict[signal.Signals, type[KeyboardInterrupt]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: Terminated,
}


@pytest.fixture(autouse=True)
def _as_in_the_command() -> Iterator[None]:
    """What `cli.main` does: Ctrl-C as Python has it, SIGTERM as an exception of its own."""

    def end(_number: int, _frame: object) -> None:
        raise Terminated

    before = {number: signal.getsignal(number) for number in RAISED}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, end)
    yield
    for number, action in before.items():
        signal.signal(number, action)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", RAISED, ids=lambda number: number.name)
def test_the_first_waits_for_the_end_of_the_step_and_is_answered_at_once(number: signal.Signals) -> None:
    told: list[str] = []

    def step() -> None:
        with ProcessSignals(told.append).held_back():
            send(number)
            told.append("the step is done")

    with pytest.raises(RAISED[number]) as raised:
        step()
    assert type(raised.value) is RAISED[number]
    assert told == [FINISHING, "the step is done"]


@pytest.mark.parametrize("first", RAISED, ids=lambda number: number.name)
@pytest.mark.parametrize("second", RAISED, ids=lambda number: number.name)
def test_the_second_leaves_in_the_middle_of_the_step(first: signal.Signals, second: signal.Signals) -> None:
    told: list[str] = []

    def step() -> None:
        with ProcessSignals(told.append).held_back():
            send(first)
            send(second)
            told.append("the step is done")

    with pytest.raises(RAISED[second]) as raised:
        step()
    assert type(raised.value) is RAISED[second]
    assert told == [FINISHING]


@pytest.mark.parametrize("number", RAISED, ids=lambda number: number.name)
def test_before_and_after_a_step_it_takes_effect_at_once(number: signal.Signals) -> None:
    signals = ProcessSignals(pytest.fail)
    for _time in range(2):
        with pytest.raises(RAISED[number]):
            send(number)
        with signals.held_back():
            pass


def test_the_error_of_a_step_is_kept_as_the_context() -> None:
    def step() -> None:
        with ProcessSignals(lambda _line: None).held_back():
            send(signal.SIGINT)
            raise ValueError("the step failed")

    with pytest.raises(KeyboardInterrupt) as raised:
        step()
    assert isinstance(raised.value.__context__, ValueError)


def test_an_error_without_a_signal_is_what_it_is() -> None:
    with pytest.raises(ValueError, match="the step failed"), ProcessSignals(pytest.fail).held_back():
        raise ValueError("the step failed")


@pytest.mark.parametrize("number", RAISED, ids=lambda number: number.name)
def test_what_was_started_deaf_stays_deaf(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    with ProcessSignals(pytest.fail).held_back():
        send(number)
        send(number)
    assert signal.getsignal(number) is signal.SIG_IGN


def test_another_thread_is_left_alone() -> None:
    done: list[str] = []

    def step() -> None:
        with ProcessSignals(pytest.fail).held_back():
            done.append("the step")

    thread = threading.Thread(target=step)
    thread.start()
    thread.join()
    assert done == ["the step"]


def test_a_signal_that_nobody_handles_ends_the_process_after_the_step() -> None:
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with ProcessSignals(lambda _line: None).held_back():
            send(signal.SIGTERM)
        os._exit(7)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGTERM
