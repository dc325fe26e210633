"""What somebody meant to be filled in before a manifest is submitted: variables, templates, `<angle brackets>`.

Kubernetes fills nothing but `$(NAME)`, and that in commands and variables alone (Kubernetes documentation, "Define
dependent environment variables").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from hpctl.spec.manifest import ManifestObject
from hpctl.spec.manifest_pods import PodTemplate, mapping, rows
from hpctl.spec.manifest_shape import ENVSUBST, PLACEHOLDER
from hpctl.spec.positions import SpecPath
from hpctl.spec.reading import cut

TEMPLATED: Final = re.compile(r"\{\{-?\s*[^{}]*\}\}|\{%-?[^{}]*%\}")
"""What Helm, Jinja and Go's templates fill in."""
_IN_BRACKETS: Final = re.compile(r"<[^<>]+>")
_NAMES: Final = frozenset({"image", "name", "namespace", "claimName", "serviceAccountName", "secretName"})
_LABELS: Final = frozenset({"labels", "matchLabels", "nodeSelector"})
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_RENDER: Final = "a manifest is submitted as it is, so render the template first"
_BY_HAND: Final = "put in what it stands for"

Found = tuple[SpecPath, str]


def unfilled(one: ManifestObject) -> Iterator[Found]:
    """Yield where names, images and labels, which cannot hold such marks, still have them, and what is to be done."""
    for path, text in _texts(one.body):
        if not (_is_name(path) and (one.is_job or path[0] == "metadata" or path[-1] == "image")):
            continue
        if variable := PLACEHOLDER.search(text):
            yield path, f"`{cut(variable[0])}` is not filled in; {ENVSUBST}"
        elif template := TEMPLATED.search(text):
            yield path, f"`{cut(template[0])}` is not filled in; {_RENDER}"
        elif path[-1] == "image" and (brackets := _IN_BRACKETS.search(text)):
            yield path, f"`{cut(brackets[0])}` is not filled in; {_BY_HAND}"


def literal(template: PodTemplate) -> Iterator[Found]:
    """Yield where `$NAME` reaches the container as it is written: in values, and in commands that no shell reads."""
    for path, container in template.containers():
        for index, row in enumerate(rows(container.get("env"))):
            value = mapping(row).get("value")
            if isinstance(value, str) and "\n" not in value and (variable := _plain_variable(value)):
                why = "Kubernetes fills `$(NAME)` alone, with variables that stand above it"
                yield (*path, "env", index, "value"), f"`{cut(variable)}` arrives as it is written: {why}"
        yield from _commands(path, container)


def _commands(path: SpecPath, container: Mapping[str, Any]) -> Iterator[Found]:
    command = [str(word) for word in rows(container.get("command"))]
    if not command or any(PurePosixPath(word).name in _SHELLS for word in command[:3]):
        return
    for key in ("command", "args"):
        for index, word in enumerate(rows(container.get(key))):
            if isinstance(word, str) and "\n" not in word and (variable := _plain_variable(word)):
                why = f"`{cut(command[0])}` is no shell; Kubernetes fills `$(NAME)` alone"
                yield (*path, key, index), f"`{cut(variable)}` arrives as it is written: {why}"


def _plain_variable(text: str) -> str | None:
    """Return the first `$NAME`; `$$` is a dollar sign to Kubernetes."""
    found = PLACEHOLDER.search(text.replace("$$", ""))
    return found[0] if found else None


def _is_name(path: SpecPath) -> bool:
    return path[-1] in _NAMES or (len(path) > 1 and path[-2] in _LABELS) or "nodeSelectorTerms" in path


def _texts(value: object, path: SpecPath = ()) -> Iterator[Found]:
    match value:
        case str():
            yield path, value
        case Mapping():
            for key, below in value.items():
                yield from _texts(below, (*path, key))
        case list():
            for index, below in enumerate(value):
                yield from _texts(below, (*path, index))
