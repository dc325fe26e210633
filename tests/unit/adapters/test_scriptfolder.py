"""Folders of scripts: what is read of them, what is refused, and what is never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hpctl.adapters.local import scriptfolder
from hpctl.errors import ConflictError, UsageError

SCRIPT = b"#!/bin/bash\necho one\n"


def test_files_are_read_by_relative_name_without_leftovers(tmp_path: Path) -> None:
    files = {"on_create.sh": SCRIPT, "utils/a.py": b"x = 1\n"}
    scriptfolder.write(tmp_path / "lc", files)
    for name in (".git/config", "__pycache__/a.pyc", "on_create.sh~", ".DS_Store"):
        scriptfolder.write(tmp_path / "lc", {name: b"leftover"})
    assert scriptfolder.read(tmp_path / "lc") == files


def test_what_is_written_can_be_executed_where_it_is_a_script(tmp_path: Path) -> None:
    scriptfolder.write(tmp_path, {"on_create.sh": SCRIPT, "parameters.json": b"{}"})
    assert os.access(tmp_path / "on_create.sh", os.X_OK)
    assert (tmp_path / "parameters.json").stat().st_mode & 0o111 == 0


def test_writing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        scriptfolder.write(tmp_path, {"on_create.sh": SCRIPT})
    assert scriptfolder.read(tmp_path) == {"on_create.sh": SCRIPT}


def test_a_file_that_differs_is_not_overwritten_and_nothing_else_is_written(tmp_path: Path) -> None:
    (tmp_path / "on_create.sh").write_bytes(b"mine\n")
    with pytest.raises(ConflictError) as caught:
        scriptfolder.write(tmp_path, {"a.sh": SCRIPT, "on_create.sh": SCRIPT})
    assert caught.value.message == f"there is something else already: `{tmp_path}/on_create.sh`"
    assert scriptfolder.read(tmp_path) == {"on_create.sh": b"mine\n"}


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        scriptfolder.read(tmp_path / "lc")
    assert (caught.value.message, caught.value.hint) == (
        f"there is no folder `{tmp_path}/lc`",
        "`hpctl lifecycle init FOLDER` makes one",
    )


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").symlink_to("/etc/hostname")
    with pytest.raises(UsageError, match="is no file of its own, and S3 knows no links"):
        scriptfolder.read(tmp_path)


def test_data_beside_the_scripts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scriptfolder.write(tmp_path, {"on_create.sh": SCRIPT, "a.sh": SCRIPT})
    monkeypatch.setattr(scriptfolder, "MOST_FILES", 1)
    with pytest.raises(UsageError, match="has 2 files, more than 1"):
        scriptfolder.read(tmp_path)
    monkeypatch.setattr(scriptfolder, "MOST_BYTES", 3)
    with pytest.raises(UsageError, match="has 21 bytes, and a script 3 at most"):
        scriptfolder.read(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written: File exists"):
        scriptfolder.write(tmp_path / "file", {"a.sh": SCRIPT})
