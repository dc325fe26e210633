"""What MkDocs is told: the navigation of the index, and links that leave the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import site


def test_the_navigation_is_the_index_in_its_order(repository: Path) -> None:
    found = site.navigation((repository / "docs" / "index.md").read_text(encoding="utf-8"))
    assert [next(iter(one)) for one in found] == [
        "Home",
        "Quickstart",
        "Troubleshooting",
        "Tutorials",
        "How to",
        "Reference",
        "Explanation",
    ]
    listed = {path for section in found[3:] for rows in section.values() for row in rows for path in row.values()}
    docs = repository / "docs"
    pages = {
        path.relative_to(docs).as_posix() for folder in ("how-to", "tutorials") for path in docs.glob(f"{folder}/*.md")
    }
    assert pages <= listed


@pytest.mark.parametrize(
    ("link", "page", "leads_to"),
    [
        ("../../CONTRIBUTING.md", "explanation/architecture.md", f"{site.ELSEWHERE}CONTRIBUTING.md"),
        ("../CHANGELOG.md#unreleased", "index.md", f"{site.ELSEWHERE}CHANGELOG.md#unreleased"),
        ("../how-to/ci.md", "reference/reports.md", "../how-to/ci.md"),
        ("../../how-to/ci.md", "reference/checks/x.md", "../../how-to/ci.md"),
        ("ci.md", "how-to/doctor.md", "ci.md"),
        ("https://example.com/../x", "index.md", "https://example.com/../x"),
    ],
)
def test_only_a_link_that_leaves_the_documentation_is_changed(link: str, page: str, leads_to: str) -> None:
    assert site.outward(f"[a]({link})", page) == f"[a]({leads_to})"
