"""What Service Quotas tells of increases that were asked for: the rows, and the port that returns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class QuotaRequest:
    """One increase that nobody has decided on yet (Service Quotas ListRequestedServiceQuotaChangeHistory).

    `case_id` is AWS Support's, where it has a case; `status` is `PENDING` or `CASE_OPENED`.
    """

    quota: str
    code: str
    desired: float
    status: str
    created_at: datetime
    case_id: str | None = None


class QuotaRequests(Protocol):
    """Increases of quotas. Every method may raise what those of `facts.ports` may."""

    def pending(self) -> tuple[QuotaRequest, ...]:
        """Return the increases of SageMaker's quotas that are waiting for a decision, newest first."""
        ...
