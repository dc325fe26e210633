"""The smaller structures of an instance group."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from hpctl.spec.frozen_map import Frozen, FrozenMap
from hpctl.spec.limits import Limits
from hpctl.spec.members import Member, UpdatePolicy
from hpctl.spec.model import SpecModel
from hpctl.terms import SlurmNodeType

InstanceType = Annotated[str, Limits("ClusterInstanceType")]


class Capacity(StrEnum):
    """Which capacity instances come from (SageMaker `ClusterCapacityRequirements`, a structure of markers)."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"


class InstanceRequirements(SpecModel):
    """Several instance types, best first, instead of one (SageMaker `ClusterInstanceRequirements`)."""

    aws_shape: ClassVar[str] = "ClusterInstanceRequirements"

    instance_types: Annotated[
        tuple[InstanceType, ...],
        Limits("ClusterInstanceTypes"),
        Member("InstanceTypes", "Instance types that will do, the preferred one first", UpdatePolicy.IN_PLACE),
    ]


class Lifecycle(SpecModel):
    """Scripts that prepare each node (SageMaker `ClusterLifeCycleConfig`)."""

    aws_shape: ClassVar[str] = "ClusterLifeCycleConfig"

    source_s3_uri: Annotated[
        Annotated[str, Limits("S3Uri")] | None,
        Member("SourceS3Uri", "S3 folder with the scripts", UpdatePolicy.IN_PLACE),
    ] = None
    on_create: Annotated[
        Annotated[str, Limits("ClusterLifeCycleConfigFileName")] | None,
        Member("OnCreate", "Script in that folder that runs while a node is made", UpdatePolicy.IN_PLACE),
    ] = None
    on_init_complete: Annotated[
        Annotated[str, Limits("ClusterLifeCycleConfigFileName")] | None,
        Member("OnInitComplete", "Script in that folder that runs once a node is initialised", UpdatePolicy.IN_PLACE),
    ] = None


class Taint(SpecModel):
    """A Kubernetes taint of each node (SageMaker `ClusterKubernetesTaint`)."""

    aws_shape: ClassVar[str] = "ClusterKubernetesTaint"

    key: Annotated[
        Annotated[str, Limits("ClusterKubernetesTaintKey")],
        Member("Key", "Key of the taint", UpdatePolicy.IN_PLACE),
    ]
    value: Annotated[
        Annotated[str, Limits("ClusterKubernetesTaintValue")] | None,
        Member("Value", "Value of the taint", UpdatePolicy.IN_PLACE),
    ] = None
    effect: Annotated[
        Annotated[str, Limits("ClusterKubernetesTaintEffect")],
        Member("Effect", "What the taint does to pods that do not tolerate it", UpdatePolicy.IN_PLACE),
    ]


class KubernetesNodes(SpecModel):
    """How Kubernetes sees the group's nodes (SageMaker `ClusterKubernetesConfig`)."""

    aws_shape: ClassVar[str] = "ClusterKubernetesConfig"

    labels: Annotated[
        Mapping[
            Annotated[str, Limits("ClusterKubernetesLabelKey")],
            Annotated[str, Limits("ClusterKubernetesLabelValue")],
        ],
        Limits("ClusterKubernetesLabels"),
        *Frozen,
        Member("Labels", "Labels of each node", UpdatePolicy.IN_PLACE),
    ] = FrozenMap()
    taints: Annotated[
        tuple[Taint, ...],
        Limits("ClusterKubernetesTaints"),
        Member("Taints", "Taints of each node", UpdatePolicy.IN_PLACE),
    ] = ()


class SlurmNodes(SpecModel):
    """What the group's nodes are to Slurm (SageMaker `ClusterSlurmConfig`)."""

    aws_shape: ClassVar[str] = "ClusterSlurmConfig"

    node_type: Annotated[
        Annotated[SlurmNodeType, Limits("ClusterSlurmNodeType")],
        Member("NodeType", "What the nodes do for Slurm", UpdatePolicy.REPLACES_GROUP),
    ]
    partition_names: Annotated[
        tuple[Annotated[str, Limits("ClusterPartitionName")], ...],
        Limits("ClusterPartitionNames"),
        Member("PartitionNames", "Partition that `Compute` nodes are in", UpdatePolicy.IN_PLACE),
    ] = ()
