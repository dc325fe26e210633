"""What MkDocs is told: the navigation of the index, and links that leave the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import site


def test_the_navigation_is_the_index_in_its_order(repository: Path) -> None:
    found = site.navigation((repository / "docs" / "index.md").read_text(encoding="utf-8"))
    names = [next(iter(one)) for one in found]
    kinds = list(dict.fromkeys(name.partition(":")[0] for name in names))
    assert kinds == ["Home", "Quickstart", "Troubleshooting", "Tutorials", "How to", "Reference", "Explanation"]
    assert len(names) == len(set(names))
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


PAGE = SimpleNamespace(file=SimpleNamespace(src_uri="index.md"))


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://example.com/a.js"></script>',
        '<link rel="stylesheet" href="//example.com/a.css">',
        '<img alt="a" src="http://example.com/a.png">',
    ],
)
def test_a_page_that_loads_something_from_elsewhere_ends_the_build(text: str) -> None:
    with pytest.raises(ValueError, match=r"^index.md loads .*example.com/a"):
        site.on_post_page(text, PAGE)


def test_a_page_may_link_to_elsewhere_and_load_what_is_its_own() -> None:
    text = '<a href="https://example.com/">x</a><script src="../assets/a.js"></script>'
    assert site.on_post_page(text, PAGE) == text


def test_the_theme_does_not_ask_how_many_stars_there_are() -> None:
    assert site.on_post_page('<a href="x" data-md-component="source">x</a>', PAGE) == '<a href="x">x</a>'


def test_the_script_that_searches_pages_from_the_disk_comes_along(repository: Path) -> None:
    told = (repository / "mkdocs.yml").read_text(encoding="utf-8")
    assert "plugins: [search, offline]" in told
    script = re.search(r"polyfills: \[(\S+iframe-worker\.js)\]", told)
    assert script
    assert (repository / "docs" / script[1]).is_file()
