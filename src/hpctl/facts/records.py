"""What ports return: frozen rows, in AWS's words.

Statuses and levels stay plain strings, because a newer service may answer with a newer word.
Times are aware `datetime`s in UTC. Source of every member: botocore's service models.
"""

from __future__ import annotations

from collections.abc import Mapping
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
class Machine:
    """The computer that hpctl runs on: versions of the Python and of the botocore that it runs with."""

    python: str
    botocore: str


@dataclass(frozen=True, slots=True)
class Quota:
    """One service quota with its applied value (Service Quotas); `code` is `L-…`."""

    name: str
    code: str
    value: float


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """One training plan (SageMaker DescribeTrainingPlan): reserved capacity of one type in one zone."""

    arn: str
    name: str
    status: str
    target_resources: tuple[str, ...]
    instance_type: str | None
    available_count: int
    zone_id: str | None
    start_at: datetime | None = None
    end_at: datetime | None = None
    unhealthy_count: int = 0


ANYBODY = "*"
"""A trust policy's word for every principal, services included."""


@dataclass(frozen=True, slots=True)
class Role:
    """One IAM role (IAM GetRole); `trusted_services` may assume it by an Allow without conditions that exclude them."""

    name: str
    arn: str
    trusted_services: frozenset[str]
    created_at: datetime | None = None

    def trusts(self, service: str) -> bool:
        """Whether the service may assume the role."""
        return bool(self.trusted_services & {service, ANYBODY})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What IAM's policy simulation says of one action on one resource.

    `by_organization` when an SCP denies it, `by_boundary` when the principal's permissions boundary does not allow it.

    `missing_context` names the condition keys that decide and that the simulation was not given: a refusal that
    hangs on them says nothing of the real request.
    """

    action: str
    resource: str
    allowed: bool
    decision: str
    by_organization: bool = False
    by_boundary: bool = False
    missing_context: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object in S3; `etag` changes with its content."""

    key: str
    size: int
    etag: str = ""


@dataclass(frozen=True, slots=True)
class KmsKey:
    """One KMS key (KMS DescribeKey).

    `managed_by_aws` marks a service's own, such as `aws/s3`: who may use the service in its account may use it.
    `state` (`Enabled`, `Disabled`, `PendingDeletion`, …) and `spec` are KMS's words.
    """

    arn: str
    managed_by_aws: bool = False
    state: str = "Enabled"
    spec: str = "SYMMETRIC_DEFAULT"


@dataclass(frozen=True, slots=True)
class EksCluster:
    """One EKS cluster (EKS DescribeCluster)."""

    name: str
    arn: str
    status: str
    version: str
    authentication_mode: str
    vpc_id: str
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    cluster_security_group_id: str | None = None
    endpoint_private: bool = True
    endpoint: str | None = None
    certificate_authority: str | None = None


@dataclass(frozen=True, slots=True)
class Addon:
    """One EKS add-on (EKS DescribeAddon); `issues` are its health issues as sentences."""

    name: str
    version: str
    status: str
    issues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """One row of ListClusters."""

    name: str
    arn: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class InstanceGroup:
    """One instance group as DescribeCluster tells it; `status` is absent in older answers.

    `software_update` is how its last update of software stands (absent before the first one); images are AMI ids, and
    `image_version_status` says whether AWS has a newer one (`ClusterImageVersionStatus`).
    """

    name: str
    instance_type: str
    status: str | None
    current_count: int
    target_count: int
    execution_role: str | None = None
    threads_per_core: int | None = None
    subnet_ids: tuple[str, ...] = ()
    slurm_node_type: str | None = None
    capacity_type: str | None = None
    software_update: str | None = None
    current_image: str | None = None
    desired_image: str | None = None
    image_version_status: str | None = None
    training_plan_arn: str | None = None

    @property
    def settled(self) -> bool:
        """True when as many nodes run as were asked for."""
        return self.current_count == self.target_count


@dataclass(frozen=True, slots=True)
class AutoScaling:
    """How HyperPod scales a cluster by itself (`ClusterAutoScalingConfigOutput`)."""

    mode: str
    status: str
    failure_message: str | None = None


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
    auto_scaling: AutoScaling | None = None

    @property
    def cluster_id(self) -> str:
        """The 12 characters that end the ARN: the log group and Session Manager targets are named by it."""
        return self.arn.rpartition("/")[2]

    @property
    def region(self) -> str:
        """The Region that the ARN names, empty where it names none."""
        return "".join(self.arn.split(":")[3:4])

    @property
    def continuous(self) -> bool:
        """Whether nodes are provisioned one by one, which is also what publishes events."""
        return self.node_provisioning == "Continuous"


@dataclass(frozen=True, slots=True)
class Live:
    """A cluster with what it amounts to as a CreateCluster request (plain data, without `Tags`).

    From one DescribeCluster: current values where the service tells current and desired ones apart, except for counts,
    where the target is what was asked for.
    """

    cluster: Cluster
    request: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Scaling:
    """What a scaling operation does to one instance group; `target_count` is what it was asked to reach."""

    instance_group: str
    status: str
    original_count: int
    target_count: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One cluster operation; `scalings` come from DescribeClusterOperation alone."""

    operation_id: str
    type: str
    status: str
    created_at: datetime
    scalings: tuple[Scaling, ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock on a cluster."""

    pid: int
    host: str
    since: datetime


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
    software_updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One cluster event; `failure_message` comes from DescribeClusterEvent alone.

    `derived` ones are no events of AWS's: hpctl makes them of statuses and times where there are no events.
    """

    event_id: str
    time: datetime
    level: str
    resource_type: str
    description: str
    instance_group: str | None = None
    node_id: str | None = None
    failure_message: str | None = None
    derived: bool = False
