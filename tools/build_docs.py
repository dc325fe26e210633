"""Write the pages that are made from the code: `python -m tools.build_docs`, or `make docs`.

With `--check` nothing is written; stale pages are named and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from hpctl.catalog.failures import known_failures
from hpctl.checks.catalogue import CHECKS
from tools.pages import (
    checks,
    commands,
    environment,
    estimates,
    exit_codes,
    failures,
    faults,
    instance_types,
    job_file,
    kubernetes,
    man,
    reports,
    rules,
    scorecard,
    screens,
    skypilot,
    spec,
    troubleshooting,
)

FOLDER = Path(__file__).resolve().parents[1] / "docs"
REFERENCE: Mapping[str, Callable[[], str]] = {
    "checks.md": checks.checks,
    "cluster.schema.json": spec.schema,
    "commands.md": commands.commands,
    "environment.md": environment.environment,
    "exit-codes.md": exit_codes.exit_codes,
    "failures.md": failures.failures,
    "faults.md": faults.faults,
    "instance-types.md": instance_types.instance_type_table,
    "job-file.md": job_file.job_file,
    "job.schema.json": job_file.schema,
    "kubernetes.md": kubernetes.kubernetes,
    "model-estimates.md": estimates.estimates,
    "reports.md": reports.reports,
    "rules.md": rules.rules,
    "screens.md": screens.screens,
    "skypilot.md": skypilot.skypilot,
    "spec.md": spec.spec,
    **{f"man/{name}": build for name, build in man.pages().items()},
    **{f"checks/{one.id}.md": partial(checks.check, one) for one in CHECKS},
    **{f"failures/{one.id}.md": partial(failures.failure, one) for one in known_failures()},
}
PAGES: Mapping[str, Callable[[], str]] = {
    **{f"reference/{name}": build for name, build in REFERENCE.items()},
    "scorecard.md": scorecard.scorecard,
    "troubleshooting.md": troubleshooting.troubleshooting,
}


def stale(folder: Path = FOLDER) -> Iterator[str]:
    """Yield the names of pages that are missing, out of date, or not generated any more."""
    for name, build in PAGES.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != build():
            yield name
    yield from sorted(_written(folder) - set(PAGES))


def write(folder: Path = FOLDER) -> None:
    """Write every page anew, and take away what is no page any more."""
    for name, build in PAGES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(build(), encoding="utf-8")
    for name in _written(folder) - set(PAGES):
        (folder / name).unlink()


def _written(folder: Path) -> set[str]:
    """Return what stands in the folder of the reference, which belongs to this program alone."""
    return {path.relative_to(folder).as_posix() for path in (folder / "reference").rglob("*") if path.is_file()}


def main() -> int:
    """Write the pages, or judge them."""
    parser = argparse.ArgumentParser(description="Write the pages of docs that are made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing, name stale pages")
    if not parser.parse_args().check:
        write()
        return 0
    names = tuple(stale())
    for name in names:
        print(f"docs/{name} is not what the code says now: run `make docs`")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
