"""Service quotas as applied to account and Region: the port `facts.ports.Quotas`.

ListServiceQuotas leaves out what has no applied value, so AWS's defaults are listed beside it; the two lists of
SageMaker have some 1,600 rows each and are read at the same time. Nothing is kept between processes: an increase
that was just granted must count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from hpctl.adapters.aws.errors import lacking, reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.errors import NotFoundError
from hpctl.facts.records import Quota

_SERVICE: Final = "service-quotas"
_OF_CLUSTERS: Final = re.compile(r"hyperpod|for cluster (spot instance )?usage|training plan", re.IGNORECASE)
"""Names of SageMaker's quotas that bound HyperPod clusters."""

_INTERFACES: Final = {"ServiceCode": "vpc", "QuotaCode": "L-DF5E4CA3"}
"""Network interfaces per Region (Service Quotas, Amazon VPC)."""


class AwsQuotas:
    """Reads Service Quotas."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def sagemaker(self) -> tuple[Quota, ...]:
        """Return SageMaker's quotas about HyperPod clusters, the default of each that has no applied value.

        A quota whose applied value AWS could not find out is left out: its default may be wrong either way.
        """
        with ThreadPoolExecutor(2, thread_name_prefix="quotas") as pool:
            listings = pool.map(self._listed, ("ListAWSDefaultServiceQuotas", "ListServiceQuotas"))
            default, applied = listings
        return tuple(quota for quota in {**default, **applied}.values() if quota is not None)

    def network_interfaces(self) -> Quota:
        """Return the quota of network interfaces in the Region, its default when there is no applied value."""
        try:
            answer = self._session.call(_SERVICE, "GetServiceQuota", **_INTERFACES)
        except NotFoundError:
            answer = self._session.call(_SERVICE, "GetAWSDefaultServiceQuota", **_INTERFACES)
        quota = quota_of(answer["Quota"]) if "Quota" in answer else None
        if quota is None:
            raise lacking("servicequotas:GetServiceQuota", "Value")
        return quota

    def _listed(self, operation: str) -> dict[str, Quota | None]:
        rows = self._session.pages(_SERVICE, operation, "Quotas", ServiceCode="sagemaker")
        return {row["QuotaCode"]: quota_of(row) for row in rows if _OF_CLUSTERS.search(row.get("QuotaName", ""))}


@reads("servicequotas:ListServiceQuotas")
def quota_of(row: Mapping[str, Any]) -> Quota | None:
    """Read one quota, or None when it says why its value is not known (`ErrorReason`)."""
    if "Value" not in row:
        return None
    return Quota(name=row["QuotaName"], code=row["QuotaCode"], value=float(row["Value"]))
