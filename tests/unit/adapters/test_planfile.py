"""Saved plans on disk: private, whole or not at all, and readable or named."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from hpctl.adapters.local import planfile
from hpctl.errors import UsageError


def test_a_plan_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        planfile.write(tmp_path / "plan.json", "{}\n")
    finally:
        os.umask(before)
    assert planfile.read(tmp_path / "plan.json") == "{}\n"
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_an_older_plan_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    old = tmp_path / "plan.json"
    old.write_text("old")
    old.chmod(0o644)
    planfile.write(old, "new")
    assert (old.read_text(), stat.S_IMODE(old.stat().st_mode)) == ("new", 0o600)


def test_a_disk_that_fills_up_leaves_the_older_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "plan.json"
    planfile.write(file, "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError) as raised:
        planfile.write(file, "new")
    assert raised.value.message == f"cannot write the plan to `{file}`: No space left on device"
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        planfile.write(tmp_path / "none" / "plan.json", "{}")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        planfile.read(tmp_path / "plan.json")
    assert raised.value.message == f"cannot read the plan `{tmp_path / 'plan.json'}`: No such file or directory"
    (tmp_path / "plan.json").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="it is no text"):
        planfile.read(tmp_path / "plan.json")


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("12345")
    with pytest.raises(UsageError, match="is too large to be a plan"):
        planfile.read(tmp_path / "plan.json", replace(planfile.PLAN, largest=4))
    assert planfile.read(tmp_path / "plan.json", replace(planfile.PLAN, largest=5)) == "12345"


def test_a_bundle_is_called_one(tmp_path: Path) -> None:
    file = tmp_path / "none" / "bundle.json"
    with pytest.raises(UsageError, match="cannot write the bundle to"):
        planfile.write(file, "{}", planfile.BUNDLE)
    with pytest.raises(UsageError, match="cannot read the bundle"):
        planfile.read(file, planfile.BUNDLE)
    (tmp_path / "bundle.json").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="is not a bundle: it is no text") as raised:
        planfile.read(tmp_path / "bundle.json", planfile.BUNDLE)
    assert raised.value.hint == "write another one: hpctl doctor --bundle FILE"
