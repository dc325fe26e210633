"""The `conditions` of a status: one of each type, whose transition is dated when its status changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hpctl.sandbox.kube.metadata import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hpctl.sandbox.kube.resources import Object


def condition_of(found: Object, kind: str) -> Object | None:
    """Return a condition of an object, or None."""
    conditions: list[Object] = found.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), None)


def is_true(found: Object, kind: str) -> bool:
    """Whether a condition of an object is True."""
    condition = condition_of(found, kind)
    return condition is not None and condition["status"] == "True"


def with_condition(conditions: Iterable[Object], wanted: Object, now: datetime) -> list[Object]:
    """Return conditions with a new one in its place; one that says the same keeps its moment."""
    rows, moment = list(conditions), timestamp(now)
    for place, old in enumerate(rows):
        if old["type"] == wanted["type"]:
            kept = old["lastTransitionTime"] if old["status"] == wanted["status"] else moment
            rows[place] = {**old, **wanted, "lastTransitionTime": kept}
            return rows
    return [*rows, {**wanted, "lastTransitionTime": moment}]


def moment_of(text: str) -> datetime:
    """Return the moment that a `metav1.Time` or `MicroTime` says."""
    return datetime.fromisoformat(text).astimezone(UTC)


def since(text: str, now: datetime) -> float:
    """Return how many seconds have passed since a moment."""
    return (now - moment_of(text)).total_seconds()
