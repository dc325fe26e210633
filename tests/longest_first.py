"""The files of tests that take longest begin first, so that no core is idle at the end while another is at a long one.

How long each takes is recorded in a list: a run of all tests with `HPCTL_TEST_RECORD_SECONDS=1` writes it anew. A file
that is not in it is short, or new, and comes after those that are.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

RECORDED = Path(__file__).with_name("seconds_by_file.txt")
SHORT_S = 5.0
"""What takes less is in no list: in which order such files run makes no difference."""

_seconds: dict[str, float] = defaultdict(float)


@cache
def recorded() -> dict[str, float]:
    """Return the seconds that each file took, from the longest on."""
    rows = (line.split() for line in RECORDED.read_text(encoding="utf-8").splitlines())
    return {file: float(seconds) for seconds, file in rows}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files, and leave the order within each as it is."""
    items.sort(key=lambda item: -recorded().get(_file(item.nodeid), 0.0))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count a test's own time, and that of what it needs first."""
    if type(report) is pytest.TestReport:  # what a subtest took is in its test's time
        _seconds[_file(report.nodeid)] += report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the list, where the whole run comes together."""
    if os.environ.get("HPCTL_TEST_RECORD_SECONDS") and not hasattr(session.config, "workeroutput"):
        RECORDED.write_text(listed(_seconds), encoding="utf-8")


def listed(seconds: Mapping[str, float]) -> str:
    """Return the list as it is recorded."""
    rows = sorted(((took, file) for file, took in seconds.items() if took >= SHORT_S), reverse=True)
    return "".join(f"{took:6.0f} {file}\n" for took, file in rows)


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
