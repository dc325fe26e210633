"""CreateCluster is refused for what AWS refuses, in AWS's words, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandbox.running import Running

NOWHERE = "arn:aws:eks:us-west-2:123456789012:cluster/nowhere"
Request = dict[str, Any]


def _eks(**members: Any) -> Callable[[Running], Request]:
    return lambda aws: aws.on_eks("refused", **members)


def _group(**members: Any) -> Callable[[Running], Request]:
    return lambda aws: aws.on_eks("refused", InstanceGroups=[aws.group(**members)])


def _slurm(*types: str, partitions_on: str = "") -> Callable[[Running], Request]:
    def request(aws: Running) -> Request:
        groups = [
            aws.group(
                InstanceGroupName=f"group-{number}",
                SlurmConfig={"NodeType": kind, **({"PartitionNames": ["dev"]} if kind == partitions_on else {})},
            )
            for number, kind in enumerate(types)
        ]
        return aws.on_slurm("refused", InstanceGroups=groups)

    return request


REFUSED: dict[str, tuple[Callable[[Running], Request], str]] = {
    "CONFIG_MAP": (
        lambda aws: _on(aws, aws.seed["CONFIG_MAP_CLUSTER_ARN"]),
        "EKS clusters with CONFIG_MAP authentication mode are not supported",
    ),
    "no such EKS cluster": (lambda aws: _on(aws, NOWHERE), f"The EKS cluster {NOWHERE} does not exist."),
    "no VPC on EKS": (lambda aws: _without(aws.on_eks("refused"), "VpcConfig"), "VpcConfig is required"),
    "both orchestrators": (
        lambda aws: aws.on_eks("refused", Orchestrator={"Eks": {"ClusterArn": NOWHERE}, "Slurm": {}}),
        "exactly one of Eks and Slurm",
    ),
    "no orchestrator in it": (_eks(Orchestrator={}), "exactly one of Eks and Slurm"),
    "no groups": (lambda aws: _without(aws.on_eks("refused"), "InstanceGroups"), "at least one instance group"),
    "no such subnet": (
        lambda aws: aws.on_eks("refused", VpcConfig=aws.network("subnet-0")),
        "The subnet 'subnet-0' does not exist",
    ),
    "no such subnet in an override": (
        lambda aws: aws.on_eks("refused", InstanceGroups=[aws.group(OverrideVpcConfig=aws.network("subnet-0"))]),
        "The subnet 'subnet-0' does not exist",
    ),
    "no such security group": (
        lambda aws: aws.on_eks("refused", VpcConfig=aws.network() | {"SecurityGroupIds": ["sg-0"]}),
        "The security group 'sg-0' does not exist",
    ),
    "no such role": (
        _group(ExecutionRole="arn:aws:iam::123456789012:role/nobody"),
        "cannot assume the execution role arn:aws:iam::123456789012:role/nobody",
    ),
    "a role of another service": (
        lambda aws: _group(ExecutionRole=aws.seed["WRONG_TRUST_ROLE"])(aws),
        "cannot assume the execution role",
    ),
    "two groups of one name": (
        lambda aws: aws.on_eks("refused", InstanceGroups=[aws.group(), aws.group()]),
        "Duplicate instance group name: workers",
    ),
    "two kinds of type": (
        _group(InstanceRequirements={"InstanceTypes": ["ml.p5.48xlarge"]}),
        "exactly one of InstanceType and InstanceRequirements",
    ),
    "two volumes in one": (
        _group(
            InstanceStorageConfigs=[
                {
                    "EbsVolumeConfig": {"VolumeSizeInGB": 9},
                    "FsxOpenZfsConfig": {"DnsName": "fs-0123456789abcdef0.fsx.x"},
                }
            ]
        ),
        "must have exactly one member set",
    ),
    "no controller": (_slurm("Compute"), "Cluster refused has no InstanceGroup with Controller node type."),
    "two controllers": (
        _slurm("Controller", "Controller"),
        "2 Controller Groups found: SlurmConfig for InstanceGroups may only have one Controller Group.",
    ),
    "a partition on a login group": (
        _slurm("Controller", "Login", partitions_on="Login"),
        "Partitions can only be assigned to Compute node types",
    ),
    "an unknown type": (
        _group(InstanceType="ml.nonsense"),
        "1 validation error detected: Value 'ml.nonsense' at 'instanceGroups.1.member.instanceType' failed",
    ),
    "a member left out": (
        lambda aws: aws.on_eks("refused", VpcConfig={"Subnets": [aws.seed["SUBNET_ID"]]}),
        "Value null at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must not be null",
    ),
    "too many": (_group(InstanceCount=6759), "Member must have value less than or equal to 6758"),
    "a bad name": (
        lambda aws: aws.on_eks("-bad"),
        "at 'clusterName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](",
    ),
    "two mistakes": (
        lambda aws: aws.on_eks("x" * 64, NodeRecovery="maybe"),
        "2 validation errors detected: Value ",
    ),
}


def _on(aws: Running, eks_cluster: str) -> Request:
    return aws.on_eks("refused", Orchestrator={"Eks": {"ClusterArn": eks_cluster}})


def _without(request: Request, member: str) -> Request:
    return {name: value for name, value in request.items() if name != member}


@pytest.mark.parametrize(("request_of", "words"), REFUSED.values(), ids=REFUSED)
def test_a_request_is_refused(aws: Running, request_of: Callable[[Running], Request], words: str) -> None:
    sagemaker = aws.client("sagemaker", parameter_validation=False)
    with pytest.raises(ClientError) as caught:
        sagemaker.create_cluster(**request_of(aws))
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert words in error["Message"]
    assert sagemaker.list_clusters(NameContains="refused")["ClusterSummaries"] == []
