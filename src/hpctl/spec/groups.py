"""Instance groups: what runs, how many of it, and how its nodes are prepared."""

from __future__ import annotations

from typing import Annotated, ClassVar

from hpctl.spec.deployment import AutoPatch, ScheduledUpdate
from hpctl.spec.group_parts import (
    Capacity,
    InstanceRequirements,
    InstanceType,
    KubernetesNodes,
    Lifecycle,
    SlurmNodes,
)
from hpctl.spec.limits import Limits
from hpctl.spec.members import Member, UpdatePolicy
from hpctl.spec.model import SpecModel
from hpctl.spec.network import Network, NetworkInterface
from hpctl.spec.storage import Storage

Count = Annotated[int, Limits("ClusterInstanceCount")]


class Group(SpecModel):
    """What every kind of instance group has."""

    name: Annotated[
        Annotated[str, Limits("ClusterInstanceGroupName")],
        Member("InstanceGroupName", "Name of the group, unique in the cluster", UpdatePolicy.REPLACES_GROUP),
    ]
    type: Annotated[
        InstanceType | None,
        Member("InstanceType", "Instance type of every node, with its `ml.`", UpdatePolicy.REPLACES_GROUP),
    ] = None
    count: Annotated[Count, Member("InstanceCount", "Nodes wanted; 0 is legal", UpdatePolicy.IN_PLACE)]
    execution_role: Annotated[
        Annotated[str, Limits("RoleArn")],
        Member("ExecutionRole", "ARN of the IAM role that nodes assume", UpdatePolicy.IN_PLACE),
    ]
    threads_per_core: Annotated[
        Annotated[int, Limits("ClusterThreadsPerCore")] | None,
        Member("ThreadsPerCore", "2 keeps hyper-threading on; AWS's default is 1", UpdatePolicy.IN_PLACE),
    ] = None
    storage: Annotated[
        tuple[Storage, ...],
        Limits("ClusterInstanceStorageConfigs"),
        Member("InstanceStorageConfigs", "What nodes mount; a change reaches new nodes only", UpdatePolicy.IN_PLACE),
    ] = ()
    deep_health_checks: Annotated[
        tuple[Annotated[str, Limits("DeepHealthCheckType")], ...],
        Limits("OnStartDeepHealthChecks"),
        Member("OnStartDeepHealthChecks", "Stress tests of each new node, about two hours", UpdatePolicy.IN_PLACE),
    ] = ()
    training_plan_arn: Annotated[
        Annotated[str, Limits("TrainingPlanArn")] | None,
        Member("TrainingPlanArn", "Training plan whose reserved capacity is used", UpdatePolicy.IN_PLACE),
    ] = None
    override_network: Annotated[
        Network | None,
        Member("OverrideVpcConfig", "The group's own network instead of the cluster's", UpdatePolicy.REPLACES_GROUP),
    ] = None
    scheduled_update: Annotated[
        ScheduledUpdate | None,
        Member("ScheduledUpdateConfig", "Software updates by the calendar", UpdatePolicy.IN_PLACE),
    ] = None

    @property
    def types(self) -> tuple[str, ...]:
        """The instance types that a node may have, the preferred one first."""
        return (self.type,) if self.type else ()


class InstanceGroup(Group):
    """Nodes of one kind (SageMaker `ClusterInstanceGroupSpecification`)."""

    aws_shape: ClassVar[str] = "ClusterInstanceGroupSpecification"
    exactly_one: ClassVar[tuple[str, ...]] = ("type", "instance_requirements")

    instance_requirements: Annotated[
        InstanceRequirements | None,
        Member("InstanceRequirements", "Several instance types instead of one", UpdatePolicy.REPLACES_GROUP),
    ] = None
    min_count: Annotated[
        Count | None,
        Member("MinInstanceCount", "Nodes without which the group fails after three hours", UpdatePolicy.IN_PLACE),
    ] = None
    lifecycle: Annotated[
        Lifecycle | None, Member("LifeCycleConfig", "Scripts that prepare each node", UpdatePolicy.IN_PLACE)
    ] = None
    capacity: Annotated[
        Capacity | None,
        Member("CapacityRequirements", "On-demand or Spot capacity", UpdatePolicy.REPLACES_GROUP),
    ] = None
    kubernetes: Annotated[
        KubernetesNodes | None,
        Member("KubernetesConfig", "Labels and taints of the Kubernetes nodes", UpdatePolicy.IN_PLACE),
    ] = None
    slurm: Annotated[
        SlurmNodes | None,
        Member("SlurmConfig", "What the nodes are to Slurm", UpdatePolicy.IN_PLACE),
    ] = None
    network_interface: Annotated[
        NetworkInterface | None,
        Member("NetworkInterface", "Kind of the nodes' network interfaces", UpdatePolicy.REPLACES_GROUP),
    ] = None
    image_id: Annotated[
        Annotated[str, Limits("ImageId")] | None,
        Member("ImageId", "AMI of the nodes, or `default`", UpdatePolicy.IN_PLACE),
    ] = None
    image_release_version: Annotated[
        Annotated[str, Limits("ImageReleaseVersion")] | None,
        Member("ImageReleaseVersion", "Release of HyperPod's AMI, such as `1.2.3`", UpdatePolicy.IN_PLACE),
    ] = None
    auto_patch: Annotated[
        AutoPatch | None, Member("AutoPatchConfig", "Patching by HyperPod itself", UpdatePolicy.IN_PLACE)
    ] = None

    @property
    def types(self) -> tuple[str, ...]:
        """The instance types that a node may have, the preferred one first."""
        return self.instance_requirements.instance_types if self.instance_requirements else super().types
