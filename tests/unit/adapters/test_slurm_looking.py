"""What the program on the controller asks of accounting, and what it says where that does not answer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hpctl.adapters.slurm.node import looking

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
