"""Troubleshooting sends nobody to a command, an option or a failure that is not there, and leaves out no silent one."""

from __future__ import annotations

import dataclasses
import re
import shlex

import pytest

from hpctl.catalog.failures import known_failures
from hpctl.cli.tree import leaves
from tools.pages import troubleshooting

KNOWN = {one.id: one for one in known_failures()}
ROWS = [row for one in troubleshooting.situations() for row in one["row"]]
COMMANDS = {words[1:]: {flag for each in command.params for flag in each.opts} for words, command in leaves()}


def unknown(typed: str) -> list[str]:
    """Return what of a line is no command of hpctl's, or no option of the command."""
    found = []
    for part in typed.split(" | "):
        words = shlex.split(part)[1:]
        own = words[: words.index("--")] if "--" in words else words
        flags = next((COMMANDS[tuple(own[:n])] for n in (2, 1) if tuple(own[:n]) in COMMANDS), None)
        if flags is None:
            found.append(part)
            continue
        found += [word for word in own if re.fullmatch(r"--?[a-z][a-z-]*", word) and word not in flags]
    return found


def test_every_command_that_is_to_be_typed_is_there_with_its_options() -> None:
    assert {line: unknown(line) for row in ROWS for line in row["type"] if unknown(line)} == {}


def test_a_command_or_an_option_that_is_not_there_is_found() -> None:
    assert unknown("hpctl job describe JOB --loudly") == ["--loudly"]
    assert unknown("hpctl job logs JOB | hpctl paint --file -") == ["hpctl paint --file -"]


def test_a_row_says_what_to_type_and_what_it_means() -> None:
    assert [row["see"] for row in ROWS if not row["type"] or not (row.get("means") or row.get("failures"))] == []


def test_a_failure_that_is_not_known_is_refused() -> None:
    written = [{"row": [{"failures": ["job-paint"]}]}, *troubleshooting.situations()]
    with pytest.raises(ValueError, match=r"in no row: job-paint$"):
        troubleshooting.demand_complete(written, KNOWN)


def test_a_failure_that_no_words_tell_must_stand_in_a_row() -> None:
    silent = dataclasses.replace(KNOWN["creation-slow"], id="creation-endless")
    with pytest.raises(ValueError, match=r"in no row: creation-endless$"):
        troubleshooting.demand_complete(troubleshooting.situations(), {**KNOWN, silent.id: silent})
