"""The command line as it was typed, for whoever is to type it again."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hpctl.cli.invocation import Invocation


def as_typed() -> str:
    """Return this command as it was typed, without the patience that may have run out."""
    words = iter(sys.argv[1:])
    kept = []
    for word in words:
        if word == "--timeout":
            next(words, None)
        elif not word.startswith("--timeout="):
            kept.append(word)
    return shlex.join(["hpctl", *kept])


_ABOUT_A_SPEC: Final = {
    "file": "-f",
    "name": "--name",
    "values": "--set",
    "skip": "--skip",
    "allow_unknown": "--allow-unknown",
    "delete_group": "--delete-group",
}
"""Parameters that say which spec it is and how it is judged, with their flags."""


def about_the_same(command: str, params: Mapping[str, object], said: Invocation) -> str:
    """Return another command about the spec that a command line names, in the same account and Region."""
    known = {flag: params.get(name) for name, flag in _ABOUT_A_SPEC.items()}
    words = [
        word
        for flag, value in (known | {"--profile": said.profile, "--region": said.region}).items()
        for one in (value if isinstance(value, list | tuple) else (value,))
        if one
        for word in ((flag,) if one is True else (flag, str(one)))
    ]
    return " ".join((command, *map(shlex.quote, words)))
