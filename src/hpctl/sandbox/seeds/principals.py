"""The seed's roles and its user: an execution role with all that nodes need, and two that lack something."""

from __future__ import annotations

from hpctl.sandbox.seeds.clients import NAME, Clients, policy

EXECUTION_ROLE = f"{NAME}-execution"
WRONG_TRUST_ROLE = f"{NAME}-wrong-trust"
NO_VPC_ROLE = f"{NAME}-no-vpc"
EKS_ROLE = f"{NAME}-eks"
_MANAGED = "arn:aws:iam::aws:policy/AmazonSageMakerClusterInstanceRolePolicy"
# What the managed policy leaves out and nodes need (AWS documentation, "IAM role for SageMaker HyperPod").
_IN_A_VPC = [
    "ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:DetachNetworkInterface",
    "ec2:CreateTags",
]  # fmt: skip
_ON_EKS = [
    "ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface", "ec2:DescribeInstances",
    "ec2:DescribeInstanceTypes", "ec2:DescribeTags", "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:UnassignPrivateIpAddresses", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer", "eks-auth:AssumeRoleForPodIdentity",
    "cloudwatch:DescribeAlarms", "fsx:DescribeFileSystems",
]  # fmt: skip


def roles(aws: Clients) -> dict[str, str]:
    """Make the roles; returns their ARNs by name."""
    trusted = {
        EXECUTION_ROLE: "sagemaker",
        WRONG_TRUST_ROLE: "ec2",
        NO_VPC_ROLE: "sagemaker",
        EKS_ROLE: "eks",
    }
    arns = {}
    for name, service in trusted.items():
        trust = policy({"Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"})
        arns[name] = aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for name, actions in (
        (EXECUTION_ROLE, _IN_A_VPC + _ON_EKS),
        (WRONG_TRUST_ROLE, _IN_A_VPC + _ON_EKS),
        (NO_VPC_ROLE, _ON_EKS),
    ):
        aws.iam.attach_role_policy(RoleName=name, PolicyArn=_MANAGED)
        document = policy({"Action": actions, "Resource": "*"})
        aws.iam.put_role_policy(RoleName=name, PolicyName="vpc-and-eks", PolicyDocument=document)
    aws.iam.create_service_linked_role(AWSServiceName="hyperpod.sagemaker.amazonaws.com")
    return arns


def administrator(aws: Clients) -> dict[str, str]:
    """Make the user that the sandbox's clients are; returns its keys."""
    aws.iam.create_user(UserName=NAME)
    aws.iam.attach_user_policy(UserName=NAME, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = aws.iam.create_access_key(UserName=NAME)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
