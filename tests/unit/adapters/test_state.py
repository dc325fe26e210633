"""hpctl's records on disk: whole after any crash, private whatever the umask; a full disk is said in words."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hpctl.adapters.local import journalfile
from hpctl.adapters.local.state import FileState
from hpctl.errors import ExitCode, LockedError, StateError
from hpctl.facts.records import Holder
from tests.unit.builders import NOW
from tests.unit.fake_calls import FakeClock

KEY = "123456789012.us-west-2.ml-cluster"
ELSEWHERE = "to keep hpctl's records in another folder: HPCTL_STATE_HOME=DIR"
FIRST = {"entry": "intent", "number": 1}
SECOND = {"entry": "effect", "number": 2}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "records"


@pytest.fixture
def state(home: Path) -> FileState:
    return a_state(home)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def a_state(home: Path) -> FileState:
    return FileState({"HPCTL_STATE_HOME": str(home)}, FakeClock())


def journal(home: Path) -> Path:
    return home / "clusters" / f"{KEY}.jsonl"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_lines_come_back_in_order(state: FileState) -> None:
    state.append(KEY, FIRST)
    state.append(KEY, SECOND)
    assert state.lines(KEY) == (FIRST, SECOND)
    assert state.lines("another") == ()


def test_reading_makes_nothing(state: FileState, home: Path) -> None:
    assert state.lines(KEY) == ()
    assert not home.exists()


@pytest.mark.usefixtures("_umask")
def test_only_the_owner_reads_whatever_the_umask(state: FileState, home: Path) -> None:
    with state.lock(KEY):
        state.append(KEY, FIRST)
    assert [mode(path) for path in (home, home / "clusters")] == [0o700, 0o700]
    assert {path.name: mode(path) for path in (home / "clusters").iterdir()} == {
        f"{KEY}.jsonl": 0o600,
        f"{KEY}.lock": 0o600,
    }


def test_what_others_could_read_is_closed(state: FileState, home: Path) -> None:
    journal(home).parent.mkdir(parents=True)
    journal(home).parent.chmod(0o755)
    journal(home).touch(0o644)
    journal(home).chmod(0o644)
    state.append(KEY, FIRST)
    assert (mode(journal(home).parent), mode(journal(home))) == (0o700, 0o600)


def test_the_platform_says_where_without_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    FileState({}, FakeClock()).append(KEY, FIRST)
    assert journal(tmp_path / "hpctl").exists()


def test_a_home_that_nobody_knows_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_state_path", lambda _name: Path("~/.local/state/hpctl"))
    with pytest.raises(StateError) as raised:
        FileState({}, FakeClock()).append(KEY, FIRST)
    assert raised.value.message == "nothing says where your home directory is, and hpctl keeps its records there"
    assert raised.value.hint == ELSEWHERE


TORN = [b'{"entry":"eff', b'{"entry":"effect","number":2}', b"\0\0\0\0", b"\xff", b'{"entry":"eff\n', b"\0\0\n"]


@pytest.mark.parametrize("rest", TORN)
def test_a_last_line_that_a_crash_cut_short_is_passed_over_and_mended(
    rest: bytes, state: FileState, home: Path
) -> None:
    state.append(KEY, FIRST)
    whole = journal(home).read_bytes()
    journal(home).write_bytes(whole + rest)
    assert state.lines(KEY) == (FIRST,)
    state.append(KEY, SECOND)
    assert state.lines(KEY) == (FIRST, SECOND)
    assert journal(home).read_bytes().startswith(whole)


@pytest.mark.parametrize("rest", TORN)
def test_a_file_of_nothing_but_a_torn_line_is_empty(rest: bytes, state: FileState, home: Path) -> None:
    journal(home).parent.mkdir(parents=True)
    journal(home).write_bytes(rest)
    assert state.lines(KEY) == ()
    state.append(KEY, FIRST)
    assert state.lines(KEY) == (FIRST,)


@pytest.mark.parametrize("broken", [b"nonsense\n", b"[1]\n", b"\xff\xfe\n", b"\n"])
def test_a_broken_line_in_the_middle_is_said_with_what_to_do(broken: bytes, state: FileState, home: Path) -> None:
    state.append(KEY, FIRST)
    state.append(KEY, SECOND)
    rows = journal(home).read_bytes().splitlines(keepends=True)
    journal(home).write_bytes(rows[0] + broken + rows[1])
    with pytest.raises(StateError) as raised:
        state.lines(KEY)
    assert raised.value.message == f"line 2 of hpctl's journal `{journal(home)}` cannot be read"
    assert raised.value.hint == (
        "move the file away: nothing is lost, the tags of the account's clusters tell the rest\n"
        f"mv '{journal(home)}' '{journal(home)}.broken'"
    )
    assert raised.value.exit_code is ExitCode.CONFLICT


Fault = Callable[[pytest.MonkeyPatch, int, int], list[str]]


def failing(*names: str) -> Callable[[pytest.MonkeyPatch, int, int], list[str]]:
    """Let the k-th call of these functions of `os` fail, all of them counted together."""

    def fail(patch: pytest.MonkeyPatch, at: int, code: int) -> list[str]:
        made: list[str] = []

        def broken(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                made.append(name)
                if len(made) == at:
                    raise OSError(code, os.strerror(code))
                return real(*arguments, **named)

            return call

        for name in names:
            patch.setattr(os, name, broken(name, getattr(os, name)))
        return made

    return fail


WRITES = ("open", "write", "pwrite", "fsync", "ftruncate", "mkdir", "fchmod", "chmod", "replace")
CODES = [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES]


def test_the_fault_strikes_every_kind_of_write(state: FileState, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        made = failing(*WRITES)(patch, 0, errno.EIO)
        with state.lock(KEY):
            state.append(KEY, FIRST)
    assert {"open", "mkdir", "write", "pwrite", "fsync", "ftruncate"} <= set(made)


@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
@pytest.mark.parametrize("earlier", [0, 1, 2])
def test_whichever_write_fails_the_journal_is_the_old_one_or_the_new_one(
    code: int, earlier: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ({"number": 0}, {"number": 1})[:earlier]
    for at in range(1, 100):
        home = tmp_path / str(at)
        state = a_state(home)
        for line in lines:
            state.append(KEY, line)
        with monkeypatch.context() as patch:
            made = failing(*WRITES)(patch, at, code)
            told = raised_by(partial(state.append, KEY, SECOND))
        assert state.lines(KEY) in (lines, (*lines, SECOND)), (at, made)
        assert told is not None or state.lines(KEY) == (*lines, SECOND), (at, made)
        if told:
            assert os.strerror(code) in told.message
            assert (told.hint or "").endswith(ELSEWHERE)
            assert state.lines(KEY) == lines, (at, made)
        state.append(KEY, FIRST)  # and it goes on
        assert state.lines(KEY)[-1] == FIRST
        if len(made) < at:
            return
    pytest.fail("the writes never end")


@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
def test_whichever_write_of_a_lock_fails_the_lock_is_free_again(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(1, 100):
        state = a_state(tmp_path / str(at))
        with monkeypatch.context() as patch:
            made = failing(*WRITES)(patch, at, code)
            told = raised_by(partial(held, state))
        assert told is None or os.strerror(code) in told.message, (at, made)
        with state.lock(KEY):
            pass
        if len(made) < at:
            return
    pytest.fail("the writes never end")


def raised_by(act: Callable[[], object]) -> StateError | None:
    try:
        act()
    except StateError as error:
        return error
    return None


def held(state: FileState) -> None:
    with state.lock(KEY):
        pass


def test_a_disk_that_takes_a_part_of_a_line_leaves_none_of_it(
    state: FileState, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.append(KEY, FIRST)
    before = journal(home).read_bytes()
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(journal(home).read_bytes()) > len(before):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[:7])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StateError) as raised:
            state.append(KEY, SECOND)
    assert journal(home).read_bytes() == before
    assert raised.value.message == f"hpctl's records cannot be kept in `{journal(home)}`: No space left on device"
    assert raised.value.hint == f"free some space on the disk\n{ELSEWHERE}"


def test_a_file_where_the_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "records").touch()
    with pytest.raises(StateError, match=r"Not a directory|File exists") as raised:
        held(a_state(tmp_path / "records"))
    assert raised.value.hint == f"a file stands where a folder should be: move it away\n{ELSEWHERE}"


def test_a_long_journal_loses_its_oldest_lines_and_keeps_the_newest(
    state: FileState, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journalfile, "LARGE", 2000)
    monkeypatch.setattr(journalfile, "KEPT", 500)
    sizes = []
    for number in range(300):
        state.append(KEY, {"number": number})
        sizes.append(journal(home).stat().st_size)
    kept = [line["number"] for line in state.lines(KEY)]
    assert max(sizes) < 2100
    assert kept == list(range(300 - len(kept), 300))
    assert [path.name for path in (home / "clusters").iterdir()] == [f"{KEY}.jsonl"]
    assert mode(journal(home)) == 0o600


@pytest.mark.parametrize("name", ["replace", "write", "fsync", "open"])
def test_a_journal_that_cannot_be_shortened_is_still_added_to(
    name: str, state: FileState, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        state.append(KEY, {"number": number})
    monkeypatch.setattr(journalfile, "LARGE", 200)
    monkeypatch.setattr(journalfile, "KEPT", 100)
    with monkeypatch.context() as patch:
        failing(name)(patch, 1, errno.EIO)
        state.append(KEY, FIRST)
    assert [line["number"] for line in state.lines(KEY)] == [*range(50), 1]


def test_a_lock_is_held_against_everybody_and_names_its_holder(state: FileState, home: Path) -> None:
    with state.lock(KEY) as dead:
        assert dead is None
        with pytest.raises(LockedError) as raised, a_state(home).lock(KEY):
            pytest.fail("two hold it")
        with state.lock("another"):
            pass
    who = f"process {os.getpid()} on host `{os.uname().nodename}`, since 2026-03-01T12:00:00Z"
    assert raised.value.message == f"another hpctl works on cluster `ml-cluster`: {who}"
    with state.lock(KEY) as dead:
        assert dead is None


def test_an_error_in_the_block_passes_and_frees_the_lock(state: FileState) -> None:
    with pytest.raises(OSError, match="mine"), state.lock(KEY):
        raise OSError("mine")
    with state.lock(KEY) as dead:
        assert dead is None


def test_the_lock_of_a_dead_process_is_taken_over_by_name(state: FileState, home: Path) -> None:
    child = os.fork()
    if child == 0:
        holding = state.lock(KEY)
        holding.__enter__()
        os._exit(0)
    os.waitpid(child, 0)
    with state.lock(KEY) as dead:
        assert dead == Holder(child, os.uname().nodename, NOW)
    with state.lock(KEY) as dead:
        assert dead is None


@pytest.mark.parametrize("content", ["nonsense", "{}", '{"pid": "x", "host": 1, "since": 2}', "[]"])
def test_a_lock_file_with_something_else_in_it_is_nobody_s(content: str, state: FileState, home: Path) -> None:
    (home / "clusters").mkdir(parents=True)
    (home / "clusters" / f"{KEY}.lock").write_text(content)
    with state.lock(KEY) as dead:
        assert dead is None


def test_a_holder_who_has_not_signed_yet_is_waited_for_a_moment(home: Path) -> None:
    clock = FakeClock()
    state = FileState({"HPCTL_STATE_HOME": str(home)}, clock)
    with state.lock(KEY):
        (home / "clusters" / f"{KEY}.lock").write_text("")
        with pytest.raises(LockedError, match="its process cannot be told"):
            held(state)
    assert sum(clock.slept) == pytest.approx(0.5)
