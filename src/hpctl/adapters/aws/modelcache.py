"""Files that the next process may find and must be able to trust: each begins with the digest of its content."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_OTHERS_MAY_WRITE: Final = 0o022


def read(file: Path) -> dict[str, Any] | None:
    """Return what `write` wrote, or None when there is nothing, or nothing that can be trusted."""
    try:
        status = file.stat()
        if status.st_uid != os.getuid() or status.st_mode & _OTHERS_MAY_WRITE:
            return None
        digest, _, text = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    if hashlib.sha256(text).hexdigest().encode() != digest:
        return None
    content: dict[str, Any] = json.loads(text)
    return content


def write(file: Path, content: Mapping[str, Any]) -> None:
    """Keep `content`, whole or not at all, in a file and a folder for this user alone.

    Quiet where the disk refuses: without the file the next process is slower, not wrong.
    """
    text = json.dumps(content, separators=(",", ":")).encode()
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(file, hashlib.sha256(text).hexdigest().encode() + b"\n" + text)


def _replace(file: Path, content: bytes) -> None:
    import tempfile

    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        draft.replace(file)
    except OSError:
        draft.unlink()
