"""What secrets look like, wherever somebody may have left one."""

from __future__ import annotations

import re
from typing import Final

SECRET_NAME: Final = re.compile(r"pass(word|wd|phrase)|secret|token|api.?key|private.?key|credential", re.IGNORECASE)
SECRET_VALUE: Final = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS access keys
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"  # GitHub
    r"|\bhf_[A-Za-z0-9]{30,}"  # Hugging Face
    r"|\bsk-[A-Za-z0-9_-]{20,}"  # several providers of models
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"  # Slack
)
REFERENCE: Final = re.compile(r"arn:aws|ssm:|secretsmanager:|/")
"""Names where a secret is kept, which is no secret."""

PRIVATE_KEY: Final = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")

_ASSIGNED: Final = re.compile(
    rf"(?P<name>[\w.-]*(?:{SECRET_NAME.pattern})[\w.-]*(?:\s*=\s*|\s*:\s+|[\"']\s*:\s*)[\"']?)(?P<value>[^\s\"'$`<>{{}}(),;&|]{{4,}})",
    re.IGNORECASE,
)
_IN_ADDRESS: Final = re.compile(r"(://[^/\s:@]+:)([^/\s@]+)(?=@)")
_KEY_BODY: Final = re.compile(rf"({PRIVATE_KEY.pattern})(.*?)(?=-----END|\Z)", re.DOTALL)
_PREFIX: Final = re.compile(r"AKIA|ASIA|gh[pousr]_|hf_|sk-|xox[abprs]-")
_HIDDEN: Final = str.maketrans(
    {
        **dict.fromkeys("0123456789", "0"),
        **dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a"),
        **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A"),
    }
)


def without_secrets(text: str) -> str:
    """Return text that is to be shown: what looks like a secret in it keeps its shape alone."""
    text = _IN_ADDRESS.sub(lambda found: f"{found[1]}{hidden(found[2])}", text)
    text = _KEY_BODY.sub(lambda found: f"{found[1]}{hidden(found[2])}", text)
    text = _ASSIGNED.sub(_assigned, text)
    return SECRET_VALUE.sub(lambda found: hidden(found[0]), text)


def hidden(value: str) -> str:
    """Return the shape of a secret: `hf_aA0` of `hf_xY7`."""
    prefix = match[0] if (match := _PREFIX.match(value)) else ""
    return prefix + value[len(prefix) :].translate(_HIDDEN)


def _assigned(found: re.Match[str]) -> str:
    value = found["value"]
    return found["name"] + (value if REFERENCE.search(value) else hidden(value))
