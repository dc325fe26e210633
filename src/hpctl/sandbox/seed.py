"""The account that a new sandbox starts with: what a team has before its first cluster, and the usual mistakes.

It is made through the sandbox's own API, as any user would, so that the journal holds it like the rest.
Good: a VPC over three Availability Zones, a security group whose members reach each other, an EKS cluster
with access entries, a role that SageMaker can assume, a bucket with lifecycle scripts. Bad, for the tests
of what must be refused: a security group without self-reference, an EKS cluster in mode CONFIG_MAP, a role
with a wrong trust policy.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GOOD_EKS_CLUSTER = "hpctl-sandbox-api"
CONFIG_MAP_EKS_CLUSTER = "hpctl-sandbox-config-map"
EXECUTION_ROLE = "hpctl-sandbox-execution"
WRONG_TRUST_ROLE = "hpctl-sandbox-wrong-trust"
_EKS_ROLE = "hpctl-sandbox-eks"
_USER = "hpctl-sandbox"
_ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
# The HyperPod walk-throughs of AWS use this range; /20 leaves room for the addresses of EFA nodes.
_VPC_CIDR = "10.192.0.0/16"
_LIFECYCLE_SCRIPT = b"""#!/bin/bash
set -euo pipefail
mkdir -p /var/log/provision
echo "lifecycle script finished" | tee -a /var/log/provision/provisioning.log
"""
# What AmazonSageMakerClusterInstanceRolePolicy leaves out and nodes in a VPC need (AWS documentation,
# "IAM role for SageMaker HyperPod").
_NODE_ACTIONS = [
    "ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface", "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission", "ec2:CreateTags", "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeInstances",
    "ec2:DescribeInstanceTypes", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVpcs", "ec2:DetachNetworkInterface",
    "ec2:ModifyNetworkInterfaceAttribute", "ec2:UnassignPrivateIpAddresses", "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer", "eks-auth:AssumeRoleForPodIdentity",
    "fsx:DescribeFileSystems",
]  # fmt: skip
_INSTANCE_ROLE_POLICY = [
    ("logs:PutLogEvents logs:CreateLogStream logs:DescribeLogStreams logs:CreateLogGroup", "*"),
    ("cloudwatch:PutMetricData", "*"),
    ("s3:ListBucket s3:GetObject", "arn:aws:s3:::sagemaker-*"),
    ("ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel", "*"),
    ("ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel", "*"),
]  # fmt: skip


def seed(endpoint: str, region: str, account: str) -> dict[str, str]:
    """Fill a new sandbox; returns what a user needs of it, by the names that `sandbox env` exports."""
    aws = _Clients(endpoint, region)
    private, groups = _network(aws)
    roles = _roles(aws)
    bucket = f"sagemaker-hpctl-sandbox-{account}-{region}"
    _lifecycle_bucket(aws, bucket, region)
    aws.iam.create_service_linked_role(AWSServiceName="hyperpod.sagemaker.amazonaws.com")
    principal, keys = _user(aws)
    good = _eks_cluster(aws, GOOD_EKS_CLUSTER, "API_AND_CONFIG_MAP", roles[_EKS_ROLE], private)
    bad = _eks_cluster(aws, CONFIG_MAP_EKS_CLUSTER, "CONFIG_MAP", roles[_EKS_ROLE], private)
    _let_in(aws, GOOD_EKS_CLUSTER, principal)
    return {
        "EKS_CLUSTER_ARN": good,
        "EKS_CLUSTER_NAME": GOOD_EKS_CLUSTER,
        "CONFIG_MAP_CLUSTER_ARN": bad,
        "BUCKET_NAME": bucket,
        "EXECUTION_ROLE": roles[EXECUTION_ROLE],
        "WRONG_TRUST_ROLE": roles[WRONG_TRUST_ROLE],
        "SECURITY_GROUP": groups["hpctl-sandbox-nodes"],
        "NO_SELF_REFERENCE_SECURITY_GROUP": groups["hpctl-sandbox-no-self-reference"],
        "SUBNET_ID": private[0],
        "OTHER_SUBNET_ID": private[1],
        **keys,
    }


class _Clients:
    """boto3 clients of the sandbox, made when they are first used; the keys sign and open nothing."""

    def __init__(self, endpoint: str, region: str) -> None:
        self._session = boto3.Session("HPCTLSANDBOXSEED0000", "none", region_name=region)
        self._endpoint = endpoint

    def __getattr__(self, service: str) -> Any:
        client = self._session.client(
            service, endpoint_url=self._endpoint, config=Config(retries={"total_max_attempts": 1})
        )  # type: ignore[call-overload]
        setattr(self, service, client)
        return client


def _network(aws: _Clients) -> tuple[list[str], dict[str, str]]:
    vpc = aws.ec2.create_vpc(CidrBlock=_VPC_CIDR, TagSpecifications=_named("vpc", "hpctl-sandbox"))["Vpc"]["VpcId"]
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    gateway = aws.ec2.create_internet_gateway(TagSpecifications=_named("internet-gateway", "hpctl-sandbox"))
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
    zones = [zone["ZoneName"] for zone in aws.ec2.describe_availability_zones()["AvailabilityZones"][:3]]
    public = list(_subnets(aws, vpc, "public", zones, first_block=0))
    private = list(_subnets(aws, vpc, "private", zones, first_block=3))
    address = aws.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = aws.ec2.create_nat_gateway(SubnetId=public[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    _route(aws, vpc, "public", public, {"GatewayId": gateway_id})
    _route(aws, vpc, "private", private, {"NatGatewayId": nat})
    return private, dict(_security_groups(aws, vpc))


def _subnets(aws: _Clients, vpc: str, kind: str, zones: list[str], first_block: int) -> Iterator[str]:
    for number, zone in enumerate(zones):
        cidr = f"10.192.{(first_block + number) * 16}.0/20"
        tags = _named("subnet", f"hpctl-sandbox-{kind}-{zone}")
        subnet = aws.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone, TagSpecifications=tags)
        yield subnet["Subnet"]["SubnetId"]


def _route(aws: _Clients, vpc: str, kind: str, subnets: list[str], target: Mapping[str, str]) -> None:
    tags = _named("route-table", f"hpctl-sandbox-{kind}")
    table = aws.ec2.create_route_table(VpcId=vpc, TagSpecifications=tags)["RouteTable"]["RouteTableId"]
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
    for subnet in subnets:
        aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)


def _security_groups(aws: _Clients, vpc: str) -> Iterator[tuple[str, str]]:
    # Both keep EC2's own rule, out to 0.0.0.0/0; only one lets its members talk to each other.
    for name in ("hpctl-sandbox-nodes", "hpctl-sandbox-no-self-reference"):
        yield name, aws.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        if name == "hpctl-sandbox-nodes":
            _self_reference(aws, vpc, name)


def _self_reference(aws: _Clients, vpc: str, name: str) -> None:
    filters = [{"Name": "group-name", "Values": [name]}, {"Name": "vpc-id", "Values": [vpc]}]
    group = aws.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    rule = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule)


def _roles(aws: _Clients) -> dict[str, str]:
    trusted = {EXECUTION_ROLE: "sagemaker", WRONG_TRUST_ROLE: "ec2", _EKS_ROLE: "eks"}
    arns = {}
    for name, service in trusted.items():
        trust = _policy({"Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"})
        arns[name] = aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    managed = _policy(*({"Action": actions.split(), "Resource": scope} for actions, scope in _INSTANCE_ROLE_POLICY))
    network = _policy({"Action": _NODE_ACTIONS, "Resource": "*"})
    for name in (EXECUTION_ROLE, WRONG_TRUST_ROLE):
        aws.iam.put_role_policy(RoleName=name, PolicyName="cluster-instance", PolicyDocument=managed)
        aws.iam.put_role_policy(RoleName=name, PolicyName="vpc-and-eks", PolicyDocument=network)
    return arns


def _user(aws: _Clients) -> tuple[str, dict[str, str]]:
    arn = aws.iam.create_user(UserName=_USER)["User"]["Arn"]
    aws.iam.attach_user_policy(UserName=_USER, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = aws.iam.create_access_key(UserName=_USER)["AccessKey"]
    return arn, {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def _lifecycle_bucket(aws: _Clients, bucket: str, region: str) -> None:
    # us-east-1 is the one Region that must not be named (S3 API reference, CreateBucket).
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    aws.s3.create_bucket(Bucket=bucket, **place)
    for prefix in ("", "eks/", "slurm/"):
        aws.s3.put_object(Bucket=bucket, Key=f"{prefix}on_create.sh", Body=_LIFECYCLE_SCRIPT)


def _eks_cluster(aws: _Clients, name: str, mode: str, role: str, subnets: list[str]) -> str:
    cluster = aws.eks.create_cluster(
        name=name, roleArn=role, resourcesVpcConfig={"subnetIds": subnets}, accessConfig={"authenticationMode": mode}
    )
    return str(cluster["cluster"]["arn"])


def _let_in(aws: _Clients, cluster: str, principal: str) -> None:
    aws.eks.create_access_entry(clusterName=cluster, principalArn=principal)
    scope = {"type": "cluster"}
    aws.eks.associate_access_policy(
        clusterName=cluster, principalArn=principal, policyArn=_ADMIN_POLICY, accessScope=scope
    )


def _policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]})


def _named(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]
