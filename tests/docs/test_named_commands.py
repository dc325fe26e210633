"""What a page calls a command of hpctl's is one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hpctl.cli.tree import leaves
from tests.docs.pages import Page, pages

COMMANDS = {words[1:] for words, _ in leaves()}
NOUNS = {words[0] for words in COMMANDS}
NO_COMMANDS = {"run-id": "a comment that jobs on Slurm carry", "help exit-codes": "a wish of the scorecard"}
_NAMED = re.compile(r"`hpctl ([a-z][a-z -]*)")


def unknown(page: Page) -> Iterator[str]:
    """Yield what is called a command in the text of a page and is none."""
    for said in _NAMED.findall(re.sub(r"^```.*?^```$", "", page.text, flags=re.MULTILINE | re.DOTALL)):
        words = tuple(said.split(" -")[0].split())
        if said in NO_COMMANDS:
            continue
        if words and words[:1] not in COMMANDS and (words[0] not in NOUNS or (words[1:] and words[:2] not in COMMANDS)):
            yield f"{page}: hpctl {said}"


def test_every_command_that_a_page_names_exists() -> None:
    assert [one for page in pages() for one in unknown(page)] == []


def test_a_command_that_does_not_exist_is_found() -> None:
    page = Page("a.md", "`hpctl cluster list`, `hpctl doctor -f x`, `hpctl cluster paint`, `hpctl paint`, `hpctl job`")
    assert list(unknown(page)) == ["a.md: hpctl cluster paint", "a.md: hpctl paint"]
