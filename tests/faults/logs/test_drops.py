"""Logs over connections that break: every line comes, once and in order."""

from __future__ import annotations

import random
from threading import Thread

import pytest

from hpctl.report.logs import LogStep
from hpctl.services.job.logs import LogWish
from tests.faults.logs.conftest import Follow, gaps, printed
from tests.faults.logs.server import SECOND, START_NS, Container, Fault, LogServer, Turn, lines

RANKS, LINES = 64, 5_000


def often(seed: int, *faults: Fault, least: int = 20_000, most: int = 200_000) -> object:
    chance = random.Random(seed)  # noqa: S311  the same breaks in every run
    return lambda _number: Turn(chance.choice(faults), chance.randint(least, most))


def growing(server: LogServer, containers: list[Container], portions: int = 25) -> Thread:
    """Let the containers print what they have, little by little, and end."""

    def grow() -> None:
        for portion in range(1, portions + 1):
            with server.changing():
                for container in containers:
                    container.now.shown = len(container.now.lines) * portion // portions
            server.over.wait(0.03)
        server.finish_all()

    thread = Thread(target=grow)
    thread.start()
    return thread


@pytest.mark.scorecard(39, 40)
@pytest.mark.timeout(180)
def test_64_ranks_lose_and_double_nothing_over_every_kind_of_break(server: LogServer, steps: Follow) -> None:
    for rank in range(RANKS):
        text = f"rank {rank} step {{}} loss 0.123456789"
        container = server.pod(rank, lines(LINES, text=text, step_ns=500_000))
        container.now.shown = 0
        container.turns = often(rank, Fault.EOF, Fault.RESET, Fault.CUT, Fault.STALL, Fault.NONE)  # type: ignore[assignment]
    thread = growing(server, server.containers)
    found = steps()
    thread.join()
    for rank in range(RANKS):
        assert printed(found, rank) == [line for _, line in server.containers[rank].now.lines], rank
    assert gaps(found) == []
    assert sum(len(container.asked) for container in server.containers) > 5 * RANKS


@pytest.mark.parametrize("fault", [Fault.EOF, Fault.RESET, Fault.CUT, Fault.STALL])
@pytest.mark.parametrize("after", [0, 1, 30, 31, 40, 5_000])
def test_one_break_at_any_place_changes_nothing(server: LogServer, steps: Follow, fault: Fault, after: int) -> None:
    container = server.pod(0, lines(300))
    container.turns = lambda number: Turn(fault, after) if number == 0 else Turn()

    def end(_step: LogStep) -> None:
        if container.now.shown == 300 and not container.now.ended:
            server.finish_all()

    found = steps(each=end)
    assert printed(found, 0) == [line for _, line in container.now.lines]
    assert gaps(found) == []
    assert len(container.asked) >= 2


def test_a_log_that_is_not_followed_is_whole_too(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(2_000))
    container.turns = often(1, Fault.RESET, Fault.CUT, least=60_000, most=90_000)  # type: ignore[assignment]
    found = steps(LogWish())
    assert printed(found, 0) == [line for _, line in container.now.lines]
    assert len(container.asked) > 1
    assert all("follow" not in query for query in container.asked)


def test_lines_of_one_moment_are_told_apart_by_their_number(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(600, step_ns=0, text="same"))
    container.turns = lambda number: Turn(Fault.RESET, (number + 1) * 4_000) if number < 5 else Turn()
    server.finish_all()
    found = steps()
    assert printed(found, 0) == [b"same"] * 600
    assert gaps(found) == []


def test_lines_in_disorder_are_neither_lost_nor_doubled(server: LogServer, steps: Follow) -> None:
    chance = random.Random(7)  # noqa: S311  the same disorder in every run
    mixed = [(when + chance.randint(-40_000_000, 40_000_000), line) for when, line in lines(3_000, step_ns=2_000_000)]
    container = server.pod(0, mixed)
    container.turns = often(3, Fault.RESET, Fault.EOF, least=90_000, most=99_000)  # type: ignore[assignment]
    server.finish_all()
    found = steps()
    assert printed(found, 0) == [line for _, line in mixed]
    assert len(container.asked) > 1


def test_a_line_of_the_second_before_that_comes_after_a_break_is_not_missed(server: LogServer, steps: Follow) -> None:
    turn_ns = START_NS + 5 * SECOND
    rows = [
        (turn_ns - 2_000_000, b"first"),
        (turn_ns + 1_000, b"later"),
        (turn_ns - 1_000, b"early"),
        (turn_ns, b"end"),
    ]
    container = server.pod(0, rows)
    up_to_later = sum(len("2026-11-22T05:00:00.000000000Z ") + len(line) + 1 for _, line in rows[:2])
    container.turns = lambda number: Turn(Fault.RESET, up_to_later) if number == 0 else Turn()
    server.finish_all()
    assert printed(steps(), 0) == [b"first", b"later", b"early", b"end"]


def test_a_second_that_never_fits_into_a_connection_is_told_from_nearer_its_end(
    server: LogServer, steps: Follow
) -> None:
    container = server.pod(0, lines(3_000, step_ns=1_000))
    container.turns = lambda _number: Turn(Fault.RESET, 20_000)
    server.finish_all()
    found = steps()
    assert printed(found, 0) == [line for _, line in container.now.lines]
    assert gaps(found) == []
    assert any("tailLines" in query for query in container.asked)


def test_where_the_server_knows_no_last_lines_a_second_is_passed_over_and_said(
    server: LogServer, steps: Follow
) -> None:
    dense, later = lines(3_000, step_ns=1_000), lines(20, first_ns=START_NS + 5 * SECOND, text="later {}")
    container = server.pod(0, dense + later, knows_tail=False)
    container.turns = lambda _number: Turn(Fault.RESET, 20_000)
    server.finish_all()
    found = steps(LogWish())
    shown = printed(found, 0)
    assert shown[-20:] == [line for _, line in later]
    assert shown[:-20] == [line for _, line in dense[: len(shown) - 20]]
    (gap,) = gaps(found)
    assert gap.reason.startswith("the connection broke again and again")
    assert gap.after_ns == dense[len(shown) - 21][0]


def test_a_token_that_expires_meanwhile_is_signed_anew(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(500))

    def turns(number: int) -> Turn:
        if number == 0:
            server.denied = 1
            return Turn(Fault.RESET, 3_000)
        return Turn()

    container.turns = turns
    server.finish_all()
    assert printed(steps(), 0) == [line for _, line in container.now.lines]
