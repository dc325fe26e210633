"""Programs over a channel whose agent is the tests' own: every byte, every exit code, whatever befalls frames."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest

from hpctl.adapters.local.clock import SystemClock
from hpctl.adapters.ssm import link
from hpctl.adapters.ssm.node.supervisor import LINGER_S, WINDOW
from hpctl.adapters.ssm.sessions import SsmSessions
from hpctl.errors import ClosedPipeError, UnavailableError, UsageError, WaitTimeoutError
from hpctl.facts.session_ports import Ran, Target
from tests.functional.nodes.agents import Agent, Faults, certificate

NODE = Target("0123456789ab", "workers", "i-0123456789abcdef0")
PATIENCE_S = 60.0
Connected = Callable[..., SsmSessions]


def sessions_over(agent: Agent) -> SsmSessions:
    sessions = SsmSessions(cast("Any", None), {}, SystemClock())
    sessions._starter = cast("Any", agent)
    return sessions


@pytest.fixture(scope="module")
def sessions() -> Iterator[SsmSessions]:
    """Sessions of an agent that does all well."""
    agent = Agent()
    sessions = sessions_over(agent)
    yield sessions
    sessions.end_all()
    agent.close()


@pytest.fixture
def connected() -> Iterator[Connected]:
    """Make sessions of an agent with the faults that are named."""
    made: list[SsmSessions] = []

    def connect(**faults: Any) -> SsmSessions:
        made.append(sessions_over(Agent(Faults(**faults))))
        return made[-1]

    yield connect
    for sessions in made:
        sessions.end_all()
        agent_of(sessions).close()


def agent_of(sessions: SsmSessions) -> Agent:
    return cast("Agent", sessions._starter)


def some_bytes(count: int) -> bytes:
    return random.Random(count).randbytes(count)  # noqa: S311


def eventually(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end_s, "it does not come about"
        time.sleep(0.05)


def alive(mark: str) -> list[int]:
    """Processes of this machine in whose words the mark stands."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in words and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


def test_streams_are_apart_and_intact_and_the_exit_code_is_the_programs(sessions: SsmSessions) -> None:
    given = b"\x00\xff\xfe\r\n\x03\x04\x1a\x7f no end of line"
    assert sessions.run(NODE, ["sh", "-c", "cat; printf 'e\\377' >&2; exit 7"], stdin=given) == Ran(7, given, b"e\xff")
    assert sessions.run(NODE, ["true"]) == Ran(0, b"", b"")
    assert sessions.run(NODE, ["sh", "-c", "kill -9 $$"]).exit_code == 137


def test_words_reach_the_program_as_they_are_and_no_shell_reads_them(sessions: SsmSessions) -> None:
    words = ["", " ", "$(touch x)", "`id`", "a\nb", "'\"\\", "*", "~", "ü☃", "\udcff", "-n", "%s", "x" * 100_000]
    told = sessions.run(NODE, ["printf", "%s\\0", *words])
    assert told.stdout == b"".join(os.fsencode(word) + b"\0" for word in words)


def test_a_program_that_cannot_be_run_ends_as_shells_have_it(sessions: SsmSessions) -> None:
    missing = sessions.run(NODE, ["no-such-program"])
    assert missing == Ran(127, b"", b"hpctl: cannot run `no-such-program`: No such file or directory\n")
    assert sessions.run(NODE, ["/etc/passwd"]).exit_code == 126
    with pytest.raises(UsageError, match="NUL"):
        sessions.run(NODE, ["echo", "a\0b"])
    with pytest.raises(UsageError, match="needs a program"):
        sessions.run(NODE, [])


def test_ten_megabytes_come_as_they_were(sessions: SsmSessions) -> None:
    script = "import random,sys; sys.stdout.buffer.write(random.Random(10_000_000).randbytes(10_000_000))"
    told = sessions.run(NODE, ["python3", "-c", script], timeout_s=PATIENCE_S * 2)
    assert hashlib.sha256(told.stdout).digest() == hashlib.sha256(some_bytes(10_000_000)).digest()


@pytest.mark.parametrize(
    "faults",
    [
        {"drop": 0.1},
        {"double": 0.3},
        {"late": 0.2},
        {"garble": 0.1},
        {"drop": 0.05, "double": 0.1, "late": 0.1, "garble": 0.05},
        {"cut_after": [9, 40, 80]},
    ],
    ids=["drop", "double", "late", "garble", "all", "cut"],
)
def test_nothing_is_lost_or_doubled_whatever_befalls_frames(connected: Connected, faults: dict[str, Any]) -> None:
    cuts = len(faults.get("cut_after", ()))
    sessions = connected(seed=7, **faults)
    given = some_bytes(100_000)
    told = sessions.run(NODE, ["sh", "-c", "cat; echo end >&2; exit 3"], stdin=given, timeout_s=PATIENCE_S * 2)
    assert (told.exit_code, told.stdout == given, told.stderr) == (3, True, b"end\n")
    (session,) = agent_of(sessions).sessions.values()
    if faults.keys() & {"drop", "garble"}:
        # A channel also begins anew by itself when a frame stays away for seconds, as on a machine that is busy.
        assert session.resumes >= 1 + cuts
    else:
        assert session.resumes == 1 + cuts


def test_a_session_that_ends_before_it_begins_is_started_again_and_the_program_runs_once(
    connected: Connected, tmp_path: Path
) -> None:
    sessions = connected(eof_starts=2)
    told = sessions.run(NODE, ["sh", "-c", f"echo ran >> {tmp_path}/ran; cat"], stdin=b"all of it")
    assert told == Ran(0, b"all of it", b"")
    assert (tmp_path / "ran").read_text() == "ran\n"
    assert len(agent_of(sessions).sessions) == 3


def test_sessions_that_never_begin_are_given_up_and_nothing_has_run(connected: Connected) -> None:
    sessions = connected(eof_starts=99)
    with pytest.raises(UnavailableError, match=r"`ls` could not be started.*Cannot perform start session: EOF") as told:
        sessions.run(NODE, ["ls"])
    assert "nothing ran there" in str(told.value.hint)
    assert len(agent_of(sessions).sessions) == 4


def test_what_the_nodes_shell_complains_of_is_told_at_once(connected: Connected, tmp_path: Path) -> None:
    sessions = connected(path=str(tmp_path))
    with pytest.raises(UnavailableError, match=r"could not be started on node `i-\w+`: .*python3.* not found"):
        sessions.run(NODE, ["ls"])
    assert len(agent_of(sessions).sessions) == 1


def test_a_session_that_wants_encryption_names_the_client_that_has_it(connected: Connected) -> None:
    with pytest.raises(UsageError, match="encrypted with a key of KMS") as told:
        connected(encrypted=True).run(NODE, ["ls"])
    assert f"aws ssm start-session --target {NODE}" in str(told.value.hint)


def test_over_tls_the_agent_is_believed_when_its_certificate_is_vouched_for(tmp_path: Path) -> None:
    tls, trusted = certificate(tmp_path)
    believed, stranger = (sessions_over(Agent(tls=tls, trusted=whom)) for whom in (trusted, ""))
    given = some_bytes(300_000)
    try:
        assert believed.run(NODE, ["cat"], stdin=given) == Ran(0, given, b"")
        with pytest.raises(UnavailableError, match=r"could not be started on node .*certificate"):
            stranger.run(NODE, ["cat"])
    finally:
        for sessions in (believed, stranger):
            sessions.end_all()
            agent_of(sessions).close()


def test_a_session_that_is_lost_leaves_the_outcome_open_and_no_program(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_RESUME_FIRST_S", 0.01)
    sessions = connected(cut_after=[40], gone=True)
    mark = f"sleep 6{os.getpid()}"
    with pytest.raises(UnavailableError, match=r"broke before `sh` ended: .*ResumeSession") as told:
        sessions.run(NODE, ["sh", "-c", f"while :; do echo; {mark} & sleep 0.01; done"], timeout_s=600)
    assert "within 90 seconds it is ended there" in str(told.value.hint)
    eventually(lambda: not alive(mark))


def test_a_program_whose_time_is_up_is_ended_with_all_that_it_started(sessions: SsmSessions) -> None:
    mark = f"3{os.getpid()}.25"
    stubborn = f"trap '' TERM; (setsid sleep {mark} &) ; sleep {mark} & echo begun; while :; do sleep {mark}; done"
    out = BytesIO()
    began_s = time.monotonic()
    with pytest.raises(WaitTimeoutError, match=r"`sh` did not end within 0.5 seconds on node `i-\w+`, and was ended"):
        sessions.execute(NODE, ["sh", "-c", stubborn], stdout=out, stderr=BytesIO(), timeout_s=0.5)
    assert time.monotonic() - began_s < PATIENCE_S
    assert out.getvalue() == b"begun\n"
    assert alive(mark) == []


def test_what_a_program_leaves_behind_on_purpose_stays_and_does_not_hold_it_up(sessions: SsmSessions) -> None:
    mark = f"7{os.getpid()}.5"
    told = sessions.run(NODE, ["sh", "-c", f"sleep {mark} & echo $!"], timeout_s=PATIENCE_S)
    left = int(told.stdout)
    assert alive(mark) == [left]
    os.kill(left, 9)


def test_ending_all_ends_what_runs_in_other_threads_and_lets_nothing_begin(connected: Connected) -> None:
    sessions, mark = connected(), f"5{os.getpid()}.75"
    errors: list[UnavailableError] = []

    def execute() -> None:
        try:
            sessions.execute(NODE, ["sleep", mark], stdout=BytesIO(), stderr=BytesIO())
        except UnavailableError as error:
            errors.append(error)

    threads = [threading.Thread(target=execute) for _ in range(3)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(alive(mark)) == 3)
    sessions.end_all()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert ["ended from here" in error.message for error in errors] == [True] * 3
    eventually(lambda: not alive(mark))
    with pytest.raises(UnavailableError, match="being ended"):
        sessions._wait(0)


class Slow(BytesIO):
    """Takes nothing before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may = threading.Event(), threading.Event()

    def write(self, data: Any) -> int:
        self.begun.set()
        assert self.may.wait(PATIENCE_S)
        return super().write(data)


def test_a_slow_reader_holds_the_program_back_instead_of_filling_memory(sessions: SsmSessions, tmp_path: Path) -> None:
    progress, out = tmp_path / "progress", Slow()
    script = (
        "import os,sys\n"
        "for n in range(400):\n"
        "    sys.stdout.buffer.write(bytes(10_000)); sys.stdout.flush()\n"
        f"    open({str(progress)!r}, 'w').write(str(n))\n"
    )
    ended: list[int] = []
    running = threading.Thread(
        target=lambda: ended.append(sessions.execute(NODE, ["python3", "-c", script], stdout=out, stderr=BytesIO()))
    )
    running.start()
    assert out.begun.wait(PATIENCE_S)
    written = _standing(progress)
    assert written * 10_000 <= WINDOW + 2 * 65_536
    out.may.set()
    running.join(PATIENCE_S)
    assert (ended, len(out.getvalue())) == ([0], 4_000_000)


def test_what_a_program_printed_last_waits_for_a_slow_reader(sessions: SsmSessions, tmp_path: Path) -> None:
    out, size = Slow(), WINDOW + 50_000
    written = tmp_path / "written"
    script = f"import sys; sys.stdout.buffer.write(bytes({size})); sys.stdout.flush(); open({str(written)!r}, 'w')"
    running = threading.Thread(
        target=lambda: sessions.execute(NODE, ["python3", "-c", script], stdout=out, stderr=BytesIO())
    )
    running.start()
    eventually(written.exists)
    time.sleep(LINGER_S + 0.5)  # what is left open by others is waited for as long as that
    out.may.set()
    running.join(PATIENCE_S)
    assert len(out.getvalue()) == size


def _standing(progress: Path) -> int:
    """How far the program has come when it comes no further for a second."""
    before, since_s = "", time.monotonic()
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() - since_s < 1.0 or not before:
        assert time.monotonic() < end_s, "it is not held back"
        now = progress.read_text() if progress.exists() else ""
        if now != before:
            before, since_s = now, time.monotonic()
        time.sleep(0.05)
    return int(before)


class Gone(BytesIO):
    """Nobody reads it any more."""

    def write(self, data: Any) -> int:
        raise BrokenPipeError


def test_a_reader_that_went_away_ends_the_program(sessions: SsmSessions) -> None:
    mark = f"4{os.getpid()}.5"
    with pytest.raises(ClosedPipeError):
        sessions.execute(NODE, ["sh", "-c", f"echo; sleep {mark}"], stdout=Gone(), stderr=BytesIO())
    eventually(lambda: not alive(mark))
