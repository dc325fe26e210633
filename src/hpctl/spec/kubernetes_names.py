"""What Kubernetes takes as a name, a label and an environment variable.

Sources: the Kubernetes documentation, "Object Names and IDs" (RFC 1123 labels) and "Labels and Selectors".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Final

MAX_PART: Final = 63
"""Characters of a label's name and value, of a host's name and of a service's."""
MAX_NAME: Final = 253
MAX_JOB_NAME: Final = 50
"""Leaves room for what operators append to make the names of pods, which are their host names."""


_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
JOB_NAME: Final = f"small letters, digits and `-`, a letter first, at most {MAX_JOB_NAME} characters"
"""What a job may be called, in words."""

_ALLOWED = f"letters, digits, `-`, `_` and `.` between them, at most {MAX_PART} characters"
_FOREIGN = re.compile(r"[^a-z0-9]+", re.ASCII)


def is_label_name(text: str, most: int = MAX_PART) -> bool:
    """Tell whether `text` is an RFC 1123 label of at most `most` characters."""
    return len(text) <= most and _LABEL.fullmatch(text) is not None


def is_job_name(text: str) -> bool:
    """Tell whether a job may be called so: services are named after it, and their names begin with a letter."""
    return is_label_name(text, MAX_JOB_NAME) and text[0].isalpha()


def is_subdomain(text: str) -> bool:
    """Tell whether `text` is an RFC 1123 subdomain: labels with dots between them, as most objects are named."""
    return len(text) <= MAX_NAME and all(_LABEL.fullmatch(part) for part in text.split("."))


def is_variable(text: str) -> bool:
    """Tell whether a shell can have a variable of that name."""
    return _VARIABLE.fullmatch(text) is not None


def label_problems(labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the key of each label that Kubernetes refuses, and why."""
    for key, value in labels.items():
        if not is_qualified(key):
            yield key, f"`{key}` cannot be the key of a label: {_ALLOWED}"
        elif value and not (len(value) <= MAX_PART and _QUALIFIED.fullmatch(value)):
            yield key, f"`{value}` cannot be the value of a label: {_ALLOWED}"


def is_qualified(key: str) -> bool:
    """Tell whether `key` may name a label or an annotation: `name`, or `example.com/name`."""
    prefix, slash, name = key.rpartition("/")
    return (not slash or is_subdomain(prefix)) and len(name) <= MAX_PART and _QUALIFIED.fullmatch(name) is not None


def job_name(text: str) -> str:
    """Make a job's name of any text: a DNS label of at most 50 characters with a letter first, the same each time.

    A text that is too long, or of which nothing can be used, is told from others by a hash at the end.
    """
    label = _FOREIGN.sub("-", text.lower()).strip("-")
    named = label if label[:1].isalpha() else "-".join(filter(None, ("job", label)))
    if label and is_job_name(named):
        return named
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{named[: MAX_JOB_NAME - 7].strip('-')}-{digest}"
