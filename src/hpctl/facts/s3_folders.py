"""Addresses of folders in S3, in the forms that SageMaker takes."""

from __future__ import annotations

import re
from typing import Final

_FORMS: Final = tuple(
    map(
        re.compile,
        (
            r"s3://(?P<bucket>[^/]+)/?(?P<prefix>.*)",
            r"https://s3[.-][^/]*amazonaws\.com[^/]*/(?P<bucket>[^/]+)/?(?P<prefix>.*)",
            r"https://(?P<bucket>[^/]+)\.s3[.-][^/]*amazonaws\.com[^/]*/?(?P<prefix>.*)",
        ),
    )
)


def bucket_and_prefix(uri: str) -> tuple[str, str] | None:
    """Return bucket and prefix, which is empty or ends in a slash; None for what is no such address."""
    for form in _FORMS:
        if found := form.fullmatch(uri):
            # Keys may begin with a slash; only how many stand at the end of an address says nothing.
            prefix = found["prefix"].rstrip("/")
            return found["bucket"], f"{prefix}/" if prefix else ""
    return None
