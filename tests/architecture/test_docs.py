"""Decision records and the changelog keep their form."""

from __future__ import annotations

from pathlib import Path


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
