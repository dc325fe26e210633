"""The command line as it was typed, for whoever is to type it again."""

from __future__ import annotations

import shlex
import sys


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
