"""A live cluster read backwards: every member of CreateCluster comes out of DescribeCluster's own shape again."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
import pytest
from hypothesis import given

from hpctl.adapters.aws.live import request_of
from tests.contract.test_spec_create_cluster import (
    held_at,
    input_shape,
    leaves_of,
    requests,
    smallest_with,
    thorough,
    with_moments,
    without_what_is_empty,
)

NOT_DESCRIBED = {
    "Tags": "ListTags tells them",
}
"""Members of CreateCluster that DescribeCluster does not tell, and where they are told."""

ONLY_DESCRIBED: dict[str, Any] = {
    "ClusterArn": "arn:aws:sagemaker:us-west-2:111122223333:cluster/abcdef012345",
    "ClusterStatus": "InService",
    "CreationTime": datetime(2026, 3, 1, tzinfo=UTC),
    "FailureMessage": "it failed once",
    "InstanceGroups": [],
}
COUNTS = {"InstanceCount": "TargetCount", "MinInstanceCount": "MinCount"}
OLD = {"Labels": {"old": "label"}, "InstanceTypes": ["ml.c5.large"], "ImageId": "ami-00000000"}
"""What nodes still are while an update is on its way to what was asked for."""


@cache
def output_shape() -> Any:
    return botocore.session.Session().get_service_model("sagemaker").operation_model("DescribeCluster").output_shape


def described(shape: Any, request: Any) -> Any:
    """Say a request as the service's model says it in the answer; fails for what the model has no member for."""
    match shape.type_name:
        case "structure":
            return dict(pair for member, value in request.items() for pair in told(shape, member, value))
        case "list":
            return [described(shape.member, item) for item in request]
        case "timestamp":
            return datetime.fromisoformat(request)
        case _:
            return request


def told(shape: Any, member: str, value: Any) -> list[tuple[str, Any]]:
    name = COUNTS.get(member, member)
    if name in shape.members:
        return [(name, described(shape.members[name], value))]
    desired = described(shape.members[f"Desired{member}"], value)
    return [(f"Current{member}", OLD.get(member, desired)), (f"Desired{member}", desired)]


def answer_to(request: dict[str, Any]) -> dict[str, Any]:
    asked = {member: value for member, value in request.items() if member not in NOT_DESCRIBED}
    answer = {**ONLY_DESCRIBED, **described(output_shape(), asked)}
    for group in (*answer["InstanceGroups"], *answer.get("RestrictedInstanceGroups", ())):
        group |= {"CurrentCount": 0, "Status": "Creating", "TrainingPlanStatus": "Expired"}
    if "AutoScaling" in answer:
        answer["AutoScaling"] |= {"Status": "InService", "FailureMessage": "none"}
    return answer


LEAVES = [leaf for leaf in leaves_of(input_shape()) if leaf[0] not in NOT_DESCRIBED]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: ".".join(leaf).replace(".[]", "[]"))
def test_every_member_that_createcluster_takes_is_read_back(leaf: tuple[str, ...]) -> None:
    request = smallest_with(input_shape(), leaf)
    read = request_of(answer_to(request))
    assert held_at(read, leaf) == held_at(request, leaf)
    assert read == request


def test_only_explained_members_are_not_read_back() -> None:
    assert {leaf[0] for leaf in leaves_of(input_shape())} - {leaf[0] for leaf in LEAVES} == NOT_DESCRIBED.keys()
    assert not NOT_DESCRIBED.keys() & output_shape().members.keys()


@thorough
@given(requests)
def test_any_request_is_read_back_whole(request: dict[str, Any]) -> None:
    asked = {member: value for member, value in with_moments(request).items() if member not in NOT_DESCRIBED}
    read = request_of(answer_to(request))
    assert without_what_is_empty(quiet(read)) == without_what_is_empty(quiet(asked))


def quiet(value: Any) -> Any:
    """Leave out structures that say nothing, except those that say something by being there."""
    match value:
        case dict():
            inner = {key: quiet(item) for key, item in value.items()}
            return {key: item for key, item in inner.items() if item not in ({}, []) or key in KEPT}
        case list():
            return [quiet(item) for item in value]
        case _:
            return value


KEPT = {"Spot", "OnDemand", "Slurm"}


def test_the_wanted_count_is_the_target_and_without_one_what_there_is() -> None:
    groups = [
        {"InstanceGroupName": "a", "CurrentCount": 2, "TargetCount": 5},
        {"InstanceGroupName": "b", "CurrentCount": 1},
    ]
    read = request_of({**ONLY_DESCRIBED, "InstanceGroups": groups})
    assert read == {
        "InstanceGroups": [
            {"InstanceCount": 5, "InstanceGroupName": "a"},
            {"InstanceCount": 1, "InstanceGroupName": "b"},
        ]
    }


def test_a_group_of_several_types_keeps_them_and_not_the_one_that_runs() -> None:
    group = {
        "InstanceGroupName": "a",
        "TargetCount": 1,
        "InstanceType": "ml.g5.8xlarge",
        "InstanceRequirements": {"CurrentInstanceTypes": ["ml.g5.8xlarge"]},
    }
    read = request_of({**ONLY_DESCRIBED, "InstanceGroups": [group]})
    assert read["InstanceGroups"] == [
        {
            "InstanceCount": 1,
            "InstanceGroupName": "a",
            "InstanceRequirements": {"InstanceTypes": ["ml.g5.8xlarge"]},
        }
    ]


def test_what_a_newer_service_tells_is_passed_over() -> None:
    answer = {**ONLY_DESCRIBED, "ClusterName": "hp", "Brand": {"New": 1}, "VpcConfig": None}
    assert request_of(answer) == {"ClusterName": "hp"}
