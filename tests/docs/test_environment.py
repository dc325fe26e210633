"""Every variable that hpctl reads of its own is on the page of them, and each on the page is read."""

from __future__ import annotations

import re
from pathlib import Path

from hpctl.catalog.environment import own
from hpctl.cli.topics import options
from tools.pages.environment import environment

ROOMS = ("cli", "render", "adapters/local", "sandbox/home.py")
"""Where a person's own environment is read; what jobs and pods are given is another matter."""


def read_of_its_own(package: Path) -> set[str]:
    """Return the variables of hpctl's own that are named in strings of these rooms."""
    paths = [
        path
        for room in ROOMS
        for path in ([package / room] if room.endswith(".py") else (package / room).rglob("*.py"))
    ]
    return {name for path in paths for name in re.findall(r'"(HPCTL_[A-Z_]+)"', path.read_text(encoding="utf-8"))}


def test_every_variable_of_hpctls_own_is_told(repository: Path) -> None:
    assert read_of_its_own(repository / "src" / "hpctl") == own().keys() | options().keys()


def test_the_page_names_the_variables_that_stand_for_options() -> None:
    assert "| `HPCTL_CLUSTER` | Stands for `--cluster` of every command that has it |" in environment()
