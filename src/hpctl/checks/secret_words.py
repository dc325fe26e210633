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
