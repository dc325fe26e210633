"""What MkDocs asks while it builds the site: the navigation, where a link out of `docs/` leads, what a page may load.

The index is written once, for readers of the repository and of the site alike. A page loads nothing from elsewhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = "https://github.com/hpctl/hpctl/blob/main/"
_LINK = re.compile(r"(\]\()((?:\.\./)+[^)\s]+)(\))")
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#]+\.md)\)", re.MULTILINE)
_LOADED = re.compile(r'<(?:script|link|img|iframe|object)\b[^>]*?\s(?:src|href|data)="((?:https?:)?//[^"]+)"')
_ASKS_GITHUB = ' data-md-component="source"'
"""By this mark the theme asks GitHub how many stars the repository has, whenever a page is opened."""


def navigation(index: str) -> list[dict[str, Any]]:
    """Return the navigation that an index describes: a section a heading, in its order."""
    first, *sections = re.split(r"^## ", index, flags=re.MULTILINE)
    found: list[dict[str, Any]] = [{"Home": "index.md"}]
    found += [{name.capitalize(): path} for name, path in re.findall(r"\[([^\]]+)\]\(([^)#]+\.md)\)", first)]
    for section in sections:
        heading, _, rest = section.partition("\n")
        found.append({heading: [{name: path} for name, path in _ENTRY.findall(rest)]})
    return found


def outward(markdown: str, page: str) -> str:
    """Return a page whose links out of the documentation lead to the repository; `page` is its path in `docs/`."""

    def led(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), found[2]))
        inside = target.startswith("docs/")
        return found[0] if inside else f"{found[1]}{ELSEWHERE}{target}{found[3]}"

    return _LINK.sub(led, markdown)


def on_config(config: Any) -> Any:
    """Give MkDocs the navigation."""
    config["nav"] = navigation((ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    return config


def on_page_markdown(markdown: str, page: Any, **_others: Mapping[str, Any]) -> str:
    """Let links out of the documentation lead to the repository."""
    return outward(markdown, page.file.src_uri)


def on_post_page(output: str, page: Any, **_others: Mapping[str, Any]) -> str:
    """Return a page that loads nothing from elsewhere; ValueError where one would."""
    own = output.replace(_ASKS_GITHUB, "")
    if loaded := _LOADED.findall(own):
        raise ValueError(f"{page.file.src_uri} loads {', '.join(loaded)}: the site is read where there is no network")
    return own
