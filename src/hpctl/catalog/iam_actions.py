"""What IAM principals must be allowed to do for a cluster, and as which policies that is written.

The sets are data (`iam_actions.toml`), each with its source.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["ActionSet", "Statement", "action_set", "action_sets"]

_ANY = "*"
_SOME = "hpctl"
"""Stands in a question for an id that nobody knows yet."""


@dataclass(frozen=True)
class Statement:
    """Actions on one resource: `resource` as a policy says it, `asked` as a simulation is asked about it."""

    actions: tuple[str, ...]
    resource: str
    asked: str


@dataclass(frozen=True)
class ActionSet:
    """Actions that one principal needs for one purpose; `policy` is the name of an inline policy that allows them."""

    id: str
    principal: str
    policy: str
    source: str
    statements: tuple[Statement, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action of the set."""
        return tuple(action for statement in self.statements for action in statement.actions)

    def document(self) -> str:
        """Return the set as a policy document, in one line without spaces."""
        rows = [{"Effect": "Allow", "Action": each.actions, "Resource": each.resource} for each in self.statements]
        return json.dumps({"Version": "2012-10-17", "Statement": rows}, separators=(",", ":"))


def action_set(set_id: str, values: Mapping[str, str]) -> ActionSet:
    """Return a set with `values` for what stands in braces; raises KeyError for a set or a value that is not there."""
    row = action_sets()[set_id]
    statements = tuple(
        Statement(each.actions, each.resource.format_map(values), _asked(each.asked.format_map(values)))
        for each in row.statements
    )
    return ActionSet(row.id, row.principal, row.policy.format_map(values), row.source, statements)


@cache
def action_sets() -> Mapping[str, ActionSet]:
    """Return every set as it stands in the data, by id."""
    text = (files("hpctl.catalog") / "iam_actions.toml").read_text(encoding="utf-8")
    return {row["id"]: _row(row) for row in tomllib.loads(text)["set"]}


def _row(row: dict[str, Any]) -> ActionSet:
    statements = tuple(
        Statement(tuple(each["actions"]), each["resource"], each.get("asked", each["resource"]))
        for each in row["statement"]
    )
    return ActionSet(row["id"], row["principal"], row["policy"], row["source"], statements)


def _asked(resource: str) -> str:
    return resource if resource == _ANY else resource.replace(_ANY, _SOME)
