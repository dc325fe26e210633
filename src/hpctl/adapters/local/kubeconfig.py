"""Kubeconfig files that take a cluster: the port `facts.ports.Kubeconfig`.

kubectl reads a kubeconfig before it takes the lock, and afterwards removes from the file whatever it had not seen then
(client-go `ModifyConfig` compares what it read first with what is there now). So an entry that comes in between would
be lost. hpctl therefore keeps the lock for a moment after it has written: a kubectl that had read before finds it
held, and gives up, loudly. And hpctl looks once more afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hpctl import timeouts
from hpctl.adapters.local import kubeconfig_disk as disk
from hpctl.adapters.local.kubeconfig_document import Document
from hpctl.adapters.local.kubeconfig_files import KubeconfigFiles, kubeconfig_files
from hpctl.adapters.local.kubeconfig_lock import locked
from hpctl.adapters.local.kubeconfig_merge import demand_ours, holds, merge, parts
from hpctl.errors import ConflictError
from hpctl.facts.kubeconfig import CurrentContext, KubeconfigChange, KubeconfigEntry
from hpctl.facts.ports import Clock

_TIMES: Final = 5
"""How often an entry is written that another program removes again."""

Texts = tuple[tuple[Path, str | None], ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The files that get a new text, and what that amounts to."""

    texts: Mapping[Path, str]
    change: KubeconfigChange


class KubeconfigOnDisk:
    """The kubeconfig that kubectl would write, as `--kubeconfig` and the environment say."""

    def __init__(self, explicit: str | None, env: Mapping[str, str], clock: Clock) -> None:
        """Look at nothing yet."""
        self._explicit, self._env, self._clock = explicit, env, clock
        self._known: tuple[Texts, _Plan] | None = None

    def planned(self, entry: KubeconfigEntry, current: CurrentContext) -> KubeconfigChange:
        """Return what adding the entry would change."""
        return self._plan(entry, current).change

    def add(self, entry: KubeconfigEntry, current: CurrentContext) -> KubeconfigChange:
        """Add the entry, or bring it up to date."""
        done: KubeconfigChange | None = None
        for _time in range(_TIMES):
            plan = self._plan(entry, current)
            if not plan.texts:
                return done or plan.change
            done = self._write(plan, entry, current) or done
            self._clock.sleep(timeouts.KUBECONFIG_SETTLE_S)
        raise ConflictError(
            f"another program keeps removing context `{entry.context}` from the kubeconfig `{plan.change.path}`",
            hint="end the program that writes the file, and connect again",
        )

    def _write(self, plan: _Plan, entry: KubeconfigEntry, current: CurrentContext) -> KubeconfigChange | None:
        with disk.in_words(Path(plan.change.path), "written"):
            for path in plan.texts:
                disk.make_folders(path)
            with locked(plan.texts, self._clock):
                now = self._plan(entry, current)
                if not now.texts.keys() <= plan.texts.keys():  # another file is to be written by now: not locked
                    return None
                for path, text in now.texts.items():
                    disk.replace(path, text)
                self._clock.sleep(timeouts.KUBECONFIG_SETTLE_S)
        return now.change

    def _plan(self, entry: KubeconfigEntry, current: CurrentContext) -> _Plan:
        """Plan on what the files say now; what was planned on the same texts before still holds."""
        files = kubeconfig_files(self._explicit, self._env)
        texts = tuple((path, disk.read(path)) for path in files.read)
        if self._known is None or self._known[0] != texts:
            self._known = (texts, _planned(files, texts, entry, current))
        plan = self._known[1]
        return replace(plan, change=replace(plan.change, warnings=_warnings(plan)))


def _planned(files: KubeconfigFiles, texts: Texts, entry: KubeconfigEntry, current: CurrentContext) -> _Plan:
    documents = {path: Document(str(path), text) for path, text in texts if text is not None}
    first = not any(document.names("contexts") for document in documents.values())
    chosen = next((path for path, document in documents.items() if document.current), None)
    place = next((path for path, document in documents.items() if holds(document, entry)), files.new)
    document = documents.setdefault(place, Document(str(place), ""))
    demand_ours(document, entry)
    changed = [(place, part) for part in merge(document, entry)]
    now = documents[chosen].current if chosen else None
    if now != entry.context and (current is CurrentContext.SET or (first and now is None)):
        now = entry.context
        documents[chosen or place].choose(now)
        changed.append((chosen or place, "current-context"))
    return _Plan(
        {path: documents[path].text() for path in dict.fromkeys(path for path, _part in changed)},
        KubeconfigChange(
            path=str(place),
            changed=tuple(part for _path, part in changed),
            current=now,
            entries={part: {"name": name, part: members} for part, name, members in parts(entry)},
        ),
    )


def _warnings(plan: _Plan) -> tuple[str, ...]:
    path = Path(plan.change.path)
    mode = disk.shared(path)
    if mode is None:
        return ()
    rest = "0600 from now on" if plan.texts else f"chmod 600 {path}"
    return (f"others can read the kubeconfig `{path}` (mode {mode}): {rest}",)
