"""Logs of containers that restart, rotate, come late or go away: what cannot be told any more is said to be missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hpctl import timeouts
from hpctl.errors import NotFoundError, UnavailableError, UsageError
from hpctl.report.logs import LogGap, LogLines, LogStep
from hpctl.services.job.logs import LogWish
from tests.faults.logs.conftest import Follow, gaps, notes, printed
from tests.faults.logs.server import SECOND, START_NS, Fault, LogServer, Turn, lines

ROTATED = "the node no longer has the lines that followed (its log was rotated)"


def texts(rows: list[tuple[int, bytes]]) -> list[bytes]:
    return [line for _, line in rows]


def at(count: int, do: Callable[[], object]) -> Callable[[LogStep], None]:
    """Do something once, as soon as so many lines have been seen."""
    seen = [0]

    def each(step: LogStep) -> None:
        before = seen[0]
        seen[0] += len(step.lines) if isinstance(step, LogLines) else 0
        if before < count <= seen[0]:
            do()

    return each


def test_a_restart_is_told_from_the_last_line_before_to_the_first_after(server: LogServer, steps: Follow) -> None:
    first, second = lines(400), lines(50, first_ns=START_NS + 2 * SECOND, text="again {}")
    container = server.pod(0, first)
    container.now.shown = 200
    container.turns = lambda number: Turn(Fault.EOF, 9_000) if number == 0 else Turn()

    def restart() -> None:
        server.restart(container, second)
        server.finish_all()

    found = steps(each=at(190, restart))
    assert printed(found, 0) == texts(first) + texts(second)
    assert gaps(found) == []
    assert any(query.get("previous") == "true" for query in container.asked)


def test_a_restart_within_one_second_is_told_apart_as_well(server: LogServer, steps: Follow) -> None:
    first, second = lines(30, step_ns=1_000), lines(30, first_ns=START_NS + 50_000, step_ns=1_000, text="again {}")
    container = server.pod(0, first)

    def restart() -> None:
        server.restart(container, second)
        server.finish_all()

    found = steps(each=at(30, restart))
    assert printed(found, 0) == texts(first) + texts(second)
    assert gaps(found) == []


def test_instances_that_came_and_went_unseen_leave_a_gap(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(10))

    def restart() -> None:
        with server.changing():
            for number in (1, 2, 3):
                began = START_NS + number * 5 * SECOND
                server.restart(container, lines(10, first_ns=began, text=f"instance {number} line {{}}"))
        server.finish_all()

    container.turns = lambda number: Turn(Fault.RESET, 700) if number == 0 else Turn()
    found = steps(each=at(10, restart))
    shown = printed(found, 0)
    assert shown[:10] == texts(container.instances[0].lines)
    assert shown[10:] == texts(container.instances[2].lines) + texts(container.instances[3].lines)
    (gap,) = gaps(found)
    assert gap.reason == "the container was restarted, and the end of the instance before is gone"


def test_rotation_while_nobody_listened_leaves_a_gap_where_the_lines_were(server: LogServer, steps: Follow) -> None:
    rows = lines(300)
    container = server.pod(0, rows)
    container.now.shown = 100
    container.turns = lambda number: Turn(Fault.RESET, 3_000) if number == 0 else Turn()

    def rotate() -> None:
        with server.changing():
            container.now.shown, container.now.gone = 300, 150
        server.finish_all()

    seen: list[int] = []

    def each(step: LogStep) -> None:
        if not seen and isinstance(step, LogLines):
            seen.append(len(step.lines))
            rotate()

    found = steps(each=each)
    assert printed(found, 0) == texts(rows[: seen[0]]) + texts(rows[150:])
    (gap,) = gaps(found)
    assert (gap.reason, gap.after_ns) == (ROTATED, rows[seen[0] - 1][0])
    kinds = [type(step) for step in found if isinstance(step, LogGap | LogLines)]
    assert kinds.index(LogGap) in range(1, len(kinds) - 1)


def test_rotation_right_after_the_last_line_is_said_too_where_nothing_follows(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(100))

    def rotate() -> None:
        with server.changing():
            container.now.gone = 100
        server.finish_all()

    found = steps(each=at(100, rotate))
    assert printed(found, 0) == texts(container.now.lines)
    assert [gap.reason for gap in gaps(found)] == [ROTATED]


def test_a_pod_that_is_gone_before_its_end_was_read_leaves_a_gap(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(100))
    container.turns = lambda number: Turn(Fault.RESET, 3_000)
    server.pod(1, lines(5))

    def go() -> None:
        with server.changing():
            container.present = False
        server.finish_all()

    found = steps(each=at(60, go))
    assert printed(found, 0) == texts(container.now.lines)[: len(printed(found, 0))]
    assert [gap.reason for gap in gaps(found)] == ["the pod is gone, and its last lines with it"]
    assert printed(found, 1) == texts(lines(5))


def test_the_pod_that_takes_the_place_of_another_follows_it_under_the_same_rank(
    server: LogServer, steps: Follow
) -> None:
    old, later = server.pod(0, lines(20)), lines(20, first_ns=START_NS + 9 * SECOND, text="second try {}")

    def replace_it() -> None:
        server.finish(old, code=1)
        with server.changing():
            server.pod(0, later).pod = "train-0-again"
        server.over.wait(0.3)
        server.finish_all()

    found = steps(each=at(20, replace_it))
    assert printed(found, 0) == texts(lines(20)) + texts(later)
    assert {step.source.label for step in found if isinstance(step, LogLines)} == {"rank 0"}


def test_pods_that_do_not_run_yet_are_waited_for(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(10))
    container.started, container.phase = False, "Pending"

    def turns(number: int) -> Turn:
        server.finish_all()
        return Turn()

    container.turns = turns
    server.pod(1, lines(3))

    def start() -> None:
        with server.changing():
            container.started, container.phase = True, "Running"

    found = steps(each=at(3, start))
    assert printed(found, 0) == texts(lines(10))
    assert [query.get("tailLines") for query in container.asked] == [None] * len(container.asked)


def test_ranks_that_outlive_their_job_are_followed_for_a_while(server: LogServer, steps: Follow) -> None:
    server.finish(server.pod(0, lines(3)))
    late, hangs = server.pod(1, lines(200)), server.pod(2, lines(3))
    late.now.shown = 3
    server.condition = "Complete"

    def print_more() -> None:
        with server.changing():
            late.now.shown = 200

    found = steps(each=at(9, print_more))
    assert [len(printed(found, rank)) for rank in range(3)] == [3, 200, 3]
    assert not hangs.now.ended
    assert notes(found)[0] == "the job is Succeeded; 2 pods that still run are followed for up to 0.3 s"


def test_what_is_not_followed_and_has_not_started_is_said(server: LogServer, steps: Follow) -> None:
    server.pod(0, lines(3))
    server.pod(1).started = False
    found = steps(LogWish())
    assert printed(found, 0) == texts(lines(3))
    assert notes(found) == ["has not started yet (ContainerCreating)"]


def test_a_log_that_ends_within_a_line_tells_that_too_once(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(5))
    container.now.unfinished = b"no end"
    server.finish_all()
    assert printed(steps(), 0) == [*texts(lines(5)), b"no end"]
    found = steps(LogWish())
    assert printed(found, 0) == [*texts(lines(5)), b"no end"]
    assert [step.open_end for step in found if isinstance(step, LogLines)][-1:] == [True]


def test_bytes_that_are_no_text_and_very_long_lines_arrive_as_they_are(server: LogServer, steps: Follow) -> None:
    odd = [b"\xff\xfe\x00", b"\x1b]0;title\x07", b"", b"a\rb", b"2026-11-22T05:00:00.000000000Z not a stamp"]
    rows = [(START_NS + number, line) for number, line in enumerate([*odd, b"x" * (1 << 20), b"end"])]
    container = server.pod(0, rows)
    container.turns = lambda number: Turn(Fault.CUT, 500_000) if number == 0 else Turn()
    server.finish_all()
    assert printed(steps(), 0) == texts(rows)


def test_a_line_without_end_is_cut_and_said_to_be(server: LogServer, steps: Follow) -> None:
    server.pod(0, [(START_NS, b"y" * (5 << 20)), (START_NS + 1, b"end")])
    found = steps(LogWish())
    (long, end), (gap,) = printed(found, 0), gaps(found)
    assert (set(long), end) == (set(b"y"), b"end")
    assert len(long) + 31 == 4 << 20
    assert gap.reason == f"a line was longer than 4 MiB; {(5 << 20) - len(long)} bytes of it are not shown"


def test_tail_and_since_hold_over_a_break(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(1_000))
    container.turns = lambda number: Turn(Fault.RESET, 500) if number == 0 else Turn()
    server.finish_all()
    assert printed(steps(LogWish(tail=100)), 0) == texts(lines(1_000))[-100:]
    container.asked.clear()
    since = datetime.fromtimestamp((START_NS // SECOND), UTC).replace(microsecond=600_000)
    assert printed(steps(LogWish(since=since)), 0) == texts(lines(1_000))[600:]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.STALL, Fault.EOF])
def test_who_wants_no_line_of_before_gets_each_that_comes(server: LogServer, steps: Follow, fault: Fault) -> None:
    now_ns = int(datetime.now(UTC).timestamp()) * SECOND
    container = server.pod(0, lines(100, first_ns=now_ns - 600 * SECOND) + lines(50, first_ns=now_ns, text="new {}"))
    container.now.shown = 100

    def turns(number: int) -> Turn:
        if number == 1:
            server.finish_all()
        return Turn(fault, 0) if number == 0 else Turn()

    container.turns = turns
    found = steps(LogWish(follow=True, tail=0))
    assert printed(found, 0) == texts(lines(50, text="new {}"))


def test_the_instance_before_is_read_when_it_is_asked_for(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(10))
    server.restart(container, lines(10, text="again {}"))
    server.pod(1, lines(2))
    found = steps(LogWish(previous=True))
    assert printed(found, 0) == texts(lines(10))
    assert printed(found, 1) == []
    assert any("was not restarted" in note for note in notes(found))


def test_only_the_ranks_that_are_named_are_read(server: LogServer, steps: Follow) -> None:
    for rank in range(3):
        server.pod(rank, lines(2))
    wish = LogWish(ranks=frozenset({1}))
    assert printed(steps(wish), 1) == texts(lines(2))
    assert printed(steps(wish), 0) == []
    with pytest.raises(UsageError, match="job `train` has no rank 7"):
        steps(replace(wish, ranks=frozenset({7})))
    with pytest.raises(UsageError, match="no container `nobody`"):
        steps(LogWish(containers=frozenset({"nobody"})))


def test_a_job_that_is_gone_is_an_error(server: LogServer, steps: Follow) -> None:
    def go(_step: LogStep) -> None:
        server.job_present = False
        server.containers.clear()

    server.pod(0, lines(2))
    steps(LogWish(follow=False), each=go)
    server.job_present = True
    with pytest.raises(NotFoundError, match="job `train` is gone"):
        _gone(server, steps)


def _gone(server: LogServer, steps: Follow) -> None:
    job = server.job()

    def once() -> dict[str, object]:
        server.job_present = False
        return job

    server.job = once  # type: ignore[method-assign]
    steps()


def test_what_the_server_itself_says_is_no_line_of_the_log(server: LogServer, steps: Follow) -> None:
    container = server.pod(0, lines(2))
    stamped = lines(2)[1]
    container.now.lines[1] = (stamped[0], stamped[1] + b"\nfailed to create fsnotify watcher: too many open files")
    server.finish_all()
    found = steps()
    assert printed(found, 0) == texts(lines(2))
    assert "the server says: failed to create fsnotify watcher: too many open files" in notes(found)


def test_a_node_that_is_down_stops_nobody_elses_log(
    server: LogServer, steps: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts, "FOLLOW_MISSED", 3)
    lost, fine = server.pod(0, lines(5)), server.pod(1, lines(500))
    lost.reachable, fine.now.shown = False, 10

    def print_more() -> None:
        server.over.wait(0.5)
        with server.changing():
            fine.now.shown = 500
        server.finish_all()

    found = steps(each=at(10, print_more))
    assert (printed(found, 0), printed(found, 1)) == ([], texts(lines(500)))
    assert any(note.startswith("cannot be read now, trying on: Kubernetes answered 502") for note in notes(found))
    (gap,) = gaps(found)
    assert gap.source.rank == 0
    assert "no route to host" in gap.reason


def test_what_cannot_be_read_is_an_error_when_the_rest_is_told(
    server: LogServer, steps: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts, "FOLLOW_MISSED", 3)
    server.pod(0, lines(5)).reachable = False
    server.pod(1, lines(50))
    seen: list[LogStep] = []
    with pytest.raises(UnavailableError, match="no route to host"):
        steps(LogWish(), each=seen.append)
    assert printed(seen, 1) == texts(lines(50))
    assert [gap.source.rank for gap in gaps(seen)] == [0]
