"""Pages of a list: opaque tokens, as the service gives them.

A token also holds the moment of the first page: a list that grows while it is read has no row twice.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import wordings

if TYPE_CHECKING:
    from collections.abc import Mapping

# The service does not tell its default; a small one shows clients that read only the first page.
_DEFAULT_PAGE = 10


@dataclass(frozen=True)
class Page:
    """Which rows are asked for: from where, how many, of the list as it was when."""

    start: int
    size: int
    as_of: datetime

    @classmethod
    def asked(cls, parameters: Mapping[str, Any], now: datetime) -> Page:
        """Read MaxResults and NextToken; raises SageMakerError on a token that is not ours."""
        size = parameters.get("MaxResults", _DEFAULT_PAGE)
        token = parameters.get("NextToken")
        start, as_of = (0, now) if token is None else _read(token)
        return cls(start, size, as_of)

    def answer(self, rows: list[Any], member: str) -> dict[str, Any]:
        """Return the answer that holds this page of the rows."""
        end = self.start + self.size
        answer: dict[str, Any] = {member: rows[self.start : end]}
        if end < len(rows):
            token = f"{end} {self.as_of.isoformat()}"
            answer["NextToken"] = base64.urlsafe_b64encode(token.encode()).decode()
        return answer


def _read(token: str) -> tuple[int, datetime]:
    try:
        start, as_of = base64.urlsafe_b64decode(token).decode().split()
        return int(start), datetime.fromisoformat(as_of)
    except (binascii.Error, ValueError):
        raise wordings.BAD_TOKEN.error() from None
