"""Saved plans: files that only their owner reads."""

from __future__ import annotations

import os
from pathlib import Path

from hpctl.errors import UsageError

_PRIVATE = 0o600
_LARGEST = 16 * 1024 * 1024
"""Bytes; the plan of the largest cluster that AWS allows has less than a quarter."""


def write(path: Path, text: str) -> None:
    """Write the file whole or not at all; `UsageError` says why it cannot be written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _fill(beside, text)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"cannot write the plan to `{path}`: {error.strerror}", hint="name another file") from error


def _fill(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> str:
    """Return the text of the file; `UsageError` says why it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise UsageError(f"`{path}` is too large to be a plan", hint="plan again")
        return data.decode("utf-8")
    except OSError as error:
        raise UsageError(f"cannot read the plan `{path}`: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"`{path}` is not a plan: it is no text", hint="plan again") from error
