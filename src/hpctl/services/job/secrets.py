"""Values of secrets: from the environment or a file of this machine, never from the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from hpctl.errors import UsageError
from hpctl.facts.local_files import LocalFiles

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def secret_names(words: Iterable[str]) -> tuple[str, ...]:
    """Return the names in `--secret NAME` and `--secret NAME=@FILE`; `UsageError` for anything else.

    A value on the command line is in the shell's history and in everybody's list of processes.
    """
    return tuple(_parted(words))


def secret_values(
    names: Iterable[str], words: Iterable[str], env: Mapping[str, str], told: Mapping[str, str], files: LocalFiles
) -> dict[str, str]:
    """Return the values of secrets by name.

    A value comes from the file that a word names, else from the environment, else from what the job's own file told:
    what is empty there is meant to be.

    Raises:
        UsageError: secrets have no value, all of them are named; or a file cannot be read.
    """
    from_files = _parted(words)
    values: dict[str, str] = {}
    missing: list[str] = []
    for name in dict.fromkeys((*names, *from_files)):
        file = from_files.get(name)
        value = files.read(file) if file else env.get(name) or told.get(name)
        if value or (not file and name in told):  # an empty value in the job's own file is one
            values[name] = value or ""
        else:
            missing.append(name)
    if missing:
        told_names = ", ".join(f"`{name}`" for name in missing)
        raise UsageError(
            f"secrets have no value: {told_names}",
            hint=f"set the variable {missing[0]} in this shell\nor take it from a file: --secret {missing[0]}=@FILE",
        )
    return values


def _parted(words: Iterable[str]) -> dict[str, str]:
    """Return the file by the secret's name, empty where the environment has the value."""
    found = {}
    for word in words:
        name, equals, rest = word.partition("=")
        if not _NAME.fullmatch(name):
            raise UsageError("a secret's name is letters, digits and `_`", hint="--secret NAME or --secret NAME=@FILE")
        if equals and (not rest.startswith("@") or rest == "@"):
            raise UsageError(  # what was typed is not repeated: it may be the secret
                f"the value of secret `{name}` does not belong on the command line",
                hint=f"--secret {name} takes it from the environment\n--secret {name}=@FILE from a file",
            )
        found[name] = rest[1:]
    return found
