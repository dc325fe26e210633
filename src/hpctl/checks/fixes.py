"""What hpctl itself may do about a finding: calls that only add, each the same as the remedy beside it."""

from __future__ import annotations

from hpctl.facts.network import Direction
from hpctl.report.action import Action, Upload


def admit_members(group_id: str, direction: Direction) -> Action:
    """Let the members of a security group reach each other, one way, on every protocol."""
    itself = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group_id}]}
    way = {Direction.IN: "ingress", Direction.OUT: "egress"}[direction]
    return Action(
        verb="authorize-security-group-ingress" if way == "ingress" else "authorize-security-group-egress",
        subject=f"security group/{group_id}",
        request={"GroupId": group_id, "IpPermissions": [itself]},
        does=f"let members of security group `{group_id}` talk to each other, {direction}",
    )


def enable_dns(vpc_id: str, attribute: str) -> Action:
    """Turn one of the DNS attributes of a VPC on: `support` or `hostnames`."""
    return Action(
        verb="modify-vpc-attribute",
        subject=f"VPC/{vpc_id}",
        request={"VpcId": vpc_id, f"EnableDns{attribute.capitalize()}": {"Value": True}},
        does=f"turn DNS {attribute} of VPC `{vpc_id}` on",
    )


def serve_table(endpoint_id: str, route_table_id: str) -> Action:
    """Put the gateway endpoint of S3 onto a route table."""
    return Action(
        verb="modify-vpc-endpoint",
        subject=f"VPC endpoint/{endpoint_id}",
        request={"VpcEndpointId": endpoint_id, "AddRouteTableIds": [route_table_id]},
        does=f"lead S3's traffic of route table `{route_table_id}` to gateway endpoint `{endpoint_id}`",
    )


def answer_to_names(endpoint_id: str, service: str) -> Action:
    """Let an interface endpoint answer to the name of its service."""
    return Action(
        verb="modify-vpc-endpoint",
        subject=f"VPC endpoint/{endpoint_id}",
        request={"VpcEndpointId": endpoint_id, "PrivateDnsEnabled": True},
        does=f"let endpoint `{endpoint_id}` answer to the name of `{service}`",
    )


def take_access_entries(eks_cluster: str) -> Action:
    """Let an EKS cluster take access entries beside its ConfigMap; there is no way back."""
    return Action(
        verb="update-cluster-config",
        subject=f"EKS cluster/{eks_cluster}",
        request={"name": eks_cluster, "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}},
        does=f"let EKS cluster `{eks_cluster}` take access entries, too (for good: it cannot go back to `CONFIG_MAP`)",
    )


def let_in(eks_cluster: str, principal_arn: str) -> Action:
    """Make an access entry for a principal."""
    return Action(
        verb="create-access-entry",
        subject=f"EKS cluster/{eks_cluster}",
        request={"clusterName": eks_cluster, "principalArn": principal_arn},
        does=f"let `{principal_arn}` into EKS cluster `{eks_cluster}`",
    )


def associate(eks_cluster: str, principal_arn: str, policy_arn: str) -> Action:
    """Associate an access policy, for the whole EKS cluster, with a principal's entry."""
    return Action(
        verb="associate-access-policy",
        subject=f"EKS cluster/{eks_cluster}",
        request={
            "clusterName": eks_cluster,
            "principalArn": principal_arn,
            "policyArn": policy_arn,
            "accessScope": {"type": "cluster"},
        },
        does=f"give `{principal_arn}` the access policy `{policy_arn.rpartition('/')[2]}` there",
    )


def allow_role(role: str, policy: str, document: str) -> Action:
    """Give a role an inline policy."""
    return Action(
        verb="put-role-policy",
        subject=f"role/{role}",
        request={"RoleName": role, "PolicyName": policy, "PolicyDocument": document},
        does=f"give role `{role}` the inline policy `{policy}`",
    )


def upload(bucket: str, prefix: str, *runs: str) -> Upload:
    """Store the lifecycle scripts of the local folder that a place in S3 lacks, those that run among them."""
    return Upload(bucket=bucket, prefix=prefix, runs=runs)
