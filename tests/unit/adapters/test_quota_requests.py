from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hpctl.adapters.aws.quota_requests import AwsQuotaRequests
from hpctl.facts.quota_requests import QuotaRequest
from tests.unit.adapters.wire import Wire, connect, ok

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def row(status: str, code: str = "L-8762A75F", **members: Any) -> dict[str, Any]:
    usual = {"QuotaName": "a quota", "QuotaCode": code, "DesiredValue": 16.0, "Created": NOON.timestamp()}
    return {**usual, "Status": status, **members}


HISTORY = ok(
    {
        "RequestedQuotas": [
            row("PENDING"),
            row("CASE_OPENED", "L-2", CaseId="17"),
            *(row(status) for status in ("APPROVED", "DENIED", "CASE_CLOSED", "NOT_APPROVED", "INVALID_REQUEST")),
        ]
    }
)


def test_only_what_nobody_has_decided_on_is_told() -> None:
    wire = Wire(HISTORY)
    assert AwsQuotaRequests(connect(wire)).pending() == (
        QuotaRequest("a quota", "L-8762A75F", 16.0, "PENDING", NOON),
        QuotaRequest("a quota", "L-2", 16.0, "CASE_OPENED", NOON, case_id="17"),
    )
    assert wire.sent[0].parameters == {"ServiceCode": "sagemaker", "MaxResults": 100}
