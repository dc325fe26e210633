"""The request shapes of CreateCluster and UpdateCluster, without botocore.

The data is extracted from the service model that botocore 1.44.5 ships; a contract test compares it
with the installed botocore, so that it cannot drift.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hpctl.catalog.nearest import nearest
from hpctl.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Shape:
    """One shape of the service model.

    `type` is botocore's word (structure, list, map, string, integer, boolean, timestamp …). `min`
    and `max` bound a number's value, a string's length in characters, a list's or map's entries.
    `members` maps a structure's members to shape names; `member` is the shape of a list's entries,
    `key` and `value` those of a map. A `union` has exactly one of its members.
    """

    name: str
    type: str
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    min: int | None = None
    max: int | None = None
    members: Mapping[str, str] = field(default_factory=dict, hash=False)
    required: tuple[str, ...] = ()
    member: str | None = None
    key: str | None = None
    value: str | None = None
    union: bool = False


@cache
def shape(name: str) -> Shape:
    """Look up the shape called `name`, such as `CreateClusterRequest` or `ClusterInstanceType`.

    Raises NotFoundError for a name that no cluster request reaches.
    """
    rows = _rows()
    if name not in rows:
        close = nearest(name, rows)
        hint = f"nearest: {', '.join(f'`{one}`' for one in close)}" if close else None
        message = f"`{name}` is not a shape of a cluster request"
        raise NotFoundError(message, hint=hint)
    row = dict(rows[name])
    row |= {key: tuple(row[key]) for key in ("enum", "required") if key in row}
    row["members"] = MappingProxyType(row.get("members", {}))
    return Shape(name=name, **row)


@cache
def _rows() -> dict[str, dict[str, Any]]:
    text = (files("hpctl.catalog") / "service_model.json").read_text(encoding="utf-8")
    shapes: dict[str, dict[str, Any]] = json.loads(text)["shapes"]
    return shapes
