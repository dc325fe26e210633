"""Names that commands have told of lately, in a file that the shell's completion reads.

It is a cache: whatever is wrong with it, there are no names, and no command says a word about it. What it is about (an
account, by credentials, profile and Region) stands in it as a digest alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import platformdirs

KEPT_S: Final = 7 * 86_400.0
"""How long a name is offered after it was last seen: what is deleted elsewhere goes some time."""
MOST_NAMES: Final = 2_000
MOST_BYTES: Final = 1024 * 1024

_WHOSE: Final = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID")
_Names = dict[str, float]


@dataclass(frozen=True)
class SeenNames:
    """The names of one account and Region: `env` and what was said on the command line tell which."""

    env: Mapping[str, str]
    profile: str | None = None
    region: str | None = None

    def names(self, kind: str, cluster: str | None, now: float) -> list[str]:
        """Return the names of a kind, those of one cluster or of all, the latest first; `now` in seconds (epoch)."""
        found = self._read().get(self._whose, {}).get(kind, {})
        lists = found.values() if cluster is None else [found.get(cluster, {})]
        lately = {name: at for names in lists for name, at in names.items() if now - at < KEPT_S}
        return sorted(lately, key=lambda name: -lately[name])

    def note(self, seen: Iterable[tuple[str, str, str]], gone: Iterable[tuple[str, str, str]], now: float) -> None:
        """Keep kind, cluster and name of what was seen, and forget what is gone."""
        new, old = tuple(seen), tuple(gone)
        if not new and not old:
            return
        with suppress(OSError):
            every = self._read()
            mine = every.setdefault(self._whose, {})
            for kind, cluster, name in old:
                mine.get(kind, {}).get(cluster, {}).pop(name, None)
            for kind, cluster, name in new:
                mine.setdefault(kind, {}).setdefault(cluster, {})[name] = now
            self._write(_shortened(every, now))

    @property
    def _path(self) -> Path:
        return Path(platformdirs.user_cache_path("hpctl")) / "names.json"

    @property
    def _whose(self) -> str:
        profile = self.profile or self.env.get("AWS_PROFILE", "")
        region = self.region or self.env.get("AWS_REGION") or self.env.get("AWS_DEFAULT_REGION", "")
        said = "\0".join((*(self.env.get(name, "") for name in _WHOSE), profile, region))
        return sha256(said.encode(errors="surrogateescape")).hexdigest()[:16]

    def _read(self) -> dict[str, dict[str, dict[str, _Names]]]:
        try:
            with self._path.open("rb") as file:
                found = json.loads(file.read(MOST_BYTES))
        except (OSError, ValueError):
            return {}
        return found if _is_well(found) else {}

    def _write(self, every: object) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._path.with_name(f".names.{os.getpid()}")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(every, file)
            beside.replace(self._path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def _is_well(found: Any) -> bool:
    """Whether it is what `note` writes, down to the times: somebody may have edited it, or another hpctl written it."""
    tables = [found]
    for _ in range(3):
        if not all(isinstance(one, dict) for one in tables):
            return False
        tables = [inner for one in tables for inner in one.values()]
    return all(isinstance(one, dict) and all(isinstance(at, int | float) for at in one.values()) for one in tables)


def _shortened(every: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return it with the latest names alone, and without what was not seen for long."""
    rows = sorted(_rows(every), key=lambda row: -row[1])[:MOST_NAMES]
    kept: dict[str, Any] = {}
    for (whose, kind, cluster, name), at in rows:
        if now - at < KEPT_S:
            kept.setdefault(whose, {}).setdefault(kind, {}).setdefault(cluster, {})[name] = at
    return kept


def _rows(every: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str, str], float]]:
    for whose, kinds in every.items():
        for kind, clusters in kinds.items():
            for cluster, names in clusters.items():
                yield from (((whose, kind, cluster, name), at) for name, at in names.items())
