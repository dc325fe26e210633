"""Service quotas of the sandbox, as boto3 sees them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandbox.running import Running


@pytest.fixture
def quotas(aws: Running) -> Any:
    return aws.client("service-quotas")


def _all(quotas: Any, operation: str, **asked: Any) -> dict[str, dict[str, Any]]:
    pages = list(quotas.get_paginator(operation).paginate(ServiceCode="sagemaker", **asked))
    assert len(pages) > 1
    assert all(len(page["Quotas"]) <= 100 for page in pages)
    return {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}


def test_quotas_are_listed_in_pages_with_applied_and_default_values(quotas: Any) -> None:
    applied = _all(quotas, "list_service_quotas")
    defaults = _all(quotas, "list_aws_default_service_quotas")
    assert applied.keys() == defaults.keys()
    p5 = "ml.p5.48xlarge for cluster usage"
    assert (applied[p5]["QuotaCode"], applied[p5]["Value"], defaults[p5]["Value"]) == ("L-8762A75F", 64.0, 0.0)
    assert applied["ml.p4d.24xlarge for cluster usage"]["Value"] == 0.0
    assert applied["cluster-ml-r7i-12xlarge for cluster usage"]["QuotaCode"] == "L-EB92BE12"
    assert "ml.r7i.12xlarge for cluster usage" not in applied


def test_a_quota_that_was_never_applied_has_a_default_alone(quotas: Any) -> None:
    asked = {"ServiceCode": "sagemaker", "QuotaCode": "L-E13DF72A"}
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(**asked)
    assert quotas.get_aws_default_service_quota(**asked)["Quota"]["Value"] == 1024.0


def test_network_interfaces_have_a_quota_of_the_vpc(quotas: Any) -> None:
    found = quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-DF5E4CA3")["Quota"]
    assert (found["QuotaName"], found["Value"]) == ("Network interfaces per Region", 50000.0)


@pytest.mark.parametrize("service", ["vpc", "nonsense"])
def test_a_quota_of_another_service_is_no_resource(quotas: Any, service: str) -> None:
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(ServiceCode=service, QuotaCode="L-8762A75F")


def test_an_increase_is_granted_and_remembered(quotas: Any) -> None:
    asked = {"ServiceCode": "sagemaker", "QuotaCode": "L-BEF3120E"}
    request = quotas.request_service_quota_increase(**asked, DesiredValue=3)["RequestedQuota"]
    assert (request["Status"], request["DesiredValue"]) == ("PENDING", 3.0)
    assert quotas.get_service_quota(**asked)["Quota"]["Value"] == 3.0
    history = quotas.list_requested_service_quota_change_history(ServiceCode="sagemaker")["RequestedQuotas"]
    assert (history[0]["Id"], history[0]["Status"]) == (request["Id"], "APPROVED")
    with pytest.raises(ClientError, match="InvalidResourceStateException"):
        quotas.request_service_quota_increase(**asked, DesiredValue=3)
