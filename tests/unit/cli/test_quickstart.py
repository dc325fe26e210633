"""The story of the quickstart, with and without a real Slurm on the machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hpctl.cli import wiring
from hpctl.cli.commands import quickstart as story


def told(monkeypatch: pytest.MonkeyPatch, missing: str) -> list[tuple[str, ...]]:
    """Return the commands that are run."""
    ran: list[tuple[str, ...]] = []
    codes = iter([0, *(step.code for step in story.STORY if not (missing and step.on_slurm)), 0])

    def run(argv: Sequence[str], folder: Path) -> int:
        ran.append(tuple(argv))
        return next(codes)

    monkeypatch.setattr(wiring, "run_program", run)
    monkeypatch.setattr(story, "slurm_missing", lambda: missing)
    story.quickstart(1.0)
    return ran


def test_a_job_runs_on_slurm_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = told(monkeypatch, "")
    assert sum({"job", "demo-slurm"} <= set(words) for words in ran) == 2


def test_without_slurm_the_story_says_what_to_install_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = told(monkeypatch, "it is not installed")
    assert not any({"job", "demo-slurm"} <= set(words) for words in ran)
    assert any({"delete", "demo-slurm"} <= set(words) for words in ran)
    assert capsys.readouterr().out.count("Jobs on Slurm are left out of this story: it is not installed\n") == 1
