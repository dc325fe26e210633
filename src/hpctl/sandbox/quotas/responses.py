"""Service Quotas operations."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model

from hpctl.sandbox.quotas.models import QuotaError, QuotasBackend, quotas_backends
from hpctl.sandbox.shapes import validation_message

# The largest page of these operations, and the one when none is asked for.
_PAGE = 100


class QuotasResponse(BaseResponse):
    """Reads requests by the service model and answers by it."""

    def __init__(self) -> None:
        """Name the service and let moto parse the members."""
        super().__init__(service_name="service-quotas")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> QuotasBackend:
        """The backend of the caller's account and Region."""
        return quotas_backends[self.current_account][self.region]

    def call_action(self) -> Any:
        """Check the members against the service model first: moto does not."""
        operation = self._get_action()
        shape = get_service_model("service-quotas").operation_model(operation).input_shape
        if message := validation_message(shape, self.params):
            return self.serialized(ActionResult(QuotaError("IllegalArgumentException", message)))
        return super().call_action()

    def list_service_quotas(self) -> ActionResult:
        """ListServiceQuotas."""
        rows = self.backend.applied(self._service)
        code = self.params.get("QuotaCode")
        return self._page("Quotas", [row for row in rows if code in {None, row["QuotaCode"]}])

    def list_aws_default_service_quotas(self) -> ActionResult:
        """ListAWSDefaultServiceQuotas."""
        return self._page("Quotas", self.backend.defaults(self._service))

    def get_service_quota(self) -> ActionResult:
        """GetServiceQuota."""
        return ActionResult({"Quota": self.backend.quota(self._service, self._code)})

    def get_aws_default_service_quota(self) -> ActionResult:
        """GetAWSDefaultServiceQuota."""
        return ActionResult({"Quota": self.backend.default(self._service, self._code)})

    def request_service_quota_increase(self) -> ActionResult:
        """RequestServiceQuotaIncrease."""
        request = self.backend.increase(self._service, self._code, float(self.params["DesiredValue"]))
        return ActionResult({"RequestedQuota": request})

    def list_requested_service_quota_change_history(self) -> ActionResult:
        """ListRequestedServiceQuotaChangeHistory."""
        rows = self.backend.increases(self.params.get("ServiceCode"), self.params.get("Status"))
        return self._page("RequestedQuotas", rows)

    @property
    def _service(self) -> str:
        return str(self.params["ServiceCode"])

    @property
    def _code(self) -> str:
        return str(self.params["QuotaCode"])

    def _page(self, member: str, rows: list[dict[str, Any]]) -> ActionResult:
        start = _position(self.params.get("NextToken"))
        end = start + int(self.params.get("MaxResults") or _PAGE)
        token = base64.b64encode(str(end).encode()).decode() if end < len(rows) else None
        return ActionResult({member: rows[start:end], "NextToken": token})


def _position(token: str | None) -> int:
    try:
        return int(base64.b64decode(token or "MA=="))
    except (binascii.Error, ValueError) as error:
        raise QuotaError("InvalidPaginationTokenException", "The pagination token is not valid.") from error
