from __future__ import annotations

import os
from pathlib import Path

import pytest

from hpctl.adapters.aws import modelcache

CONTENT = {"service-2": {"operations": {}}, "word": "naïve"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hpctl" / "models" / "one.json"


def test_what_was_written_is_read_again(file: Path) -> None:
    assert modelcache.read(file) is None
    modelcache.write(file, CONTENT)
    assert modelcache.read(file) == CONTENT


def test_file_and_folder_are_for_this_user_alone(file: Path) -> None:
    modelcache.write(file, CONTENT)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["one.json"], "no draft stays behind"


@pytest.mark.parametrize("length", [0, 10, 64, 65, 100])
def test_a_file_cut_short_is_not_trusted(file: Path, length: int) -> None:
    modelcache.write(file, CONTENT)
    file.write_bytes(file.read_bytes()[:length])
    assert modelcache.read(file) is None


def test_a_file_changed_by_one_letter_is_not_trusted(file: Path) -> None:
    modelcache.write(file, CONTENT)
    file.write_bytes(file.read_bytes().replace(b"operations", b"Operations"))
    assert modelcache.read(file) is None


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_is_not_trusted(file: Path, mode: int) -> None:
    modelcache.write(file, CONTENT)
    file.chmod(mode)
    assert modelcache.read(file) is None


def test_a_file_of_somebody_else_is_not_trusted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modelcache.write(file, CONTENT)
    monkeypatch.setattr(os, "getuid", lambda: file.stat().st_uid + 1)
    assert modelcache.read(file) is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    modelcache.write(blocked / "models" / "one.json", CONTENT)
    assert modelcache.read(blocked / "models" / "one.json") is None


def test_a_full_disk_is_no_error_and_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modelcache.write(file, CONTENT)

    def full(draft: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    modelcache.write(file, {"other": 1})
    assert modelcache.read(file) == CONTENT, "the old file stands"
    assert [path.name for path in file.parent.iterdir()] == ["one.json"]
