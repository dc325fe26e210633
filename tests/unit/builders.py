"""Wishes and facts to judge, healthy unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from hpctl.catalog.instance_types import instance_type as catalog_instance_type
from hpctl.facts.filesystems import FileSystem
from hpctl.facts.kubernetes import AccessEntry, AccessPolicy, KubernetesNode
from hpctl.facts.network import (
    AclEntry,
    Direction,
    NetworkAcl,
    Permission,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
)
from hpctl.facts.records import (
    Addon,
    Cluster,
    ClusterSummary,
    EksCluster,
    Event,
    Identity,
    InstanceGroup,
    Node,
    Quota,
    Role,
    TrainingPlan,
)
from hpctl.report.check import CheckReport, CheckResult, Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import InstanceGroup as WishedGroup
from hpctl.spec.restricted import RestrictedInstanceGroup
from hpctl.terms import Outcome

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ACCOUNT = "123456789012"
REGION = "us-west-2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/hyperpod-execution"
EKS_ARN = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/training"
CLUSTER_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:cluster/abcdef012345"

KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PLAN_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-plan/p5-plan"
SCRIPTS: dict[str, bytes] = {
    "lc/on_create.sh": b"#!/bin/bash\nexec >> /var/log/provision/provisioning.log 2>&1\necho ready\n",
}
"""What lies in the bucket `sagemaker-x`, by key: the lifecycle scripts of `a_group`."""

EFA_TYPE = "ml.p5.48xlarge"
PLAIN_TYPE = "ml.c5.2xlarge"
ON_EKS = {"eks": {"cluster": "training"}}
ON_SLURM: dict[str, object] = {"slurm": {}}


def a_network(*subnet_ids: str, groups: tuple[str, ...] = ("sg-nodes",)) -> dict[str, tuple[str, ...]]:
    return {"subnet_ids": subnet_ids or ("subnet-1",), "security_group_ids": groups}


def a_group(name: str = "workers", **members: Any) -> WishedGroup:
    """An EFA group of two with everything that the checks ask for."""
    usual = {"count": 2, "execution_role": ROLE, "lifecycle": {"source_s3_uri": "s3://sagemaker-x/lc"}}
    kind = {} if "instance_requirements" in members else {"type": EFA_TYPE, "threads_per_core": 2}
    return WishedGroup.model_validate({"name": name, **usual, **kind, **members})


def a_plain_group(name: str = "system", **members: Any) -> WishedGroup:
    """A group without accelerators and EFA."""
    return a_group(name, **{"type": PLAIN_TYPE, "threads_per_core": None, **members})


def a_restricted_group(name: str = "nova", **members: Any) -> RestrictedInstanceGroup:
    usual = {"type": EFA_TYPE, "count": 2, "execution_role": ROLE, "threads_per_core": 2}
    return RestrictedInstanceGroup.model_validate({"name": name, **usual, **members})


def a_spec(*groups: WishedGroup, **members: Any) -> ClusterSpec:
    """A cluster on EKS in one subnet; `groups` are its instance groups, one EFA group unless given."""
    return a_groupless_spec(instance_groups=groups or (a_group(),), **members)


def a_groupless_spec(**members: Any) -> ClusterSpec:
    usual = {"name": "ml-cluster", "orchestrator": ON_EKS, "network": a_network(), "node_recovery": "Automatic"}
    return ClusterSpec.model_validate({**usual, **members})


def a_slurm_spec(*groups: WishedGroup, **members: Any) -> ClusterSpec:
    """A Slurm cluster with a controller and a compute group, unless groups are given."""
    controller = a_plain_group("controller", count=1, slurm={"node_type": "Controller"})
    compute = a_group("workers", slurm={"node_type": "Compute", "partition_names": ("train",)})
    return a_spec(*(groups or (controller, compute)), **{"orchestrator": ON_SLURM, **members})


def an_identity(**members: Any) -> Identity:
    usual = {"account": ACCOUNT, "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/ada", "region": REGION}
    return Identity(**{**usual, **members})


def a_subnet(subnet_id: str = "subnet-1", zone_id: str = "usw2-az1", **members: Any) -> Subnet:
    usual = {"vpc_id": "vpc-1", "zone": f"{REGION}a", "cidr": "10.0.0.0/20", "free_addresses": 4000}
    return Subnet(subnet_id=subnet_id, zone_id=zone_id, **{**usual, **members})


def a_permission(
    direction: Direction = Direction.OUT,
    protocol: str = "-1",
    *,
    ports: tuple[int, int] | None = None,
    **peer: str | None,
) -> Permission:
    """A rule for all protocols; `peer` is `group_id`, `cidr` or `prefix_list_id`, everybody unless given."""
    first, last = ports or (None, None)
    return Permission(direction, protocol, first, last, **(peer or {"cidr": "0.0.0.0/0"}))


def a_security_group(group_id: str = "sg-nodes", **members: Any) -> SecurityGroup:
    """A group that admits itself in and out, and lets everything out."""
    own = tuple(a_permission(direction, group_id=group_id) for direction in Direction)
    usual = {"name": "nodes", "vpc_id": "vpc-1", "permissions": (*own, a_permission())}
    return SecurityGroup(group_id=group_id, **{**usual, **members})


def a_vpc(vpc_id: str = "vpc-1", **members: Any) -> Vpc:
    usual = {"cidrs": ("10.0.0.0/16",), "dns_support": True, "dns_hostnames": True, "dhcp_options_id": "dopt-1"}
    return Vpc(vpc_id=vpc_id, **{**usual, **members})


def a_route(target: str = "nat-1", destination: str = "0.0.0.0/0", state: str = "active") -> Route:
    return Route(destination=destination, target=target, state=state)


def a_route_table(*routes: Route, **members: Any) -> RouteTable:
    """The main route table of the VPC: private, with a way out through a NAT gateway unless routes are given."""
    usual = {"route_table_id": "rtb-1", "vpc_id": "vpc-1", "main": True, "subnet_ids": ()}
    local = a_route("local", "10.0.0.0/16")
    return RouteTable(routes=(local, *(routes or (a_route(),))), **{**usual, **members})


def an_acl_entry(direction: Direction, **members: Any) -> AclEntry:
    """An entry that lets everything through."""
    usual = {"number": 100, "allow": True, "protocol": "-1", "cidr": "0.0.0.0/0"}
    return AclEntry(direction=direction, **{**usual, **members})


def a_network_acl(*entries: AclEntry, **members: Any) -> NetworkAcl:
    """The network ACL of both subnets, which lets everything through unless entries are given."""
    usual = {"acl_id": "acl-1", "vpc_id": "vpc-1", "subnet_ids": ("subnet-1", "subnet-2")}
    return NetworkAcl(
        entries=entries or tuple(an_acl_entry(direction) for direction in Direction), **{**usual, **members}
    )


def an_endpoint(service: str = "s3", **members: Any) -> VpcEndpoint:
    """A VPC endpoint: the S3 gateway of the main route table, an interface endpoint for any other service."""
    kind = {"kind": "Gateway", "private_dns": False, "route_table_ids": ("rtb-1",)}
    if service != "s3":
        groups = {"subnet_ids": ("subnet-1",), "security_group_ids": ("sg-nodes",)}
        kind = {"kind": "Interface", "private_dns": True, **groups}
    usual = {"endpoint_id": f"vpce-{service}", "vpc_id": "vpc-1", "state": "available", **kind}
    return VpcEndpoint(service=f"com.amazonaws.{REGION}.{service}", **{**usual, **members})


def a_file_system(file_system_id: str = "fs-0123456789abcdef0", **members: Any) -> FileSystem:
    """A Lustre file system in the subnet of `a_group`'s nodes."""
    usual = {
        "kind": "LUSTRE",
        "lifecycle": "AVAILABLE",
        "vpc_id": "vpc-1",
        "subnet_ids": ("subnet-1",),
        "dns_name": f"{file_system_id}.fsx.{REGION}.amazonaws.com",
        "mount_name": "abcdefgh",
        "interface_ids": ("eni-fsx",),
    }
    return FileSystem(file_system_id=file_system_id, **{**usual, **members})


def an_open_zfs(file_system_id: str = "fs-0fedcba9876543210", **members: Any) -> FileSystem:
    """An OpenZFS file system in the subnet of `a_group`'s nodes."""
    return a_file_system(file_system_id, **{"kind": "OPENZFS", "mount_name": None, **members})


def a_quota(name: str = "ml.p5.48xlarge for cluster usage", code: str = "L-8762A75F", value: float = 100.0) -> Quota:
    return Quota(name=name, code=code, value=value)


def a_role(name: str = "hyperpod-execution", **members: Any) -> Role:
    """A role that SageMaker may assume."""
    usual = {"arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "trusted_services": frozenset({"sagemaker.amazonaws.com"})}
    return Role(name=name, **{**usual, **members})


def a_training_plan(arn: str = PLAN_ARN, **members: Any) -> TrainingPlan:
    """An active plan of four EFA nodes in the zone of `a_subnet`."""
    usual = {
        "name": arn.rpartition("/")[2],
        "status": "Active",
        "target_resources": ("hyperpod-cluster",),
        "instance_type": EFA_TYPE,
        "available_count": 4,
        "zone_id": "usw2-az1",
        "start_at": NOW - timedelta(days=1),
        "end_at": NOW + timedelta(days=6),
    }
    return TrainingPlan(arn=arn, **{**usual, **members})


def an_addon(name: str = "vpc-cni", **members: Any) -> Addon:
    return Addon(name=name, **{"version": "v1.0.0-eksbuild.1", "status": "ACTIVE", **members})


def an_eks_cluster(name: str = "training", **members: Any) -> EksCluster:
    usual = {
        "arn": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{name}",
        "status": "ACTIVE",
        "version": "1.33",
        "authentication_mode": "API",
        "vpc_id": "vpc-1",
        "subnet_ids": ("subnet-1", "subnet-2"),
        "cluster_security_group_id": "sg-eks",
    }
    return EksCluster(name=name, **{**usual, **members})


def an_access_entry(*policies: str, **members: Any) -> AccessEntry:
    names = policies or ("AmazonEKSClusterAdminPolicy",)
    arns = (f"arn:aws:eks::aws:cluster-access-policy/{name}" for name in names)
    usual = {"principal_arn": f"arn:aws:iam::{ACCOUNT}:role/Admin", "policies": tuple(map(AccessPolicy, arns))}
    return AccessEntry(**{**usual, **members})


def a_kubernetes_node(name: str, instance_type: str = EFA_TYPE, **members: Any) -> KubernetesNode:
    """A node of the live cluster, with all that its type has."""
    offered = catalog_instance_type(instance_type).kubernetes_resources
    usual = {
        "labels": {
            "node.kubernetes.io/instance-type": instance_type,
            "sagemaker.amazonaws.com/cluster-name": "ml-cluster",
            "sagemaker.amazonaws.com/node-health-status": "Schedulable",
        },
        "allocatable": {resource: str(count) for resource, count in offered.items()},
        "ready": True,
        "version": "v1.33.5-eks-3025e55",
    }
    return KubernetesNode(name=name, **{**usual, **members})


def a_live_group(name: str = "workers", current: int = 2, target: int = 2, **members: Any) -> InstanceGroup:
    usual = {"instance_type": EFA_TYPE, "status": "InService", "execution_role": ROLE}
    return InstanceGroup(name=name, current_count=current, target_count=target, **{**usual, **members})


def a_cluster(status: str = "InService", *groups: InstanceGroup, **members: Any) -> Cluster:
    """A live cluster with continuous provisioning on EKS."""
    usual = {
        "name": "ml-cluster",
        "arn": CLUSTER_ARN,
        "created_at": NOW - timedelta(minutes=5),
        "orchestrator": "eks",
        "eks_cluster_arn": EKS_ARN,
        "node_recovery": "Automatic",
        "node_provisioning": "Continuous",
        "subnet_ids": ("subnet-1",),
        "security_group_ids": ("sg-nodes",),
        "instance_groups": groups or (a_live_group(),),
    }
    return Cluster(status=status, **{**usual, **members})


def a_summary(name: str = "ml-cluster", **members: Any) -> ClusterSummary:
    return ClusterSummary(name=name, **{"arn": CLUSTER_ARN, "status": "InService", "created_at": NOW, **members})


def a_node(node_id: str = "i-0a1b2c3d4e5f60718", status: str = "Running", **members: Any) -> Node:
    usual = {"instance_group": "workers", "instance_type": EFA_TYPE}
    return Node(node_id=node_id, status=status, **{**usual, **members})


def an_event(event_id: str, after_s: float = 0.0, **members: Any) -> Event:
    """An event `after_s` seconds from NOW."""
    usual = {"level": "Info", "resource_type": "Cluster", "description": f"event {event_id}"}
    return Event(event_id=event_id, time=NOW + timedelta(seconds=after_s), **{**usual, **members})


def an_error(event_id: str, after_s: float = 0.0, **members: Any) -> Event:
    """An error event of the group `workers`."""
    return an_event(event_id, after_s, **{"level": "Error", "instance_group": "workers", **members})


def a_finding(
    level: Literal["fail", "warn", "note"],
    subject: str,
    message: str,
    *evidence: str,
    remedy: str | None = None,
    path: tuple[str | int, ...] = (),
) -> Finding:
    return Finding(level=level, subject=subject, message=message, evidence=evidence, remedy=remedy, path=path)


def a_result(check_id: str, outcome: Outcome, **members: Any) -> CheckResult:
    return CheckResult(id=check_id, title=f"title of {check_id}", outcome=outcome, **{"blocking": True, **members})


def a_check_report(*results: CheckResult) -> CheckReport:
    return CheckReport(subject="cluster/ml-cluster", results=results)
