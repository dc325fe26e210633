"""Paths of this machine and names of buckets, in specs of jobs."""

from __future__ import annotations

import re

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)


def expanded(path: str, home: str) -> str:
    """Put the home directory in the place of a leading `~`; of other users' homes nothing is known."""
    if path == "~" or path.startswith("~/"):
        return f"{home.rstrip('/')}{path[1:]}" if home else path
    return path


def is_bucket(name: str) -> bool:
    """Tell whether S3 could have a bucket of that name (Amazon S3 User Guide, general purpose buckets)."""
    return _BUCKET.fullmatch(name) is not None and ".." not in name
