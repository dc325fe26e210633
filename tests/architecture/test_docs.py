"""Generated pages say what the code says now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_generated_pages_are_fresh(repository: Path) -> None:
    generator = repository / "tools" / "build_docs.py"
    done = subprocess.run(
        [sys.executable, str(generator), "--check"], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run `make docs`\n{done.stdout}{done.stderr}"


def test_every_decision_record_has_its_parts(repository: Path) -> None:
    records = sorted((repository / "docs" / "adr").glob("[0-9]*.md"))
    assert [record.name[:4] for record in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    assert len(records) >= 5
    for record in records:
        text = record.read_text()
        for part in ("\n## Context\n", "\n## Decision\n", "\n## Consequences\n", "\nDate: 20"):
            assert part in text, f"{record.name} has no {part.strip()}"


def test_the_changelog_has_a_place_for_what_comes(repository: Path) -> None:
    assert "\n## [Unreleased]\n" in (repository / "CHANGELOG.md").read_text()
