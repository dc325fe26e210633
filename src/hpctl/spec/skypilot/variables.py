"""`envs` and `secrets` of a task, and `$NAME` in its paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hpctl.spec.job_wish import JobOverrides
from hpctl.spec.kubernetes_names import is_variable
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode
from hpctl.spec.positions import Place
from hpctl.spec.reading import Reading, cut, shown
from hpctl.spec.yaml_values import as_python_text, is_null

_NAME = re.compile(r"\$\{?\b([a-zA-Z_]\w*)\b\}?", re.ASCII)
_REFERENCE: Final = re.compile(r"\$(?:\{\w+\}|\(\w+\)|[A-Za-z_]\w*)", re.ASCII)
_LONGEST: Final = 4096
"""Characters of a path (PATH_MAX of Linux)."""
_LISTED: Final = "secrets:"
_PLATFORM: Final = frozenset(
    f"SKYPILOT_{name}" for name in ("NODE_RANK", "NUM_GPUS_PER_NODE", "INTERNAL_JOB_ID", "CLUSTER_INFO", "USER")
)
"""Names of which the platform's value wins over the file's (SkyPilot 0.14.1)."""


@dataclass(frozen=True, slots=True)
class Variables:
    """Variables of a task: `env` by name, the names of secrets, and those of their values that the file holds.

    `empty` are those that the file names without a value, and nobody has given one.
    """

    env: Mapping[str, str]
    secrets: tuple[str, ...]
    secret_values: Mapping[str, str]
    empty: frozenset[str] = frozenset()

    def filled(self, reading: Reading, text: str, place: Place) -> str:
        """Fill `$NAME` and `${NAME}`, as SkyPilot does; names that `envs` does not have stay as written.

        A secret in a path is refused: paths are shown. So is what is longer than a path can be, before it is filled.
        """
        if "$" not in text:
            return text
        names = _NAME.findall(text) if len(text) <= _LONGEST else []
        if len(text) + sum(len(self.env.get(name, "")) for name in names) > _LONGEST:
            reading.refuse(place, f"filled in it is longer than the {_LONGEST} characters of a path")
            return text
        for name in names:
            if name in self.secrets:
                reading.refuse(place, f"the secret `{name}` cannot stand in a path, for paths are shown; use `envs`")
        return _NAME.sub(lambda found: self.env.get(found[1], found[0]), text)

    def left_in(self, text: str) -> frozenset[str]:
        """Return the variables of a text that are not filled."""
        return frozenset(_NAME.findall(text))


def variables(reading: Reading, envs: Node | None, secrets: Node | None, given: JobOverrides) -> Variables:
    """Read both; what flags say of a variable wins."""
    own = _envs(reading, envs, given) if envs else {}
    values = _secrets(reading, secrets) if secrets else {}
    env = {**own, **given.env}
    for name in values:
        if name in own and secrets:
            reading.refuse(secrets.place, f"`{name}` stands in `envs` and in `secrets`; keep one of them")
    known = {name: value for name, value in values.items() if value is not None}
    empty = frozenset(entry.key for entry in _entries(envs) if is_null(entry.value) and entry.key not in env)
    return Variables({name: env[name] for name in env if name not in values}, tuple(values), known, empty)


def _entries(node: Node | None) -> tuple[Entry, ...]:
    return node.entries if isinstance(node, MappingNode) else ()


def _envs(reading: Reading, node: Node, given: JobOverrides) -> dict[str, str]:
    env: dict[str, str] = {}
    for entry in reading.entries(node):
        reading.found["env", entry.key] = entry.value.place
        if not _named(reading, entry):
            continue
        if is_null(entry.value):
            if entry.key not in (*given.env, *given.secrets):
                message = (
                    f"the variable `{entry.key}` has no value; give `--env {entry.key}=…`, or `--secret {entry.key}`"
                )
                reading.refuse(entry.place, message)
        elif (value := _value(reading, entry)) is not None:
            env[entry.key] = value
            _remark(reading, entry, value, given)
    return env


def _remark(reading: Reading, entry: Entry, value: str, given: JobOverrides) -> None:
    if entry.key in _PLATFORM:
        reading.note(entry.place, f"`{entry.key}` is replaced by what hpctl knows")
    elif entry.key in given.env or not isinstance(entry.value, ScalarNode):
        return
    elif value != entry.value.text:
        written = cut(entry.value.text)
        reading.note(entry.value.place, f"YAML reads `{written}` as `{cut(value)}`; quote it to keep it as it stands")
    elif found := _REFERENCE.search(value):
        message = f"`{cut(found[0])}` stays as it is written: nothing fills variables in `envs`"
        reading.note(entry.value.place, f"{message}; give `--env {entry.key}=…`")


def _secrets(reading: Reading, node: Node) -> dict[str, str | None]:
    if isinstance(node, MappingNode):
        return _secret_map(reading, node)
    names: dict[str, str | None] = {}
    for item in reading.items(node, "a mapping, or a list of `secrets:NAME`"):
        name = (reading.text(item) or "").removeprefix(_LISTED)
        if is_variable(name):
            names[name] = None
        else:
            reading.refuse(item.place, f"{shown(item)} is not the name of a secret")
    return names


def _secret_map(reading: Reading, node: MappingNode) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for entry in node.entries:
        if not _named(reading, entry):
            continue
        values[entry.key] = None if is_null(entry.value) else _value(reading, entry)
        if values[entry.key]:
            advice = f"leave it empty and give `--secret {entry.key}`"
            reading.note(entry.place, f"the value of the secret `{entry.key}` stands in the file; {advice}")
    return values


def _named(reading: Reading, entry: Entry) -> bool:
    if not is_variable(entry.key):
        reading.refuse(entry.place, f"`{cut(entry.key)}` cannot name a variable: letters, digits and `_`")
    return is_variable(entry.key)


def _value(reading: Reading, entry: Entry) -> str | None:
    if not isinstance(entry.value, ScalarNode):
        reading.refuse(entry.value.place, f"{shown(entry.value)} is not a text, a number or a boolean")
        return None
    if "\0" in entry.value.text:
        reading.refuse(entry.value.place, f"the variable `{entry.key}` holds a NUL character, which no process takes")
        return None
    return as_python_text(entry.value)
