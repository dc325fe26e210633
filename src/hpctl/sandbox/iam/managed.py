"""The AWS managed policies that clusters need; moto would load all 1,300 or none.

Statements from the AWS managed policy reference, as far as HyperPod nodes and their administrators use them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.iam.models import AWSManagedPolicy

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend

CLUSTER_INSTANCE = "AmazonSageMakerClusterInstanceRolePolicy"
_CLUSTER_LOGS = "arn:aws:logs:*:*:log-group:/aws/sagemaker/Clusters/*"
_VERSION = "2012-10-17"
# moto wants dates; these only sort.
_DATE = datetime(2023, 11, 29, tzinfo=UTC).isoformat()


def _allow(*actions: str, on: str = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **elements}


_POLICIES: dict[str, list[dict[str, Any]]] = {
    "AdministratorAccess": [_allow("*")],
    CLUSTER_INSTANCE: [
        _allow(
            "logs:PutLogEvents",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            on=f"{_CLUSTER_LOGS}:log-stream:*",
        ),
        _allow("logs:CreateLogGroup", on=_CLUSTER_LOGS),
        _allow(
            "cloudwatch:PutMetricData",
            Condition={"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/Clusters"}},
        ),
        _allow("s3:ListBucket", "s3:GetObject", on="arn:aws:s3:::sagemaker-*"),
        _allow(
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ),
    ],
    "AmazonEKS_CNI_Policy": [
        _allow(
            "ec2:AssignPrivateIpAddresses",
            "ec2:AttachNetworkInterface",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeInstances",
            "ec2:DescribeTags",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeSubnets",
            "ec2:DetachNetworkInterface",
            "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:UnassignPrivateIpAddresses",
        ),
        _allow("ec2:CreateTags", on="arn:aws:ec2:*:*:network-interface/*"),
    ],
    "AmazonEC2ContainerRegistryReadOnly": [
        _allow(
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
            "ecr:DescribeRepositories",
            "ecr:ListImages",
        )
    ],
    "AmazonS3ReadOnlyAccess": [_allow("s3:Get*", "s3:List*")],
    "AmazonSSMManagedInstanceCore": [_allow("ssm:*", "ssmmessages:*", "ec2messages:*")],
    "CloudWatchLogsFullAccess": [_allow("logs:*")],
}


def provide(backend: IAMBackend) -> None:
    """Let roles and users attach these policies."""
    for name, statements in _POLICIES.items():
        data = {
            "Path": "/",
            "DefaultVersionId": "v1",
            "CreateDate": _DATE,
            "UpdateDate": _DATE,
            "Document": {"Version": _VERSION, "Statement": statements},
        }
        policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
        backend.managed_policies.setdefault(policy.arn, policy)
