"""What a sync does, decided file by file from three sides: here, there, and what both were last.

A side that still is what both were has not changed, and takes what the other became. Where both have changed, to
different contents, nobody but the person can say which counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hpctl.facts.dev_sync import Entry


class Direction(StrEnum):
    """Which way files go."""

    BOTH = "both"
    TO = "to"
    FROM = "from"


class Prefer(StrEnum):
    """Which side counts where both have changed."""

    NEITHER = "neither"
    HERE = "here"
    POD = "pod"


class Deletions(StrEnum):
    """What becomes of files that one side has deleted and the other not changed."""

    TOLD = "told"
    CARRIED_OUT = "carried out"


@dataclass(frozen=True, slots=True)
class SyncWish:
    """What a person wants of a sync."""

    direction: Direction = Direction.BOTH
    prefer: Prefer = Prefer.NEITHER
    deletions: Deletions = Deletions.TOLD


@dataclass(slots=True)
class SyncPlan:
    """Paths by what happens to them; `gone_here` and `gone_there` are still on the other side."""

    send: list[str] = field(default_factory=list)
    fetch: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    gone_here: list[str] = field(default_factory=list)
    gone_there: list[str] = field(default_factory=list)


def plan_sync(
    here: Mapping[str, Entry], there: Mapping[str, Entry], base: Mapping[str, Entry], wish: SyncWish
) -> SyncPlan:
    """Decide what happens to every path; what goes a way that is not wanted is left out."""
    plan = SyncPlan()
    for path in sorted({*here, *there}):
        mine, theirs, both = here.get(path), there.get(path), base.get(path)
        if mine != theirs:
            _place(path, mine, theirs, both, wish.prefer, plan)
    if wish.direction is Direction.TO:
        plan.fetch, plan.gone_there = [], []
    if wish.direction is Direction.FROM:
        plan.send, plan.gone_here = [], []
    return plan


def _place(
    path: str, mine: Entry | None, theirs: Entry | None, both: Entry | None, prefer: Prefer, plan: SyncPlan
) -> None:
    if theirs is None and mine == both:
        plan.gone_there.append(path)
    elif mine is None and theirs == both:
        plan.gone_here.append(path)
    elif theirs in (None, both):
        plan.send.append(path)
    elif mine in (None, both):
        plan.fetch.append(path)
    else:
        _decide(path, prefer, plan)


def _decide(path: str, prefer: Prefer, plan: SyncPlan) -> None:
    match prefer:
        case Prefer.HERE:
            plan.send.append(path)
        case Prefer.POD:
            plan.fetch.append(path)
        case Prefer.NEITHER:
            plan.conflicts.append(path)


def blocked(plan: SyncPlan, here: Mapping[str, Entry], there: Mapping[str, Entry]) -> tuple[str, ...]:
    """Return the paths that a file of the other side stands in the way of: a folder here is a file there."""
    return (*_under(plan.send, there), *_under(plan.fetch, here))


def _under(paths: list[str], files: Mapping[str, Entry]) -> list[str]:
    folders = {parent for file in files for parent in _above(file)}
    return [path for path in paths if path in folders or any(parent in files for parent in _above(path))]


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def base_after(
    plan: SyncPlan,
    here: Mapping[str, Entry],
    there: Mapping[str, Entry],
    base: Mapping[str, Entry],
) -> dict[str, Entry]:
    """Return what is the same on both sides once files were sent and fetched; of others what it was before."""
    after = {path: one for path, one in base.items() if path in here or path in there}
    after |= {path: one for path, one in here.items() if there.get(path) == one}
    after |= {path: here[path] for path in plan.send}
    after |= {path: there[path] for path in plan.fetch}
    return after
