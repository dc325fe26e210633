"""A sandbox's home is private, and its lock tells who runs it."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hpctl.errors import UsageError
from hpctl.sandbox.home import Home, SandboxState, home_of, replace_private, write_private

STATE = SandboxState(
    "one", "us-west-2", "123456789012", 6.0, 4566, 42, "2026-01-01T00:00:00+00:00", "/home", {"A": "b"}
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "sandboxes" / "one")
    home.prepare()
    return home


def test_a_home_is_for_its_user_alone(home: Home) -> None:
    home.write(STATE)
    for path in (home.path, home.aws_config.parent, home.path / "sandbox.json"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_state_is_read_as_it_was_written(home: Home) -> None:
    assert home.read() is None
    home.write(STATE)
    assert home.read() == STATE
    assert STATE.endpoint == "http://127.0.0.1:4566"


@pytest.mark.parametrize("text", ["{", "{}", '{"another": "version"}', "[]"])
def test_state_of_another_version_is_no_state(home: Home, text: str) -> None:
    write_private(home.path / "sandbox.json", text)
    assert home.read() is None


def test_the_holder_is_known_as_long_as_the_lock_is_held(home: Home) -> None:
    assert home.holder() is None
    lock = home.acquire()
    assert lock is not None
    assert home.holder() is None
    os.write(lock, b"4711")
    assert home.holder() == 4711
    assert home.acquire() is None
    os.close(lock)
    assert home.holder() is None
    assert (home.path / "lock").read_text() == "4711"


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "-a", "a-", "a" * 33, "ä"])
def test_a_name_is_a_plain_word(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a sandbox"):
        home_of(name, {"HPCTL_SANDBOX_HOME": str(tmp_path)})


def test_homes_can_be_moved_and_lie_in_the_users_state_otherwise(tmp_path: Path) -> None:
    assert home_of("one", {"HPCTL_SANDBOX_HOME": str(tmp_path)}).path == tmp_path / "one"
    assert home_of("one", {}).path.parts[-3:] == ("hpctl", "sandbox", "one")


def test_delete_leaves_nothing(home: Home) -> None:
    home.write(STATE)
    home.delete()
    assert not home.path.exists()
    home.delete()


def test_many_who_write_one_file_all_do_and_leave_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "told.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: replace_private(path, f"{number}\n" * 1000), range(200)))
    assert len(set(path.read_text().splitlines())) == 1
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "told.json"
    replace_private(path, "before")
    with pytest.raises(UnicodeEncodeError):
        replace_private(path, "\ud800")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("before", [path])
