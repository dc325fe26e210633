"""Increases of quotas that were asked for: the port `facts.quota_requests.QuotaRequests`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.quota_requests import QuotaRequest

_UNDECIDED: Final = ("PENDING", "CASE_OPENED")
"""Statuses of what is still open (botocore 1.44.5 service-quotas service model, RequestStatus)."""


class AwsQuotaRequests:
    """Reads the history of Service Quotas, which goes back 90 days."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def pending(self) -> tuple[QuotaRequest, ...]:
        """Return what is still open: one listing, since the request takes one status only."""
        rows = self._session.pages(
            "service-quotas", "ListRequestedServiceQuotaChangeHistory", "RequestedQuotas", ServiceCode="sagemaker"
        )
        return tuple(quota_request_of(row) for row in rows if row.get("Status") in _UNDECIDED)


@reads("servicequotas:ListRequestedServiceQuotaChangeHistory")
def quota_request_of(row: Mapping[str, Any]) -> QuotaRequest:
    """Read one increase."""
    return QuotaRequest(
        quota=row["QuotaName"],
        code=row["QuotaCode"],
        desired=float(row["DesiredValue"]),
        status=row["Status"],
        created_at=row["Created"].astimezone(UTC),
        case_id=row.get("CaseId"),
    )
