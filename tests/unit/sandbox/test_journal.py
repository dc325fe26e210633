"""The journal gives back what it was given, in order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hpctl.sandbox.clock import Moment
from hpctl.sandbox.journal import Entry, Journal

NOW = Moment(datetime(2026, 1, 1, 12, 30, 0, 123456, tzinfo=UTC), 1.5)


def test_requests_come_back_as_they_were_and_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    entries = [Entry(number, NOW, {"PATH_INFO": f"/{number}"}, bytes([0, 255, number])) for number in (1, 2, 5)]
    for entry in entries:
        journal.append(entry)
    # Not closed: that is how a kill -9 leaves it.
    again = Journal(tmp_path / "journal")
    assert list(again.entries()) == entries
    assert again.last_attempt == 5


def test_a_new_journal_is_empty(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    assert (list(journal.entries()), journal.last_attempt, journal.fact("seed")) == ([], 0, None)


def test_facts_are_kept_until_all_is_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.append(Entry(1, NOW, {}, b""))
    journal.remember("seed", "a")
    journal.remember("seed", "b")
    assert Journal(tmp_path / "journal").fact("seed") == "b"
    journal.forget()
    assert (journal.fact("seed"), journal.last_attempt) == (None, 0)
