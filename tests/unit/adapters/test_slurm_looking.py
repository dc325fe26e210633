"""What the program on the controller asks of accounting, and what it keeps in mind where nobody else does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpctl.adapters.slurm.node import looking
from hpctl.adapters.slurm.node.base import _FIELDS, UNIT

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def sacct(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Callable[[str], Done]], dict[str, object]]:
    """A look where `sacct` answers a format as told."""
    monkeypatch.setattr(looking, "queue", lambda: "")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")

    def look(answer: Callable[[str], Done]) -> dict[str, object]:
        monkeypatch.setattr(looking, "slurm", lambda *words: answer(words[-1]))
        return looking.look({"jobs": str(tmp_path)})

    return look


ROW = {"JobID": "21", "JobArrayID": "7_1", "Comment": "hpctl run-id=r1 folder=/f comment=x", "State": "FAILED"}
END = {"exit_code": "3", "StartTime": "1", "EndTime": "2", "NodeList": "n1"}


def told(*rows: dict[str, str]) -> str:
    return "".join(
        UNIT.join({**dict.fromkeys(_FIELDS, "x"), **END, **ROW, **row}[name] for name in _FIELDS) + "\x1e\n"
        for row in rows
    )


def a_kept(folder: Path) -> dict[str, Any]:
    return {"id": 7, "run_id": "r1", "folder": str(folder), "seen": {}}


def test_an_end_that_the_queue_tells_is_written_down_once(tmp_path: Path) -> None:
    kept, others = a_kept(tmp_path), {"Comment": "hpctl run-id=r2 folder=/g"}
    looking._remember(told({}, {"JobArrayID": "7_2", "State": "RUNNING"}, others), [kept])
    assert kept["seen"] == {"7_1": {"State": "FAILED", **END}}
    assert json.loads((tmp_path / "seen").read_text()) == kept["seen"]
    (tmp_path / "seen").unlink()
    looking._remember(told({}), [kept])
    assert not (tmp_path / "seen").exists()


def test_an_end_that_was_none_is_forgotten_again(tmp_path: Path) -> None:
    kept = {**a_kept(tmp_path), "seen": {"7_1": {"State": "NODE_FAIL"}}}
    looking._remember(told({"State": "PENDING"}), [kept])
    assert kept["seen"] == {}
    assert (tmp_path / "seen").read_text() == "{}"


def test_a_folder_that_cannot_be_written_breaks_no_look(tmp_path: Path) -> None:
    kept = a_kept(tmp_path / "gone")
    looking._remember(told({}), [kept])
    assert [*kept["seen"]] == ["7_1"]


def done(out: str = "", err: str = "") -> Done:
    return subprocess.CompletedProcess(("sacct",), 1 if err else 0, out, err)


Sacct = Callable[[Callable[[str], Done]], dict[str, object]]


def test_the_line_that_submitted_a_job_is_asked_for(sacct: Sacct) -> None:
    told = sacct(lambda form: done("a row" if form.endswith("JobName,Comment,SubmitLine") else ""))
    assert (told["accounted"], told["unaccounted"]) == ("a row", "")


def test_a_release_that_does_not_know_it_is_asked_for_the_comment_again(sacct: Sacct) -> None:
    old = 'sacct: error: Invalid field requested: "SubmitLine"\n'
    told = sacct(lambda form: done(err=old) if "SubmitLine" in form else done(f"a row of {form.count(',') + 1}"))
    assert (told["accounted"], told["unaccounted"]) == ("a row of 16", "")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Slurm accounting storage is disabled\n", ""),
        (
            "sacct: error: Sending PersistInit msg\nsacct: error: refused\n",
            "sacct: error: refused",
        ),
    ],
)
def test_only_an_accounting_that_is_there_can_fail_to_answer(sacct: Sacct, said: str, why: str) -> None:
    told = sacct(lambda _form: done(err=said))
    assert (told["accounted"], told["unaccounted"]) == ("", why)
