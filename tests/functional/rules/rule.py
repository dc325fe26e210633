"""A row of the table: a healthy cluster, one thing wrong with it, and what everybody says to that."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib.resources import files
from typing import Any, Literal

from ruamel.yaml import YAML

from tests.functional.cli.account import Account

Spec = dict[str, Any]
Planted = Mapping[str, str]
"""What was made in the account, by the names that specs and remedies have for it."""


class Gone(Enum):
    """The value of a member that is taken out."""

    GONE = "gone"


GONE = Gone.GONE


@dataclass(frozen=True)
class Edit:
    """One member of the spec and its new value; an index behind the end of a list makes it longer."""

    path: tuple[str | int, ...]
    value: object

    def apply(self, spec: Spec) -> None:
        """Change the spec."""
        *parents, last = self.path
        place: Any = spec
        for step in parents:
            place = place[step]
        if self.value is GONE:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(self.value)
        else:
            place[last] = self.value


class Ending(Enum):
    """What becomes of the cluster when nobody checks; the value is the code of the refusal, if there is one."""

    INVALID = "ValidationException"
    LIMITED = "ResourceLimitExceeded"
    FAILS = ""


def nothing(_account: Account) -> Planted:
    """Leave the account as it is."""
    return {}


@dataclass(frozen=True)
class Rule:
    """One rule. `${NAME}` in any text stands for what the sandbox exports or `plant` made.

    `fault` breaks the shipped example, `plant` makes what it takes in the account (always anew, so that nothing is to
    be undone), `check` is the one that fails (None: no check can know), `beside` what `create` takes beside `--skip`
    where others cannot look, or say the same. `words` are AWS's, `verified` whether they were seen in an answer or a
    document of AWS. `remedy` is a part of what hpctl shows; it is carried out by `mend`, or else by its commands.
    `explained` is the failure that `hpctl explain` names first for what `create` printed, and for the cluster where
    there is one, unless its logs tell more: then that is `by_logs`. `also` is what else is so while the fault is
    there, by check: whoever plants a thing in the account cannot help making it a little odd.
    """

    name: str
    example: Literal["eks", "slurm"]
    fault: tuple[Edit, ...]
    check: str | None
    ending: Ending
    words: str
    remedy: str
    mend: tuple[Edit, ...] = ()
    plant: Callable[[Account], Planted] = field(default=nothing)
    verified: bool = True
    beside: tuple[str, ...] = ()
    explained: str | None = None
    by_logs: str | None = None
    also: Mapping[str, str] = field(default_factory=dict)

    def broken(self, name: str) -> Spec:
        """Return the example with the fault in it."""
        spec = example(self.example)
        for edit in (*self.fault, Edit(("name",), name)):
            edit.apply(spec)
        return spec

    def mended(self, name: str) -> Spec:
        """Return the broken spec after the remedy, which may have changed the account alone."""
        spec = self.broken(name)
        for edit in self.mend:
            edit.apply(spec)
        return spec


def example(name: str) -> Spec:
    """Return one of the shipped examples."""
    text = (files("hpctl.examples") / f"{name}.yaml").read_text(encoding="utf-8")
    # Through JSON, so that what an alias shares is not changed in two places at once.
    spec: Spec = json.loads(json.dumps(YAML(typ="safe").load(text)))
    return spec
