"""Commands in a development pod begin in its working directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hpctl.facts.dev import FOLDER

_SHELL: Final = f"cd {FOLDER} || exit; exec bash -l"
_COMMAND: Final = (
    f"cd {FOLDER} || exit\n"
    'type -P -- "$1" >/dev/null || { printf \'bash: %s: command not found\\n\' "$1" >&2; exit 127; }\n'
    'exec "$@"'
)


def in_folder(command: Sequence[str]) -> tuple[str, ...]:
    """Return the words that run a command, or a shell where there is none, in the working directory."""
    return ("bash", "-c", _COMMAND, "hpctl-dev", *command) if command else ("bash", "-c", _SHELL)
