"""Saved plans, bundles and configurations: files that only their owner reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hpctl.errors import UsageError

_PRIVATE = 0o600


@dataclass(frozen=True)
class Saved:
    """What is saved: its name, how another one is made, and how many bytes are too many to be one."""

    noun: str
    again: str
    largest: int


PLAN: Final = Saved("plan", "plan again", 16 * 1024 * 1024)
"""The plan of the largest cluster that AWS allows has less than a quarter."""

BUNDLE: Final = Saved("bundle", "write another one: hpctl doctor --bundle FILE", 128 * 1024 * 1024)
"""Scripts, of at most a mebibyte each, are most of one."""

SSH_CONFIG: Final = Saved("configuration of ssh", "write another one: hpctl node ssh-config --write FILE", 16 * 1024**2)
"""An entry has less than a kibibyte."""


SPEC: Final = Saved("file", "answer anew", 1024**2)
"""What a wizard writes has a few kibibytes."""


def write(path: Path, text: str, saved: Saved = PLAN) -> None:
    """Write the file whole or not at all; `UsageError` says why it cannot be written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _fill(beside, text)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        message = f"cannot write the {saved.noun} to `{path}`: {error.strerror}"
        raise UsageError(message, hint="name another file") from error


def _fill(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path, saved: Saved = PLAN) -> str:
    """Return the text of the file; `UsageError` says why it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(saved.largest + 1)
        if len(data) > saved.largest:
            raise UsageError(f"`{path}` is too large to be a {saved.noun}", hint=saved.again)
        return data.decode("utf-8")
    except OSError as error:
        raise UsageError(f"cannot read the {saved.noun} `{path}`: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"`{path}` is not a {saved.noun}: it is no text", hint=saved.again) from error
