"""The page of what people see: what to type, and what the catalog says may be behind it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hpctl.catalog.failures import KnownFailure, known_failures
from tools.pages.markdown import bullets, code, page

ROWS = Path(__file__).resolve().parents[1] / "troubleshooting.toml"
SOURCE = "`tools/troubleshooting.toml` and `hpctl/catalog/known_failures/`"
INTRODUCTION = """\
What you see, what to type, and what may be behind it. Three commands answer most of it:

- `hpctl doctor`, with `-f cluster.yaml`, the name of a cluster or `--job train.yaml`: what is not as it must be.
  [How to](how-to/doctor.md)
- `hpctl explain "MESSAGE"`, `--file LOG` or the name of a cluster: what it means. [How to](how-to/explain-a-failure.md)
- `hpctl job describe JOB`: why a job waits, or which rank failed first.

None of them changes anything. Here are the beginnings; [every failure that is known](reference/failures.md) has its own
page, with the remedy. The number that a command ends with is [its exit code](reference/exit-codes.md); 1 is a bug in
hpctl, and the message names a file with the details."""


def situations() -> list[dict[str, Any]]:
    """Return the situations with their rows, as they are written."""
    found: list[dict[str, Any]] = tomllib.loads(ROWS.read_text(encoding="utf-8"))["situation"]
    return found


def troubleshooting() -> str:
    """Return the page; ValueError for a failure that is not known, and for one that nobody could find."""
    written = situations()
    known = {one.id: one for one in known_failures()}
    demand_complete(written, known)
    return page("Troubleshooting", SOURCE, INTRODUCTION, *(_situation(one, known) for one in written))


def demand_complete(written: Iterable[Mapping[str, Any]], known: Mapping[str, KnownFailure]) -> None:
    """Raise ValueError for a failure that is not known, and for one without words that stands in no row."""
    named = {name for one in written for row in one["row"] for name in row.get("failures", ())}
    silent = {one.id for one in known.values() if not one.words}
    if wrong := sorted((named - set(known)) | (silent - named)):
        raise ValueError(f"{ROWS.name}: unknown, or told by no words and in no row: {', '.join(wrong)}")


def _situation(one: Mapping[str, Any], known: Mapping[str, KnownFailure]) -> str:
    return "\n\n".join([f"## {one['title']}", *(part for row in one["row"] for part in _row(row, known))])


def _row(row: Mapping[str, Any], known: Mapping[str, KnownFailure]) -> Iterator[str]:
    yield f"### {row['see']}"
    meaning = f": {row['means']}" if "means" in row else ""
    yield f"Type {' or '.join(map(code, row['type']))}{meaning}."
    if behind := [known[name] for name in row.get("failures", ())]:
        yield bullets(f"[{code(one.id)}](reference/failures/{one.id}.md): {one.cause}" for one in behind)
