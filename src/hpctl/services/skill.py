"""The skill for coding agents: how to work with hpctl, made of its own commands, checks, failures and exit codes.

The text is `skill.md`; what hpctl knows of itself is filled in, so that the two cannot drift apart. The last line
carries a digest of what is above it: by that a file that hpctl has written is told from one that somebody has changed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import PurePath
from string import Template
from typing import Final

import hpctl
from hpctl.catalog.failures import known_failures
from hpctl.checks.catalogue import CHECKS
from hpctl.errors import ConflictError, ExitCode
from hpctl.facts.skill_ports import Folder
from hpctl.report.skill import SkillReport

FILE: Final = "SKILL.md"

_SEAL: Final = re.compile(rb"<!-- Written by hpctl; the digest of it is ([0-9a-f]{64}) -->\n\Z")


@dataclass(frozen=True)
class CommandLine:
    """One command: what is typed, the first line of its help, and how it shows what it would change.

    `changes` is None for a command that only looks.
    """

    words: str
    summary: str
    changes: str | None


def install(folder: Folder, place: PurePath, commands: Iterable[CommandLine], *, force: bool) -> SkillReport:
    """Write the skill into a folder; what hpctl wrote there earlier is replaced.

    Raises:
        ConflictError: a file of that name is there which hpctl has not written, or somebody has changed.
    """
    path, wanted, there = str(place / FILE), sealed(text(commands)), folder.content(FILE)
    if there == wanted.encode():
        return SkillReport(path=path, result="unchanged")
    if there is not None and not _is_ours(there) and not force:
        raise ConflictError(
            f"`{path}` is not as hpctl has written it", hint="name another folder, or replace it with `--force`"
        )
    folder.put(FILE, wanted)
    return SkillReport(path=path, result="written" if there is None else "replaced")


def text(commands: Iterable[CommandLine]) -> str:
    """Return the skill without its seal."""
    every = sorted(commands, key=lambda one: one.words)
    template = Template((files("hpctl.services") / "skill.md").read_text(encoding="utf-8"))
    return template.substitute(
        version=hpctl.__version__,
        exit_codes=_rows((str(code.value), code.meaning) for code in ExitCode),
        looking=_rows((f"`{one.words}`", one.summary) for one in every if one.changes is None),
        changing=_rows((f"`{one.words}`", one.summary, one.changes) for one in every if one.changes is not None),
        checks=_by_area((one.id.partition("-")[0], one.id) for one in CHECKS),
        failures=_by_area((one.area, one.id) for one in known_failures()),
    )


def sealed(skill: str) -> str:
    """Return the skill with the digest of it as its last line."""
    digest = sha256(skill.encode()).hexdigest()
    return f"{skill}<!-- Written by hpctl; the digest of it is {digest} -->\n"


def _is_ours(content: bytes) -> bool:
    found = _SEAL.search(content)
    return found is not None and sha256(content[: found.start()]).hexdigest().encode() == found[1]


def _by_area(pairs: Iterable[tuple[str, str]]) -> str:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for area, one in pairs:
        found[area].append(f"`{one}`")
    return _rows((area, ", ".join(ids)) for area, ids in found.items())


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
