"""The file of one cluster: its objects and its resource version, in SQLite.

A change is one transaction. What was answered is there again after a kill -9.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hpctl.sandbox.kube.resources import Object

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    "group" TEXT NOT NULL, plural TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY ("group", plural, namespace, name)
) STRICT;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""
_COUNT = "INSERT OR REPLACE INTO counter VALUES ('resourceVersion', ?)"
_PUT = "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?)"
_REMOVE = 'DELETE FROM object WHERE "group" = ? AND plural = ? AND namespace = ? AND name = ?'


class Store:
    """One cluster's file."""

    def __init__(self, path: Path | str) -> None:
        """Open the file, and make it when it is not there; `:memory:` keeps nothing."""
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    @property
    def version(self) -> int:
        """The resource version of the last change, 0 before the first."""
        row = self._db.execute("SELECT value FROM counter WHERE name = 'resourceVersion'").fetchone()
        return int(row[0]) if row else 0

    def objects(self) -> Iterator[tuple[str, str, Object]]:
        """Yield all objects with the group and plural that they are kept under."""
        for group, plural, body in self._db.execute('SELECT "group", plural, body FROM object'):
            yield group, plural, json.loads(body)

    def put(self, place: tuple[str, str, str, str], body: str, version: int) -> None:
        """Keep an object (group, plural, namespace, name) as it is from this version on."""
        self._change(_PUT, (*place, body), version)

    def remove(self, place: tuple[str, str, str, str], version: int) -> None:
        """Forget an object."""
        self._change(_REMOVE, place, version)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _change(self, statement: str, values: tuple[str, ...], version: int) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute(statement, values)
            self._db.execute(_COUNT, (version,))
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
