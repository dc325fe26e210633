"""Commands on many nodes at a time: how each ended, and how all of them."""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator
from threading import Barrier, Event, main_thread
from types import FrameType

import pytest

from hpctl.errors import (
    AccessError,
    ClosedPipeError,
    HpctlError,
    InterruptedWaitError,
    Terminated,
    TerminatedWaitError,
    UnavailableError,
    UsageError,
    WaitTimeoutError,
)
from hpctl.facts.session_ports import Ran, Target
from hpctl.report.node_run import NodeRunListReport
from hpctl.services.node_execute import Command, Streams, execute_on
from hpctl.services.node_fan_out import Beside, on_each, outcome_of
from hpctl.services.node_kept import Kept
from hpctl.services.node_names import Chosen
from tests.unit.builders import a_cluster, a_node
from tests.unit.fakes import FakeAccount

NODES = tuple(a_node(f"i-{number}") for number in (1, 2, 3))
TARGETS = Chosen(a_cluster(), NODES).targets()


def executed(account: FakeAccount, command: Command) -> NodeRunListReport:
    def kept(_node: str) -> Streams:
        return Streams(None, Kept(8), Kept(8))

    return execute_on(Chosen(a_cluster(), NODES), command, kept, account.sessions, account.clock)


def answering(*answers: Ran | HpctlError) -> FakeAccount:
    account = FakeAccount()
    account.sessions.answers = {"true": dict(zip(TARGETS, answers, strict=False))}
    return account


OK, SEVEN, THREE = Ran(0, b"fine", b""), Ran(7, b"", b"bad"), Ran(3, b"", b"")
SILENT, SLOW = UnavailableError("nobody answered", hint="again"), WaitTimeoutError("too long")


@pytest.mark.parametrize(
    ("answers", "results", "exit_code"),
    [
        ((OK, OK, OK), ["succeeded"] * 3, 0),
        ((OK, THREE, SEVEN), ["succeeded", "failed", "failed"], 7),
        ((SILENT, THREE, OK), ["no-answer", "failed", "succeeded"], 3),
        ((OK, SLOW, SILENT), ["succeeded", "timed-out", "no-answer"], 5),
        ((OK, SILENT, SLOW), ["succeeded", "no-answer", "timed-out"], 7),
    ],
)
def test_the_worst_exit_code_is_that_of_all(
    answers: tuple[Ran | HpctlError, ...], results: list[str], exit_code: int
) -> None:
    report = executed(answering(*answers), Command(("true",)))
    assert [run.result for run in report.runs] == results
    assert report.exit_code == exit_code
    assert report.names() == tuple(run.node for run in report.runs if run.result != "succeeded")


def test_what_a_node_said_and_why_one_did_not_stand_in_the_report() -> None:
    first, second, third = executed(answering(Ran(0, b"0123456789\xff", b""), SEVEN, SILENT), Command(("true",))).runs
    assert (first.stdout.text, first.stdout.total_bytes, first.stdout.truncated) == ("01234567", 11, True)
    assert (second.stderr.text, second.stderr.truncated, second.exit_code) == ("bad", False, 7)
    assert third.error
    assert (third.exit_code, third.error.code, third.error.exit_code, third.error.hint) == (
        None,
        "unavailable",
        7,
        "again",
    )


def test_without_a_command_nobody_is_asked() -> None:
    account = answering()
    with pytest.raises(UsageError, match="there is no command to run"):
        executed(account, Command(()))
    assert account.calls.made == []


def test_an_output_that_nobody_takes_stops_everything() -> None:
    account = answering(OK, ClosedPipeError("nobody reads"), OK)
    with pytest.raises(ClosedPipeError):
        executed(account, Command(("true",)))
    assert account.calls.of("sessions.end_all") == [()]


def test_so_many_at_a_time_and_no_more() -> None:
    both = Barrier(2, timeout=10)
    seen: list[str] = []

    def work(name: str, _node: Target) -> int:
        seen.append(name)
        return both.wait() if name != "i-3" else 2

    assert set(on_each(TARGETS, work, FakeAccount().sessions, at_once=2).values()) == {0, 1, 2}
    assert set(seen[:2]) == {"i-1", "i-2"}


@pytest.fixture
def _sigterm() -> Iterator[None]:
    """SIGTERM is heard as `cli.main` has it heard."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_sigterm")
@pytest.mark.parametrize(
    ("number", "told"), [(signal.SIGINT, InterruptedWaitError), (signal.SIGTERM, TerminatedWaitError)]
)
def test_who_stops_it_stops_it_on_the_nodes(number: signal.Signals, told: type[HpctlError]) -> None:
    account, ended = FakeAccount(), Event()
    account.sessions.end_all = ended.set  # type: ignore[method-assign]

    def work(name: str, _node: Target) -> None:
        if name == "i-1":
            signal.pthread_kill(main_thread().ident or 0, number)
        ended.wait(10)

    with pytest.raises(told, match="stopped; what hpctl had started on the nodes was ended"):
        on_each(TARGETS, work, account.sessions)


def test_what_goes_wrong_on_one_node_is_its_outcome() -> None:
    def broken() -> int:
        raise AccessError("no", action="ssm:StartSession")

    outcome = outcome_of(broken)
    assert isinstance(outcome, AccessError)
    assert outcome_of(lambda: 4) == 4
    assert isinstance(Beside(broken).outcome(), AccessError)


def test_what_is_kept_can_be_read_after_its_end() -> None:
    kept = Kept()
    io.BufferedWriter(kept).write(b"a\n")
    kept.close()
    assert (kept.output.text, kept.output.truncated) == ("a\n", False)
