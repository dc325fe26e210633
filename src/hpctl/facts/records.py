"""What ports return: frozen rows, in AWS's words.

Statuses and levels stay plain strings, because a newer service may answer with a newer word.
Times are aware `datetime`s in UTC. Source of every member: botocore's service models.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is calling (STS GetCallerIdentity), and where."""

    account: str
    arn: str
    region: str
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Subnet:
    """One subnet (EC2 DescribeSubnets). `zone_id` is the same in every account, `zone` is not."""

    subnet_id: str
    vpc_id: str
    zone: str
    zone_id: str
    cidr: str
    free_addresses: int


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """One security group (EC2 DescribeSecurityGroups)."""

    group_id: str
    name: str
    vpc_id: str


@dataclass(frozen=True, slots=True)
class EksCluster:
    """One EKS cluster (EKS DescribeCluster)."""

    name: str
    arn: str
    status: str
    version: str
    authentication_mode: str
    vpc_id: str


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """One row of ListClusters."""

    name: str
    arn: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class InstanceGroup:
    """One instance group as DescribeCluster tells it; `status` is absent in older answers."""

    name: str
    instance_type: str
    status: str | None
    current_count: int
    target_count: int
    execution_role: str | None = None
    threads_per_core: int | None = None
    subnet_ids: tuple[str, ...] = ()
    slurm_node_type: str | None = None

    @property
    def settled(self) -> bool:
        """True when as many nodes run as were asked for."""
        return self.current_count == self.target_count


@dataclass(frozen=True, slots=True)
class Cluster:
    """One HyperPod cluster (DescribeCluster)."""

    name: str
    arn: str
    status: str
    created_at: datetime
    orchestrator: str
    eks_cluster_arn: str | None
    node_recovery: str | None
    node_provisioning: str | None
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    instance_groups: tuple[InstanceGroup, ...]
    failure_message: str | None = None

    @property
    def cluster_id(self) -> str:
        """The 12 characters that end the ARN: the log group and Session Manager targets are named by it."""
        return self.arn.rpartition("/")[2]

    @property
    def continuous(self) -> bool:
        """Whether nodes are provisioned one by one, which is also what publishes events."""
        return self.node_provisioning == "Continuous"


@dataclass(frozen=True, slots=True)
class Node:
    """One node (ListClusterNodes; the members after `message` come from DescribeClusterNode alone)."""

    node_id: str
    instance_group: str
    instance_type: str
    status: str
    message: str | None = None
    logical_id: str | None = None
    launched_at: datetime | None = None
    private_dns_name: str | None = None
    private_ip: str | None = None
    zone: str | None = None
    zone_id: str | None = None
    threads_per_core: int | None = None
    image_id: str | None = None
    lifecycle_script: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One cluster event; `failure_message` comes from DescribeClusterEvent alone."""

    event_id: str
    time: datetime
    level: str
    resource_type: str
    description: str
    instance_group: str | None = None
    node_id: str | None = None
    failure_message: str | None = None
