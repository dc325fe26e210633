"""Answers that somebody gave and has not written yet: one draft of each kind, read by its owner alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from hpctl.adapters.local.planfile import Saved, read, write
from hpctl.adapters.local.private import in_words, make_folder, records_home
from hpctl.errors import HpctlError

_DRAFT: Final = Saved("draft", "answer anew", 256 * 1024)
"""A thousand times what the longest answers take."""

_KEPT: Final = timedelta(days=30)


class DraftFile:
    """A file among hpctl's records, written anew after each answer."""

    def __init__(self, kind: str, env: Mapping[str, str]) -> None:
        """Open nothing yet; raises `StateError` where nothing says where the records are."""
        self._path: Path = records_home(env) / f"draft-{kind}.json"

    def save(self, answers: Mapping[str, tuple[str, ...]], now: datetime) -> None:
        """Keep the answers, whole or not at all; raises `StateError` or `UsageError` where that cannot be."""
        document = {"format": 1, "saved_at": now.isoformat(), "answers": dict(answers)}
        with in_words(self._path.parent):
            make_folder(self._path.parent)
            write(self._path, json.dumps(document, indent=1), _DRAFT)

    def read(self, now: datetime) -> tuple[dict[str, tuple[str, ...]], datetime] | None:
        """Return the answers and when they were given; None without a draft, or with one that is old or damaged."""
        if not self._path.exists():
            return None
        try:
            document = json.loads(read(self._path, _DRAFT))
            saved_at = datetime.fromisoformat(document["saved_at"])
            answers = {str(name): tuple(map(str, said)) for name, said in document["answers"].items()}
            fresh = document["format"] == 1 and now - saved_at < _KEPT
        except (AttributeError, HpctlError, KeyError, TypeError, ValueError):
            return None
        return (answers, saved_at) if answers and fresh else None

    def forget(self) -> None:
        """Remove the draft, where there is one."""
        with in_words(self._path.parent):
            self._path.unlink(missing_ok=True)
