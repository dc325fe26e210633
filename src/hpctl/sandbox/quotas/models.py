"""The quotas of one account and Region, in the place of moto's, which knows those of a VPC alone.

An increase that is requested is granted at once: at AWS it takes one to five business days.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import ServiceException
from moto.moto_api._internal import mock_random

from hpctl.sandbox.clock import moment
from hpctl.sandbox.quotas.table import Quota, initial_quotas

_NAMES = {"sagemaker": "Amazon SageMaker", "vpc": "Amazon Virtual Private Cloud (Amazon VPC)"}


class QuotaError(ServiceException):
    """A refusal of Service Quotas."""


class QuotasBackend(BaseBackend):
    """Quotas by code, and the increases that were asked for."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start with what a sandbox's account has."""
        super().__init__(region_name, account_id)
        self._quotas = {quota.code: quota for quota in initial_quotas()}
        self._increases: list[dict[str, Any]] = []

    def value(self, name: str) -> float:
        """Return the value in force of a quota, by its name."""
        return next(quota.value for quota in self._quotas.values() if quota.name == name)

    def applied(self, service: str) -> list[dict[str, Any]]:
        """Return the quotas that were ever applied to the account (ListServiceQuotas shows the others too)."""
        return [self._described(quota, quota.value) for quota in self._of(service)]

    def defaults(self, service: str) -> list[dict[str, Any]]:
        """Return AWS's defaults."""
        return [self._described(quota, quota.default) for quota in self._of(service)]

    def quota(self, service: str, code: str) -> dict[str, Any]:
        """Return one quota as applied; raises QuotaError when no value was ever applied."""
        found = self._one(service, code)
        if found.applied is None:
            raise _no_such_resource()
        return self._described(found, found.applied)

    def default(self, service: str, code: str) -> dict[str, Any]:
        """Return AWS's default of one quota; raises QuotaError."""
        found = self._one(service, code)
        return self._described(found, found.default)

    def increase(self, service: str, code: str, desired: float) -> dict[str, Any]:
        """Grant an increase and return what is recorded of it; raises QuotaError."""
        found = self._one(service, code)
        if desired <= found.value:
            raise QuotaError("InvalidResourceStateException", "The requested value is not an increase.")  # [unverified]
        self._quotas[code] = replace(found, applied=desired)
        request = {
            **self._described(found, desired),
            "Id": mock_random.get_random_hex(40),
            "CaseId": str(mock_random.randint(10**10, 10**11 - 1)),
            "DesiredValue": desired,
            "Status": "APPROVED",
            "Created": moment().at,
            "LastUpdated": moment().at,
            "QuotaRequestedAtLevel": "ACCOUNT",
        }
        self._increases.append(request)
        # The answer is given before anybody decided.
        return request | {"Status": "PENDING"}

    def increases(self, service: str | None, status: str | None) -> list[dict[str, Any]]:
        """Return the increases that were asked for, newest first."""
        return [
            each
            for each in reversed(self._increases)
            if service in {None, each["ServiceCode"]} and status in {None, each["Status"]}
        ]

    def _of(self, service: str) -> list[Quota]:
        found = [quota for quota in self._quotas.values() if quota.service == service]
        if not found:
            raise _no_such_resource()
        return found

    def _one(self, service: str, code: str) -> Quota:
        found = self._quotas.get(code)
        if found is None or found.service != service:
            raise _no_such_resource()
        return found

    def _described(self, quota: Quota, value: float) -> dict[str, Any]:
        place = f"arn:{self.partition}:servicequotas:{self.region_name}:{self.account_id}"
        return {
            "ServiceCode": quota.service,
            "ServiceName": _NAMES[quota.service],
            "QuotaArn": f"{place}:{quota.service}/{quota.code}",
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "Value": float(value),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
            "QuotaAppliedAtLevel": "ACCOUNT",
        }


quotas_backends = BackendDict(QuotasBackend, "service-quotas")


def _no_such_resource() -> QuotaError:
    return QuotaError("NoSuchResourceException", "The request failed because the specified resource does not exist.")
