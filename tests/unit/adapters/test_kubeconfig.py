"""Kubeconfig files on the disk: which one, in whose name, under whose lock, and what a full disk leaves of them."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hpctl.adapters.local import kubeconfig_disk
from hpctl.adapters.local.kubeconfig import KubeconfigOnDisk
from hpctl.adapters.local.kubeconfig_document import Document
from hpctl.adapters.local.kubeconfig_files import kubeconfig_files
from hpctl.errors import ConflictError, LockedError, SpecError, UsageError
from hpctl.facts.kubeconfig import CurrentContext, KubeconfigChange
from tests.unit.adapters.kubeconfigs import ADDED, LIVED_IN, NAME, an_entry
from tests.unit.builders import NOW
from tests.unit.fake_calls import FakeClock

KEPT, SET = CurrentContext.KEPT, CurrentContext.SET


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / ".kube" / "config"
    path.parent.mkdir(mode=0o755)
    path.write_text(LIVED_IN)
    path.chmod(0o600)
    return path


def add(path: Path, current: CurrentContext = KEPT, **members: object) -> KubeconfigChange:
    return KubeconfigOnDisk(str(path), {}, FakeClock()).add(an_entry(**members), current)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def beside(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir() if one != path)


# Which file


def test_an_explicit_file_is_the_only_one() -> None:
    files = kubeconfig_files("/a/b", {"KUBECONFIG": "/c", "HOME": "/home/you"})
    assert (files.read, files.new) == ((Path("/a/b"),), Path("/a/b"))


def test_without_a_word_it_is_the_one_in_the_home() -> None:
    files = kubeconfig_files(None, {"HOME": "/home/you", "KUBECONFIG": ""})
    assert files.read == (Path("/home/you/.kube/config"),)


def test_new_names_go_to_the_first_of_the_list_that_exists(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in "abc")
    second.touch()
    files = kubeconfig_files(None, {"KUBECONFIG": f"{first}:{second}::{third}:{second}"})
    assert (files.read, files.new) == ((first, second, third), second)


def test_where_none_of_the_list_exists_new_names_go_to_the_last(tmp_path: Path) -> None:
    files = kubeconfig_files(None, {"KUBECONFIG": f"{tmp_path / 'a'}:{tmp_path / 'b'}"})
    assert files.new == tmp_path / "b"


def test_without_a_home_another_file_must_be_named() -> None:
    with pytest.raises(UsageError, match="nothing says where your home directory is") as caught:
        kubeconfig_files(None, {"HOME": ""})
    assert caught.value.hint == "name a kubeconfig: --kubeconfig FILE"


def test_what_is_there_is_changed_where_it_stands(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text(LIVED_IN)
    second.write_text(ADDED.replace("current-context: old\n", ""))
    on_disk = KubeconfigOnDisk(None, {"KUBECONFIG": f"{first}:{second}"}, FakeClock())
    done = on_disk.add(an_entry(server="https://moved"), SET)
    assert (done.path, done.changed, done.current) == (str(second), ("cluster", "current-context"), NAME)
    assert "server: https://moved" in second.read_text()
    assert first.read_text() == LIVED_IN.replace("current-context: old", f"current-context: {NAME}")


# What becomes of it


def test_a_cluster_is_added_and_the_current_context_stays(config: Path) -> None:
    done = add(config)
    assert config.read_text() == ADDED
    assert (done.path, done.changed, done.current) == (str(config), ("cluster", "user", "context"), "old")
    assert done.entries["context"] == {"name": NAME, "context": {"cluster": NAME, "user": NAME}}
    assert (mode(config), beside(config)) == (0o600, [])


def test_a_second_time_nothing_is_written(config: Path) -> None:
    add(config)
    before = config.stat()
    assert add(config).changed == ()
    assert config.stat() == before


def test_the_current_context_is_switched_when_that_is_asked_for(config: Path) -> None:
    assert add(config, SET).current == NAME
    assert config.read_text() == ADDED.replace("current-context: old", f"current-context: {NAME}")
    assert add(config, SET).changed == ()


def test_a_new_kubeconfig_has_a_current_context_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / ".kube" / "config"
    umask = os.umask(0)
    try:
        assert add(path).changed == ("cluster", "user", "context", "current-context")
    finally:
        os.umask(umask)
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o600, 0o700, 0o700)
    assert Document("", path.read_text()).current == NAME


def test_whoever_has_unset_the_current_context_keeps_none(config: Path) -> None:
    config.write_text(LIVED_IN.replace("current-context: old", 'current-context: ""'))
    assert add(config).current is None
    assert 'current-context: ""\n' in config.read_text()


def test_a_current_context_that_is_not_there_stays_all_the_same(config: Path) -> None:
    """It may be in a file that another shell has in its KUBECONFIG."""
    config.write_text("current-context: elsewhere\n")
    assert add(config).current == "elsewhere"


def test_the_file_and_its_name_are_on_the_disk_before_the_lock_goes(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), config.with_name("config.lock").exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    add(config)
    assert synced == [(False, True), (True, True)]


def test_what_would_change_is_told_and_left(config: Path) -> None:
    told = KubeconfigOnDisk(str(config), {}, FakeClock()).planned(an_entry(), KEPT)
    assert told.changed == ("cluster", "user", "context")
    assert (config.read_text(), beside(config)) == (LIVED_IN, [])


def test_a_file_that_others_can_read_is_told_and_closed(config: Path) -> None:
    config.chmod(0o644)
    done = add(config)
    assert done.warnings == (f"others can read the kubeconfig `{config}` (mode 0644): 0600 from now on",)
    assert mode(config) == 0o600
    config.chmod(0o640)
    assert add(config).warnings == (f"others can read the kubeconfig `{config}` (mode 0640): chmod 600 {config}",)
    assert mode(config) == 0o640


def test_a_link_stays_one(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(config)
    add(link)
    assert link.is_symlink()
    assert (config.read_text(), mode(config), beside(config)) == (ADDED, 0o600, [])


def test_a_link_to_nothing_yet_is_followed(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "deep" / "target"
    link.symlink_to(target)
    add(link)
    assert link.is_symlink()
    assert mode(target) == 0o600


def test_somebody_elses_file_stays_theirs_when_root_writes(config: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root writes for others: run the tests with `sudo`")
    os.chown(config, 12345, 23456)
    add(config)
    assert (config.stat().st_uid, config.stat().st_gid) == (12345, 23456)


def test_an_entry_that_another_program_removes_is_added_again(config: Path) -> None:
    class Meddling(FakeClock):
        times = 0

        def sleep(self, seconds: float) -> None:
            if not config.with_name("config.lock").exists() and self.times < 2:
                self.times += 1
                config.write_text(LIVED_IN)

    KubeconfigOnDisk(str(config), {}, Meddling()).add(an_entry(), KEPT)
    assert config.read_text() == ADDED


def test_a_program_that_never_stops_removing_it_is_told(config: Path) -> None:
    class Meddling(FakeClock):
        def sleep(self, seconds: float) -> None:
            config.write_text(LIVED_IN)

    with pytest.raises(ConflictError, match="another program keeps removing context"):
        KubeconfigOnDisk(str(config), {}, Meddling()).add(an_entry(), KEPT)


def test_what_is_written_meanwhile_is_not_lost(config: Path) -> None:
    """Between the first look and the lock another program adds a context."""
    lock = config.with_name("config.lock")
    lock.touch()

    class Busy(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if lock.exists() and not lock.read_bytes():
                config.write_text(LIVED_IN.replace("contexts:\n", "contexts:\n- context: {}\n  name: meanwhile\n"))
                lock.unlink()

    KubeconfigOnDisk(str(config), {}, Busy()).add(an_entry(), KEPT)
    assert Document("", config.read_text()).names("contexts") == ("meanwhile", "old", NAME)


# Under a lock


def test_the_lock_is_held_for_a_moment_after_the_file_was_written(config: Path) -> None:
    """A kubectl that had read before would else come in between, and remove what it had not seen."""
    lock, seen = config.with_name("config.lock"), []

    class Watching(FakeClock):
        def sleep(self, seconds: float) -> None:
            seen.append((lock.exists(), config.read_text() == ADDED, seconds))

    KubeconfigOnDisk(str(config), {}, Watching()).add(an_entry(), KEPT)
    assert seen == [(True, True, 0.025), (False, True, 0.025)]


def test_a_lock_that_goes_in_time_is_waited_for(config: Path) -> None:
    lock, clock = config.with_name("config.lock"), FakeClock()
    lock.touch()
    clock.at(9, lock.unlink)
    KubeconfigOnDisk(str(config), {}, clock).add(an_entry(), KEPT)
    assert config.read_text() == ADDED
    assert 9 < sum(clock.slept) < 10


def test_a_lock_that_stays_is_told_with_who_since_and_what_to_type(config: Path) -> None:
    lock, clock = config.with_name("config.lock"), FakeClock()
    lock.touch(mode=0)
    os.utime(lock, (NOW.timestamp(), NOW.timestamp()))
    with pytest.raises(LockedError) as caught:
        KubeconfigOnDisk(str(config), {}, clock).add(an_entry(), KEPT)
    assert caught.value.message == (
        f"the kubeconfig `{config}` is locked for 10 seconds; `{lock}` was made by a program that does not say who it "
        f"is at {NOW:%Y-%m-%dT%H:%M:%SZ}"
    )
    assert caught.value.hint == f"if no program writes it any more, remove the lock: rm {lock}"
    assert lock.exists()
    assert config.read_text() == LIVED_IN
    assert sum(clock.slept) == pytest.approx(10, abs=0.1)


def test_many_that_take_turns_are_waited_for_longer(config: Path) -> None:
    lock, clock = config.with_name("config.lock"), FakeClock()
    lock.touch()

    def another() -> None:
        os.utime(lock, (clock.now().timestamp(), clock.now().timestamp()))

    for second in range(1, 100):
        clock.at(second, another)
    with pytest.raises(LockedError, match="by one program after another for 60 seconds"):
        KubeconfigOnDisk(str(config), {}, clock).add(an_entry(), KEPT)


def signed(lock: Path, pid: int, host: str) -> None:
    lock.write_text(json.dumps({"pid": pid, "host": host, "since": NOW.isoformat()}))


@pytest.fixture
def gone() -> int:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    return child.pid


def test_a_lock_of_a_process_that_is_gone_is_told_at_once_and_left(config: Path, gone: int) -> None:
    lock, clock = config.with_name("config.lock"), FakeClock()
    signed(lock, gone, socket.gethostname())
    with pytest.raises(LockedError, match=rf"by a process that is gone; .* was made by process {gone} on host"):
        KubeconfigOnDisk(str(config), {}, clock).add(an_entry(), KEPT)
    assert lock.exists()
    assert clock.slept == []


def test_a_process_of_another_machine_is_not_looked_for_here(config: Path, gone: int) -> None:
    signed(config.with_name("config.lock"), gone, "elsewhere")
    with pytest.raises(LockedError, match=r"for 10 seconds; .* on host `elsewhere`"):
        add(config)


def test_both_names_of_a_linked_file_are_locked(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(config)
    for lock in (tmp_path / "link.lock", config.with_name("config.lock")):
        lock.touch()
        with pytest.raises(LockedError):
            add(link)
        lock.unlink()
    assert beside(config) == []


def test_the_lock_goes_when_writing_fails(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kubeconfig_disk, "replace", full)
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        add(config)
    assert beside(config) == []


# What the disk may say

OPERATIONS = ("fsync", "write", "replace", "fchmod", "open")


@pytest.fixture(params=[errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EXDEV, errno.EACCES])
def code(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_the_disk_refuses_leaves_the_old_file_or_the_new_one(
    operation: str, code: int, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0
    while True:
        config.write_text(LIVED_IN)
        seen = _fail_at(operation, count, code, monkeypatch)
        refusal = _refusal(config)
        monkeypatch.undo()
        assert refusal is None or (os.strerror(code) in refusal.message and refusal.hint)
        assert config.read_text() in (LIVED_IN, ADDED)
        assert (mode(config), beside(config)) == (0o600, [])
        if not seen():
            break
        count += 1
    assert count > 0
    assert config.read_text() == ADDED


def _refusal(config: Path) -> UsageError | None:
    try:
        add(config)
    except UsageError as error:
        return error
    return None


def _fail_at(operation: str, at: int, code: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Let the operating system refuse the call of this number; returns whether it came to that."""
    owner: object = Path if operation == "replace" else os
    real = getattr(owner, operation)
    calls = 0

    def refuse(*arguments: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls == at + 1:
            raise OSError(code, os.strerror(code))
        return real(*arguments, **named)

    monkeypatch.setattr(owner, operation, refuse)
    return lambda: calls > at


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    """Such as /dev/null, for which a pipe stands here: a test that fails must not take that away from the machine."""
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    for path in (pipe, folder):
        with pytest.raises(UsageError, match="is no file"):
            add(path)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_broken_file_is_refused_with_its_place_and_left(config: Path) -> None:
    config.write_text("a: 1\nb: [\n")
    with pytest.raises(SpecError) as caught:
        add(config)
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [(str(config), 3)]
    assert (config.read_text(), beside(config)) == ("a: 1\nb: [\n", [])


def test_a_broken_file_anywhere_in_the_list_is_refused(config: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("a: [")
    with pytest.raises(SpecError, match="broken"):
        KubeconfigOnDisk(None, {"KUBECONFIG": f"{config}:{broken}"}, FakeClock()).add(an_entry(), KEPT)
    assert config.read_text() == LIVED_IN


def test_bytes_that_are_no_text_are_refused_with_their_place(config: Path) -> None:
    config.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(SpecError) as caught:
        add(config)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.message) == (2, 4, "the file is no UTF-8 text")


def test_a_huge_file_is_refused(config: Path) -> None:
    config.write_bytes(b"#" * (10 * 1024 * 1024 + 1))
    with pytest.raises(SpecError) as caught:
        add(config)
    assert caught.value.problems[0].message == "the file is larger than 10 MB"


def test_a_mark_of_the_byte_order_is_no_part_of_the_text(config: Path) -> None:
    config.write_text("\ufeff" + LIVED_IN, encoding="utf-8")
    add(config)
    assert config.read_text() == ADDED
