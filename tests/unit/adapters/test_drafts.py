"""Drafts of answers on disk: private, whole, and old or damaged ones are none."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hpctl.adapters.local.drafts import DraftFile
from hpctl.errors import HpctlError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANSWERS = {"region": ("us-west-2",), "subnet": ("subnet-1", "subnet-2")}


def a_draft(folder: Path) -> DraftFile:
    return DraftFile("cluster", {"HPCTL_STATE_HOME": str(folder / "records")})


def test_a_draft_is_read_back_by_its_owner_alone(tmp_path: Path) -> None:
    a_draft(tmp_path).save(ANSWERS, NOW)
    assert a_draft(tmp_path).read(NOW + timedelta(days=29)) == (ANSWERS, NOW)
    (file,) = (tmp_path / "records").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_draft_is_forgotten_once_and_may_be_forgotten_again(tmp_path: Path) -> None:
    a_draft(tmp_path).save(ANSWERS, NOW)
    a_draft(tmp_path).forget()
    a_draft(tmp_path).forget()
    assert a_draft(tmp_path).read(NOW) is None


def test_an_old_draft_is_none(tmp_path: Path) -> None:
    a_draft(tmp_path).save(ANSWERS, NOW)
    assert a_draft(tmp_path).read(NOW + timedelta(days=30)) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", json.dumps({"format": 2, "saved_at": NOW.isoformat(), "answers": {"a": ["b"]}})]
)
def test_a_damaged_draft_is_none(tmp_path: Path, text: str) -> None:
    a_draft(tmp_path).save(ANSWERS, NOW)
    (file,) = (tmp_path / "records").iterdir()
    file.write_text(text)
    assert a_draft(tmp_path).read(NOW) is None


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file")
    with pytest.raises(HpctlError, match="records"):
        a_draft(tmp_path).save(ANSWERS, NOW)
