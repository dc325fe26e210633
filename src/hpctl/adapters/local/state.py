"""hpctl's records about clusters, in files that only their owner reads: the port `facts.ports.State`.

Below `HPCTL_STATE_HOME` (else the platform's folder for state) lie `clusters/KEY.jsonl`, the journal, and
`clusters/KEY.lock`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from hpctl.adapters.local.journalfile import JournalFile
from hpctl.adapters.local.lockfile import locked
from hpctl.adapters.local.private import records_home
from hpctl.facts.ports import Clock
from hpctl.facts.records import Holder


class FileState:
    """Journals and locks below one folder; nothing is made before it is needed."""

    def __init__(self, env: Mapping[str, str], clock: Clock) -> None:
        """Keep them where `env` says; `clock` dates locks."""
        self._env = env
        self._clock = clock

    def lock(self, key: str) -> AbstractContextManager[Holder | None]:
        """Hold the cluster's lock for the length of a `with`."""
        return locked(self._file(key, "lock"), f"cluster `{key.rpartition('.')[2]}`", self._clock)

    def append(self, key: str, line: Mapping[str, object]) -> None:
        """Add a line to the journal."""
        JournalFile(self._file(key, "jsonl")).append(line)

    def lines(self, key: str) -> tuple[Mapping[str, object], ...]:
        """Return the journal's lines, oldest first."""
        return JournalFile(self._file(key, "jsonl")).lines()

    def _file(self, key: str, kind: str) -> Path:
        return records_home(self._env) / "clusters" / f"{key}.{kind}"
