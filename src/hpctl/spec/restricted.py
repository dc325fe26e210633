"""Restricted instance groups: nodes for customising Amazon Nova models, closed to their owner."""

from __future__ import annotations

from typing import Annotated, ClassVar

from hpctl.spec.group_parts import InstanceType
from hpctl.spec.groups import Group
from hpctl.spec.limits import Limits
from hpctl.spec.members import Member, UpdatePolicy
from hpctl.spec.model import SpecModel


class LustreEnvironment(SpecModel):
    """A Lustre file system that HyperPod makes (SageMaker `FSxLustreConfig`)."""

    aws_shape: ClassVar[str] = "FSxLustreConfig"

    size_in_gib: Annotated[
        Annotated[int, Limits("FSxLustreSizeInGiB")], Member("SizeInGiB", "Capacity in GiB", UpdatePolicy.IN_PLACE)
    ]
    per_unit_storage_throughput: Annotated[
        Annotated[int, Limits("FSxLustrePerUnitStorageThroughput")],
        Member("PerUnitStorageThroughput", "Throughput in MB/s for each TiB", UpdatePolicy.IN_PLACE),
    ]


class GroupEnvironment(SpecModel):
    """What HyperPod sets up around one restricted group (SageMaker `EnvironmentConfig`)."""

    aws_shape: ClassVar[str] = "EnvironmentConfig"

    fsx_lustre: Annotated[
        LustreEnvironment | None, Member("FSxLustreConfig", "The group's file system", UpdatePolicy.IN_PLACE)
    ] = None


class RestrictedInstanceGroup(Group):
    """Nodes of one kind, restricted (SageMaker `ClusterRestrictedInstanceGroupSpecification`)."""

    aws_shape: ClassVar[str] = "ClusterRestrictedInstanceGroupSpecification"

    type: Annotated[
        InstanceType,
        Member("InstanceType", "Instance type of every node, with its `ml.`", UpdatePolicy.REPLACES_GROUP),
    ]
    environment: Annotated[
        GroupEnvironment | None,
        Member("EnvironmentConfig", "What HyperPod sets up around the group", UpdatePolicy.IN_PLACE),
    ] = None


class SharedEnvironment(SpecModel):
    """What HyperPod sets up around all restricted groups (SageMaker `ClusterSharedEnvironmentConfig`)."""

    aws_shape: ClassVar[str] = "ClusterSharedEnvironmentConfig"

    fsx_lustre_deletion_policy: Annotated[
        Annotated[str, Limits("ClusterFSxLustreDeletionPolicy")],
        Member("FSxLustreDeletionPolicy", "What becomes of the file system with the cluster", UpdatePolicy.IN_PLACE),
    ]
    fsx_lustre: Annotated[
        LustreEnvironment, Member("FSxLustreConfig", "The file system that groups share", UpdatePolicy.IN_PLACE)
    ]


class RestrictedInstanceGroupsConfig(SpecModel):
    """Settings of all restricted groups (SageMaker `ClusterRestrictedInstanceGroupsConfig`)."""

    aws_shape: ClassVar[str] = "ClusterRestrictedInstanceGroupsConfig"

    shared_environment: Annotated[
        SharedEnvironment,
        Member("SharedEnvironmentConfig", "What HyperPod sets up around the groups", UpdatePolicy.IN_PLACE),
    ]
