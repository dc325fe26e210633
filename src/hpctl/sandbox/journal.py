"""The ordered journal of mutating requests: what a sandbox remembers over a restart or a kill -9.

moto keeps its models in memory and offers no way to save them, and copying each of its models into a
store would mean owning them all. So the journal keeps the requests instead. Every identifier that moto
draws comes from one seedable generator; each mutating request is answered with a seed of its own, which
the journal keeps beside it. Replaying the journal in order therefore gives the same identifiers, and the
HyperPod and EKS models (functions of dated requests) come back by the same road.

A request is written after it took effect and before it is answered: what was acknowledged is there again,
what was not may be lost, as with any service that dies before it answers.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hpctl.sandbox.clock import Moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    attempt INTEGER PRIMARY KEY, at REAL NOT NULL, pace REAL NOT NULL, environ TEXT NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True)
class Entry:
    """A mutating request: its number (which seeds its identifiers), its moment, its WSGI environment and body."""

    attempt: int
    moment: Moment
    environ: Mapping[str, object]
    body: bytes


class Journal:
    """The journal of one sandbox, in one SQLite file; callers serialise their calls."""

    def __init__(self, path: Path) -> None:
        """Open the file, and make it when it is not there."""
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(_SCHEMA)

    def append(self, entry: Entry) -> None:
        """Keep a request that took effect."""
        self._db.execute(
            "INSERT INTO request VALUES (?, ?, ?, ?, ?)",
            (
                entry.attempt,
                entry.moment.at.timestamp(),
                entry.moment.pace,
                json.dumps(entry.environ),
                entry.body,
            ),
        )

    def entries(self) -> Iterator[Entry]:
        """Yield all requests in the order in which they took effect."""
        rows = self._db.execute("SELECT attempt, at, pace, environ, body FROM request ORDER BY attempt")
        for attempt, at, pace, environ, body in rows:
            yield Entry(attempt, Moment(datetime.fromtimestamp(at, UTC), pace), json.loads(environ), body)

    @property
    def last_attempt(self) -> int:
        """The number of the newest request, 0 before the first."""
        (number,) = self._db.execute("SELECT coalesce(max(attempt), 0) FROM request").fetchone()
        return int(number)

    def remember(self, name: str, value: str) -> None:
        """Keep a named fact beside the requests."""
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def fact(self, name: str) -> str | None:
        """Return a named fact, or None when it was never kept."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def forget(self) -> None:
        """Drop everything: a seed that was cut off starts over."""
        self._db.executescript("DELETE FROM request; DELETE FROM fact;")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
