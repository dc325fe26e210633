"""Long files of tests begin first, and the list of them names files that are there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import longest_first
from tests.architecture.source import REPOSITORY


def test_every_file_that_is_recorded_is_there() -> None:
    assert [file for file in longest_first.recorded() if not (REPOSITORY / file).is_file()] == []


def test_long_files_come_first_and_tests_of_one_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(longest_first, "recorded", lambda: {"long.py": 50.0, "longest.py": 90.0})
    ids = ["new.py::b", "long.py::b", "new.py::a", "longest.py::a", "long.py::a"]
    items = [SimpleNamespace(nodeid=one) for one in ids]
    longest_first.pytest_collection_modifyitems(items)  # type: ignore[arg-type]
    assert [one.nodeid for one in items] == ["longest.py::a", "long.py::b", "long.py::a", "new.py::b", "new.py::a"]


def test_the_list_is_of_files_that_take_long() -> None:
    seconds = {"short.py": 4.9, "long.py": 50.4, "longest.py": 90.0}
    assert longest_first.listed(seconds) == "    90 longest.py\n    50 long.py\n"
