"""The policies that people need who use hpctl, as data (`iam_policies.toml`), and as documents that IAM takes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any, Final

__all__ = ["MOST_CHARACTERS", "VERSION", "Grant", "document", "grants", "uncalled"]

VERSION: Final = "2012-10-17"
"""The version of IAM's policy language."""

MOST_CHARACTERS: Final = 6144
"""What a managed policy may have, white space apart (IAM quotas)."""

_BLANK: Final = re.compile(r"(?<!\$)\{(\w+)\}")
"""A place to fill; `${...}` is IAM's own."""

Values = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Grant:
    """One statement: whose policies have it, what it allows on what, and the feature of a spec that it is for."""

    sid: str
    policies: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    when: str | None = None
    condition: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def statement(self, values: Values) -> dict[str, Any] | None:
        """Return it as IAM reads it, None where there is nothing to allow it on; KeyError for an unknown value."""
        resources = [one for each in self.resources for one in _filled(each, values)]
        if not resources:
            return None
        told: dict[str, Any] = {"Sid": self.sid, "Effect": "Allow", "Action": list(self.actions), "Resource": resources}
        if self.condition:
            told["Condition"] = {
                operator: {
                    key: [one for each in wanted for one in _filled(each, values)] for key, wanted in tests.items()
                }
                for operator, tests in self.condition.items()
            }
        return told


def document(policy: str, values: Values, features: Collection[str]) -> dict[str, Any]:
    """Return the policy of that name; what is for features that are not asked for is left out."""
    chosen = (one for one in grants() if policy in one.policies and (one.when is None or one.when in features))
    statements = [told for one in chosen if (told := one.statement(values))]
    return {"Version": VERSION, "Statement": statements}


@cache
def grants() -> tuple[Grant, ...]:
    """Return every statement as it stands in the data."""
    return tuple(
        Grant(
            row["sid"],
            tuple(row["policies"]),
            tuple(row["actions"]),
            tuple(row["resources"]),
            row.get("when"),
            row.get("condition", {}),
        )
        for row in _data()["statement"]
    )


def uncalled() -> Mapping[str, str]:
    """Return the actions that hpctl does not call by their names, with why policies have them."""
    reasons: Mapping[str, str] = _data()["uncalled"]
    return reasons


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("hpctl.catalog") / "iam_policies.toml").read_text(encoding="utf-8"))


def _filled(text: str, values: Values) -> Iterator[str]:
    names = tuple(dict.fromkeys(_BLANK.findall(text)))
    for chosen in product(*(values[name] for name in names)):
        filled = text
        for name, value in zip(names, chosen, strict=True):
            filled = filled.replace(f"{{{name}}}", value)
        yield filled
