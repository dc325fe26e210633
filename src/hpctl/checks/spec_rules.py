"""What the request says about itself: names, counts and members that must fit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.checks.declare import Path, check, fail, note, warn
from hpctl.checks.walk import all_groups, instance_groups
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.group_parts import Capacity
from hpctl.spec.groups import Group, InstanceGroup
from hpctl.terms import AcceleratorKind, Orchestrator

SMT = 2
"""Hardware threads of a core with simultaneous multithreading."""

GROUPS_USUAL = 20
"""Groups a cluster could have in older service documentation; the API takes up to 100."""

TAGS_OWN = 2
"""Tags that hpctl adds to what it creates (run id and spec digest)."""

TAGS_MAX = 50
"""Tags a resource can carry (SageMaker `TagList`)."""


@check("spec-groups-unique", "instance group names are unique", about=("instance_groups", "restricted_instance_groups"))
def groups_unique(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Group names identify groups in every later call, so that no two may be equal, restricted groups included."""
    seen = Counter(group.name for group in spec.all_groups)
    for path, group in all_groups(spec):
        if seen[group.name] > 1:
            yield fail(
                f"instance group/{group.name}",
                f"{seen[group.name]} instance groups are named `{group.name}`",
                remedy="give each group a name of its own",
                at=(*path, "name"),
            )


@check("spec-groups-count", "the cluster has instance groups, and not too many", about=("instance_groups",))
def groups_count(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """CreateCluster takes 1 to 100 groups; older service documentation said 20, so that more earn a warning."""
    count = len(spec.all_groups)
    if count == 0:
        yield fail(f"cluster/{spec.name}", "has no instance group", remedy="add one under `instance_groups`")
    elif count > GROUPS_USUAL:
        yield warn(
            f"cluster/{spec.name}",
            f"{count} instance groups; support may have to raise the limit of {GROUPS_USUAL}",
            at=("instance_groups",),
        )


@check("spec-count-min", "node counts are consistent", about=("instance_groups",))
def count_min(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """`min_count` cannot exceed `count`; a group that does not reach it within three hours is rolled back."""
    for path, group in instance_groups(spec):
        if group.min_count is not None and group.min_count > group.count:
            yield fail(
                f"instance group/{group.name}",
                f"min_count {group.min_count} is above count {group.count}",
                remedy=f"min_count: {group.count}",
                at=(*path, "min_count"),
            )
        if group.count == 0:
            yield note(f"instance group/{group.name}", "asks for no nodes yet", at=(*path, "count"))


@check("spec-threads-valid", "threads_per_core fits the instance type", about=("instance_groups",))
def threads_valid(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Graviton, c8a, m8a and g7 types have one hardware thread a core: 2 is refused there.

    Source: `VCpuInfo.ValidThreadsPerCore` of EC2 DescribeInstanceTypes.
    """
    for path, group in all_groups(spec):
        for known in _types(group):
            allowed = known.threads_per_core
            if group.threads_per_core and allowed and group.threads_per_core not in allowed:
                yield fail(
                    f"instance group/{group.name}",
                    f"`{known.name}` has no {group.threads_per_core} threads per core",
                    f"allowed: {', '.join(map(str, allowed))}",
                    remedy=f"threads_per_core: {max(allowed)}",
                    at=(*path, "threads_per_core"),
                )


@check("spec-threads-default", "accelerated groups use all their vCPUs", about=("instance_groups",), blocking=False)
def threads_default(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Without `threads_per_core` HyperPod takes 1, which halves the vCPUs: a p5.48xlarge then shows 96."""
    for path, group in all_groups(spec):
        for known in _types(group):
            accelerated = known.accelerator_kind is not AcceleratorKind.NONE
            if accelerated and SMT in (known.threads_per_core or ()) and group.threads_per_core != SMT:
                yield warn(
                    f"instance group/{group.name}",
                    f"`{known.name}` will show half of its {known.vcpus} vCPUs",
                    f"seen: threads_per_core {group.threads_per_core or 'not set (1)'}",
                    remedy="threads_per_core: 2",
                    at=(*path, "threads_per_core"),
                )


@check("spec-deep-checks", "deep health checks fit their group", about=("instance_groups",))
def deep_checks(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Deep health checks run on accelerated types only, and a group that has them cannot carry taints of its own."""
    for path, group in all_groups(spec):
        if not group.deep_health_checks:
            continue
        at = (*path, "deep_health_checks")
        for known in _types(group):
            if not known.supports_deep_health_checks:
                yield fail(
                    f"instance group/{group.name}",
                    f"`{known.name}` has no deep health checks",
                    remedy=f"remove `deep_health_checks` from `{group.name}`",
                    at=at,
                )
        if isinstance(group, InstanceGroup) and group.kubernetes and group.kubernetes.taints:
            yield fail(
                f"instance group/{group.name}",
                "has deep health checks and custom taints, which exclude each other",
                remedy="remove the taints or the deep health checks",
                at=at,
            )


@check("spec-eks-network", "a cluster on EKS names its network", about=("network", "orchestrator"))
def eks_network(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """On EKS the nodes must be in the EKS cluster's VPC, so that CreateCluster demands a VpcConfig."""
    if spec.kind_of_orchestrator is Orchestrator.EKS and spec.network is None:
        yield fail(
            f"cluster/{spec.name}",
            "is orchestrated by EKS and names no subnets and security groups",
            remedy="add `network: {subnet_ids: [...], security_group_ids: [...]}` of the EKS cluster's VPC",
        )


@check("spec-continuous-required", "features of continuous provisioning have it", about=("node_provisioning",))
def continuous_required(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Spot, several types a group, autoscaling and the accounting database need `node_provisioning: Continuous`.

    Source: AWS documentation of CreateCluster.
    """
    if spec.node_provisioning is not None:
        return
    for feature, path in _continuous_features(spec):
        yield fail(
            f"cluster/{spec.name}",
            f"{feature} needs continuous provisioning",
            remedy="node_provisioning: Continuous",
            at=path,
        )


@check("spec-autoscaling", "a cluster that scales itself is on EKS", about=("auto_scaling", "orchestrator"))
def autoscaling(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """HyperPod scales clusters with Karpenter, which is of Kubernetes. Its role is judged by `iam-cluster-role`."""
    on_eks = spec.kind_of_orchestrator is Orchestrator.EKS
    if spec.auto_scaling and spec.auto_scaling.mode == "Enable" and not on_eks:
        yield fail(
            f"cluster/{spec.name}",
            "scales itself, and no EKS cluster orchestrates it",
            remedy="remove `auto_scaling`",
            at=("auto_scaling",),
        )


@check("spec-kubernetes-config", "labels and taints are on EKS only", about=("instance_groups",))
def kubernetes_config(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Kubernetes labels and taints have no meaning on a cluster that Slurm orchestrates."""
    if spec.kind_of_orchestrator is Orchestrator.EKS:
        return
    for path, group in instance_groups(spec):
        if group.kubernetes:
            yield fail(
                f"instance group/{group.name}",
                "has Kubernetes labels or taints, but no EKS cluster orchestrates it",
                remedy=f"remove `kubernetes` from `{group.name}`",
                at=(*path, "kubernetes"),
            )


@check("spec-lifecycle-config", "lifecycle scripts are named in full, and on EKS at all", about=("instance_groups",))
def lifecycle_config(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """A script is named by its folder and its name there; one without the other runs nothing.

    The API calls lifecycle scripts optional, but the service was seen to demand them on EKS groups (July 2026).
    """
    for path, group in instance_groups(spec):
        subject, lifecycle = f"instance group/{group.name}", group.lifecycle
        if lifecycle is None:
            if spec.kind_of_orchestrator is Orchestrator.EKS:
                yield warn(
                    subject,
                    "has no lifecycle script, which the service may refuse on EKS",
                    remedy="lifecycle: {source_s3_uri: s3://sagemaker-..., on_create: on_create.sh}",
                    at=path,
                )
            continue
        at, named = (*path, "lifecycle"), lifecycle.on_create or lifecycle.on_init_complete
        if named and not lifecycle.source_s3_uri:
            remedy = "source_s3_uri: s3://sagemaker-..."
            yield fail(subject, f"names the script `{named}` and no folder that it is in", remedy=remedy, at=at)
        elif not named:
            yield note(subject, "names a folder of lifecycle scripts and none that runs", at=at)


@check("spec-node-recovery", "faulty nodes are recovered by themselves", about=("node_recovery",), blocking=False)
def node_recovery(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """With `node_recovery: None` a faulty node stays until somebody replaces it, and job auto-resume does not work."""
    if spec.node_recovery == "None":
        yield warn(
            f"cluster/{spec.name}",
            "faulty nodes will not be rebooted or replaced",
            remedy="node_recovery: Automatic",
            at=("node_recovery",),
        )


@check("spec-tags", "tags are the user's own, with room for hpctl's", about=("tags",))
def tags(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """A cluster carries up to 50 tags; hpctl adds two, by which it recognises a cluster it made.

    Keys that begin with `aws:` are AWS's own, and refused (AWS documentation of tags).
    """
    for key in spec.tags:
        if key.casefold().startswith("aws:"):
            message = f"tag `{key}` begins with `aws:`, which is AWS's own"
            yield fail(f"cluster/{spec.name}", message, remedy=f"remove the tag `{key}`", at=("tags", key))
    if len(spec.tags) > TAGS_MAX - TAGS_OWN:
        yield fail(
            f"cluster/{spec.name}",
            f"{len(spec.tags)} tags leave no room for hpctl's {TAGS_OWN}",
            remedy=f"remove {len(spec.tags) - TAGS_MAX + TAGS_OWN} tags",
            at=("tags",),
        )


def _types(group: Group) -> list[InstanceType]:
    return [instance_type(name) for name in group.types]


def _continuous_features(spec: ClusterSpec) -> Iterator[tuple[str, Path]]:
    for path, group in instance_groups(spec):
        if group.capacity is Capacity.SPOT:
            yield f"spot capacity of `{group.name}`", (*path, "capacity")
        if group.instance_requirements:
            yield f"the list of instance types of `{group.name}`", (*path, "instance_requirements")
    if spec.auto_scaling and spec.auto_scaling.mode == "Enable":
        yield "autoscaling", ("auto_scaling",)
    slurm = spec.orchestrator.slurm if spec.orchestrator else None
    if slurm and slurm.accounting_database:
        yield "the Slurm accounting database", ("orchestrator", "slurm", "accounting_database")
