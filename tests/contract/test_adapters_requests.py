"""What the adapters send, held to the service models of the installed botocore."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
from botocore.model import StructureShape

from hpctl.adapters.aws import models
from hpctl.adapters.aws.session import PAGE_SIZE
from tests.contract.aws_calls import SCRIPT
from tests.contract.service_models import operation_of, violations
from tests.unit.adapters import test_changes
from tests.unit.adapters.wire import Sent

CALLED_BY_BOTOCORE = {("s3", "HeadBucket"), ("sts", "AssumeRole"), ("sts", "AssumeRoleWithWebIdentity")}


def test_a_client_knows_exactly_the_operations_that_are_called(sent: list[Sent]) -> None:
    called = {(one.service, one.operation) for one in sent} | CALLED_BY_BOTOCORE
    known = {(service, operation) for service, operations in models.OPERATIONS.items() for operation in operations}
    assert called == known


@pytest.mark.parametrize(
    ("service_name", "count"),
    [("fsx", 1), ("kms", 2), ("logs", 5), ("sagemaker", 20), ("service-quotas", 5), ("ssm", 3)],
)
def test_every_request_in_json_obeys_the_service_model(
    service_name: str, count: int, sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    requests = [one for one in sent if one.service == service_name]
    assert len(requests) == count
    for one in requests:
        shape = operation_of(botocore_session, one.service, one.operation).input_shape
        assert shape is not None
        assert list(violations(one.parameters, shape, one.operation)) == []


def test_the_walk_over_a_request_sees_what_is_wrong(botocore_session: botocore.session.Session) -> None:
    shape = operation_of(botocore_session, "sagemaker", "ListClusterNodes").input_shape
    assert shape is not None
    wrong = {"ClusterName": "a b", "SortBy": "AGE", "Colour": 1, "MaxResults": 101}
    assert len(list(violations(wrong, shape, "x"))) == 4


@pytest.mark.parametrize("service_name", ["ec2", "iam", "sts"])
def test_every_request_by_query_names_members_of_the_service_model(
    service_name: str, sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    requests = [one for one in sent if one.service == service_name]
    assert requests
    for one in requests:
        shape = operation_of(botocore_session, service_name, one.operation).input_shape
        members = shape.members if isinstance(shape, StructureShape) else {}
        wire_names = {member.serialization.get("name", key) for key, member in members.items()}
        capitalised = {name[0].upper() + name[1:] for name in wire_names}
        asked = {key.partition(".")[0] for key in one.parameters} - {"Action", "Version"}
        assert asked <= capitalised


@pytest.mark.parametrize(("service_name", "count"), [("eks", 16), ("s3", 8)])
def test_every_request_by_address_names_members_of_the_service_model(
    service_name: str, count: int, sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    requests = [one for one in sent if one.service == service_name]
    assert len(requests) == count
    for one in requests:
        model = operation_of(botocore_session, service_name, one.operation)
        members = model.input_shape.members.values() if model.input_shape else ()
        known = {member.serialization.get("name") for member in members}
        fixed = set(parse_qs(urlsplit(model.http["requestUri"]).query, keep_blank_values=True))
        asked = set(parse_qs(urlsplit(one.url).query, keep_blank_values=True))
        assert (one.method, asked - fixed - known) == (model.http["method"], set())
        if one.operation == "PutObject":
            assert one.body in (SCRIPT, test_changes.SCRIPT)
        elif one.body:
            shapes = model.input_shape.members if model.input_shape else {}
            in_body = {key: shape for key, shape in shapes.items() if "location" not in shape.serialization}
            told = one.parameters
            assert told.keys() <= in_body.keys()
            assert [flaw for key in told for flaw in violations(told[key], in_body[key], key)] == []


PAGED = {
    ("ec2", "DescribeNetworkInterfaces", "MaxResults"): 1000,
    ("ec2", "DescribeNatGateways", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeInstanceTypeOfferings", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeRouteTables", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeSecurityGroups", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeSubnets", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeVpcEndpoints", "MaxResults"): PAGE_SIZE,
    ("eks", "DescribeClusterVersions", "maxResults"): PAGE_SIZE,
    ("eks", "ListAccessEntries", "maxResults"): PAGE_SIZE,
    ("eks", "ListAddons", "maxResults"): PAGE_SIZE,
    ("eks", "ListAssociatedAccessPolicies", "maxResults"): PAGE_SIZE,
    ("eks", "ListClusters", "maxResults"): PAGE_SIZE,
    ("eks", "ListNodegroups", "maxResults"): PAGE_SIZE,
    ("eks", "ListPodIdentityAssociations", "maxResults"): PAGE_SIZE,
    ("eks", "DescribeAddonVersions", "maxResults"): PAGE_SIZE,
    ("fsx", "DescribeFileSystems", "MaxResults"): PAGE_SIZE,
    ("iam", "ListRoleTags", "MaxItems"): PAGE_SIZE,
    ("iam", "ListRoles", "MaxItems"): PAGE_SIZE,
    ("iam", "SimulatePrincipalPolicy", "MaxItems"): PAGE_SIZE,
    ("logs", "DescribeLogGroups", "limit"): 50,
    ("logs", "DescribeLogStreams", "limit"): 50,
    ("logs", "GetLogEvents", "limit"): 10_000,
    ("s3", "ListBuckets", "MaxBuckets"): 1000,
    ("s3", "ListObjectsV2", "MaxKeys"): 1000,
    ("sagemaker", "ListClusterEvents", "MaxResults"): PAGE_SIZE,
    ("sagemaker", "ListClusterNodes", "MaxResults"): PAGE_SIZE,
    ("sagemaker", "ListClusterOperations", "MaxResults"): PAGE_SIZE,
    ("sagemaker", "ListClusters", "MaxResults"): PAGE_SIZE,
    ("sagemaker", "ListTags", "MaxResults"): PAGE_SIZE,
    ("service-quotas", "ListAWSDefaultServiceQuotas", "MaxResults"): PAGE_SIZE,
    ("service-quotas", "ListRequestedServiceQuotaChangeHistory", "MaxResults"): PAGE_SIZE,
    ("service-quotas", "ListServiceQuotas", "MaxResults"): PAGE_SIZE,
}


@pytest.mark.parametrize(("service_name", "operation", "member"), PAGED)
def test_pages_are_no_larger_than_the_service_allows(
    service_name: str, operation: str, member: str, sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    size = PAGED[service_name, operation, member]
    model = operation_of(botocore_session, service_name, operation)
    assert model.input_shape is not None
    shape = model.input_shape.members[member]
    assert shape.metadata.get("min", 1) <= size <= shape.metadata.get("max", size)
    asked = next(one for one in sent if (one.service, one.operation) == (service_name, operation))
    told = {**parse_qs(urlsplit(asked.url).query), **{key: [value] for key, value in asked.parameters.items()}}
    assert [str(value) for value in told[shape.serialization.get("name", member)]] == [str(size)]
