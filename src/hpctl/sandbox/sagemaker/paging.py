"""Pages of a list: opaque tokens, as the service gives them."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import wordings

if TYPE_CHECKING:
    from collections.abc import Mapping

# The service does not tell its default; a small one shows clients that read only the first page.
_DEFAULT_PAGE = 10


def page(rows: list[Any], member: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer that holds one page of the rows; raises SageMakerError on a token that is not ours."""
    start = _offset(parameters.get("NextToken"))
    end = start + parameters.get("MaxResults", _DEFAULT_PAGE)
    answer: dict[str, Any] = {member: rows[start:end]}
    if end < len(rows):
        answer["NextToken"] = base64.urlsafe_b64encode(f"from {end}".encode()).decode()
    return answer


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from "))
    except (binascii.Error, ValueError):
        raise wordings.BAD_TOKEN.error() from None
