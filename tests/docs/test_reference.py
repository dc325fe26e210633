"""The generated pages of the reference say what the code says now."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path

import pytest

from hpctl.report.cluster import NodeReport
from tools import build_docs
from tools.pages import reports


def differences(name: str, folder: Path) -> str:
    """Return how a committed page differs from what would be written now."""
    path = folder / name
    committed = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(
        committed.splitlines(), build_docs.PAGES[name]().splitlines(), f"docs/{name}", "now", lineterm="", n=1
    )
    return "\n".join(lines)


def place_of(name: str) -> str:
    """Return the page, or the folder within the reference that it stands in."""
    return name.removeprefix("reference/").partition("/")[0]


@pytest.mark.scorecard(7, 34)
@pytest.mark.parametrize("place", sorted(set(map(place_of, build_docs.PAGES))))
def test_a_generated_page_and_those_in_its_folder_are_fresh(place: str) -> None:
    names = [name for name in build_docs.PAGES if place_of(name) == place]
    found = "\n".join(filter(None, (differences(name, build_docs.FOLDER) for name in names)))
    assert not found, f"run `make docs`, look at the difference and commit it:\n{found}"


def test_a_stale_page_is_shown_with_its_difference(tmp_path: Path) -> None:
    build_docs.write(tmp_path)
    page = tmp_path / "reference" / "exit-codes.md"
    page.write_text(page.read_text().replace("| 3 | the named thing does not exist |", "| 3 | not found |"))
    assert "-| 3 | not found |" in differences("reference/exit-codes.md", tmp_path)
    assert list(build_docs.stale(tmp_path)) == ["reference/exit-codes.md"]


def test_a_page_that_nobody_writes_any_more_is_named_and_then_taken_away(tmp_path: Path) -> None:
    build_docs.write(tmp_path)
    (tmp_path / "reference" / "checks" / "old.md").touch()
    assert list(build_docs.stale(tmp_path)) == ["reference/checks/old.md"]
    build_docs.write(tmp_path)
    assert list(build_docs.stale(tmp_path)) == []


def test_the_command_judges_without_writing(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.build_docs", "--check"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_report_must_be_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {report: names for report, names in reports.COMMANDS.items() if report is not NodeReport}
    monkeypatch.setattr(reports, "COMMANDS", told)
    with pytest.raises(ValueError, match=r"commands: NodeReport$"):
        reports.reports()


def test_every_command_that_is_told_of_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    told = dict(reports.COMMANDS)
    told[NodeReport] = ("node tickle",)
    monkeypatch.setattr(reports, "COMMANDS", told)
    with pytest.raises(ValueError, match=r"commands: node tickle$"):
        reports.reports()
