"""The wish for a HyperPod cluster: one model for both files that people write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import StrictBool, StringConstraints

from hpctl import terms
from hpctl.spec.frozen_map import Frozen, FrozenMap
from hpctl.spec.groups import Group, InstanceGroup
from hpctl.spec.limits import Limits, OrPlaceholder
from hpctl.spec.members import Member, UpdatePolicy
from hpctl.spec.model import SpecModel
from hpctl.spec.network import Network
from hpctl.spec.orchestrator import Orchestrator
from hpctl.spec.restricted import RestrictedInstanceGroup, RestrictedInstanceGroupsConfig


class AutoScaling(SpecModel):
    """Scaling by HyperPod itself (SageMaker `ClusterAutoScalingConfig`)."""

    aws_shape: ClassVar[str] = "ClusterAutoScalingConfig"

    mode: Annotated[
        Annotated[str, Limits("ClusterAutoScalingMode")],
        Member("Mode", "Whether the cluster scales itself", UpdatePolicy.IN_PLACE),
    ]
    auto_scaler_type: Annotated[
        Annotated[str, Limits("ClusterAutoScalerType")] | None,
        Member("AutoScalerType", "What decides on the scale", UpdatePolicy.IN_PLACE),
    ] = None


class TieredStorage(SpecModel):
    """Node memory as a tier for checkpoints (SageMaker `ClusterTieredStorageConfig`)."""

    aws_shape: ClassVar[str] = "ClusterTieredStorageConfig"

    mode: Annotated[
        Annotated[str, Limits("ClusterConfigMode")],
        Member("Mode", "Whether nodes set memory aside", UpdatePolicy.IN_PLACE),
    ]
    instance_memory_allocation_percentage: Annotated[
        Annotated[int, Limits("ClusterInstanceMemoryAllocationPercentage")] | None,
        Member("InstanceMemoryAllocationPercentage", "Percent of each node's memory", UpdatePolicy.IN_PLACE),
    ] = None


class ClusterSpec(SpecModel):
    """A HyperPod cluster as somebody wants it (SageMaker `CreateClusterRequest`)."""

    aws_shape: ClassVar[str] = "CreateClusterRequest"

    api_version: Annotated[
        Literal["hpctl/v1"], Member(None, "Version of this file's format", UpdatePolicy.IN_PLACE)
    ] = "hpctl/v1"
    kind: Annotated[Literal["Cluster"], Member(None, "What the file describes", UpdatePolicy.IN_PLACE)] = "Cluster"
    name: Annotated[
        Annotated[str, Limits("ClusterName")],
        Member("ClusterName", "Name of the cluster, unique in the account and Region", UpdatePolicy.NEVER),
    ]
    region: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[a-z]{2,}(-[a-z]+)+-\d+$"), OrPlaceholder()] | None,
        Member(None, "Region of the cluster; hpctl refuses to act in another", UpdatePolicy.NEVER),
    ] = None
    account: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$"), OrPlaceholder()] | None,
        Member(None, "Guard: hpctl refuses to act in any other account", UpdatePolicy.NEVER),
    ] = None
    orchestrator: Annotated[
        Orchestrator | None,
        Member("Orchestrator", "EKS or Slurm; Slurm with its legacy file when absent", UpdatePolicy.IN_PLACE),
    ] = None
    network: Annotated[
        Network | None, Member("VpcConfig", "Subnets and security groups of the nodes", UpdatePolicy.NEVER)
    ] = None
    multi_az: Annotated[
        StrictBool,
        Member(None, "True to accept groups with EFA in different zones", UpdatePolicy.IN_PLACE),
    ] = False
    protection: Annotated[
        StrictBool,
        Member(None, "True makes hpctl refuse to delete the cluster until it is lifted", UpdatePolicy.IN_PLACE),
    ] = False
    instance_groups: Annotated[
        tuple[InstanceGroup, ...],
        Limits("ClusterInstanceGroupSpecifications"),
        Member("InstanceGroups", "Groups of nodes", UpdatePolicy.IN_PLACE),
    ] = ()
    restricted_instance_groups: Annotated[
        tuple[RestrictedInstanceGroup, ...],
        Limits("ClusterRestrictedInstanceGroupSpecifications"),
        Member("RestrictedInstanceGroups", "Groups for customising Amazon Nova models", UpdatePolicy.IN_PLACE),
    ] = ()
    restricted_instance_groups_config: Annotated[
        RestrictedInstanceGroupsConfig | None,
        Member("RestrictedInstanceGroupsConfig", "Settings of all restricted groups", UpdatePolicy.IN_PLACE),
    ] = None
    node_recovery: Annotated[
        Annotated[str, Limits("ClusterNodeRecovery")] | None,
        Member("NodeRecovery", "Whether HyperPod reboots or replaces faulty nodes itself", UpdatePolicy.IN_PLACE),
    ] = None
    node_provisioning: Annotated[
        Annotated[str, Limits("ClusterNodeProvisioningMode")] | None,
        Member("NodeProvisioningMode", "`Continuous` brings nodes as they come, with events", UpdatePolicy.NEVER),
    ] = None
    cluster_role: Annotated[
        Annotated[str, Limits("RoleArn")] | None,
        Member("ClusterRole", "ARN of the IAM role that scales the cluster", UpdatePolicy.IN_PLACE),
    ] = None
    auto_scaling: Annotated[
        AutoScaling | None, Member("AutoScaling", "Scaling by HyperPod itself", UpdatePolicy.IN_PLACE)
    ] = None
    tiered_storage: Annotated[
        TieredStorage | None,
        Member("TieredStorageConfig", "Node memory as a tier for checkpoints", UpdatePolicy.IN_PLACE),
    ] = None
    tags: Annotated[
        Mapping[Annotated[str, Limits("TagKey")], Annotated[str, Limits("TagValue")]],
        Limits("TagList"),
        *Frozen,
        Member("Tags", "Tags of the cluster", UpdatePolicy.IN_PLACE),
    ] = FrozenMap()

    @property
    def all_groups(self) -> tuple[Group, ...]:
        """Both kinds of groups, in the order of the file."""
        return (*self.instance_groups, *self.restricted_instance_groups)

    def effective_network(self, group: Group) -> Network | None:
        """Give the network that `group` is in: its own, else the cluster's."""
        return group.override_network or self.network

    @property
    def networks(self) -> tuple[Network, ...]:
        """The cluster's network and every group's own, in the order of the file."""
        own = (group.override_network for group in self.all_groups)
        return tuple(network for network in (self.network, *own) if network)

    @property
    def subnet_ids(self) -> tuple[str, ...]:
        """Every subnet that the spec names, once, in the order of the file."""
        return tuple(dict.fromkeys(subnet for network in self.networks for subnet in network.subnet_ids))

    @property
    def security_group_ids(self) -> tuple[str, ...]:
        """Every security group that the spec names, once, in the order of the file."""
        return tuple(dict.fromkeys(group for network in self.networks for group in network.security_group_ids))

    @property
    def kind_of_orchestrator(self) -> terms.Orchestrator:
        """Who schedules; without an orchestrator HyperPod makes a Slurm cluster (AWS documentation)."""
        eks = self.orchestrator is not None and self.orchestrator.eks is not None
        return terms.Orchestrator.EKS if eks else terms.Orchestrator.SLURM
