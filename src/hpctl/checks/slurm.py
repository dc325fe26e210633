"""Slurm's own rules: one controller, partitions on compute nodes, one strategy."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.catalog.instance_types import instance_type
from hpctl.checks.declare import Path, check, fail, warn
from hpctl.checks.walk import instance_groups
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import InstanceGroup
from hpctl.terms import Orchestrator, SlurmNodeType

_CONTROLLER_VCPUS = 8


@check("slurm-node-type", "instance groups agree on who says their Slurm role", about=("instance_groups",))
def node_type(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Slurm roles come from every group's `slurm` member, or from `provisioning_parameters.json` beside the scripts.

    HyperPod refuses a cluster that uses both models, so a group without a role beside groups with one
    is a mistake; and a role on a cluster that EKS orchestrates has no meaning.
    """
    with_role = [(path, group) for path, group in instance_groups(spec) if group.slurm]
    if spec.kind_of_orchestrator is Orchestrator.EKS:
        for path, group in with_role:
            yield fail(
                f"instance group/{group.name}",
                "has a Slurm role, but the cluster is orchestrated by EKS",
                remedy=f"remove `slurm` from `{group.name}`",
                at=(*path, "slurm"),
            )
        return
    for path, group in instance_groups(spec):
        if with_role and not group.slurm:
            yield fail(
                f"instance group/{group.name}",
                "has no Slurm node type, while other groups have one",
                remedy="add `slurm: {node_type: Compute}` (or Controller, or Login)",
                at=path,
            )


@check(
    "slurm-controller-single",
    "exactly one group is the Slurm controller",
    about=("instance_groups",),
    only_on=Orchestrator.SLURM,
)
def controller_single(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """With roles in the request, HyperPod wants exactly one instance group with node type Controller."""
    if not _has_roles(spec):
        return
    controllers = _groups_of(spec, SlurmNodeType.CONTROLLER)
    if len(controllers) != 1:
        names = ", ".join(group.name for _path, group in controllers) or "none"
        yield fail(
            f"cluster/{spec.name}",
            f"{len(controllers)} controller groups, exactly one is needed",
            f"controllers: {names}",
            remedy="leave `slurm.node_type: Controller` on one instance group",
            at=("instance_groups",),
        )


@check(
    "slurm-controller-count",
    "the Slurm controller group has one node",
    about=("instance_groups",),
    only_on=Orchestrator.SLURM,
)
def controller_count(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Roles in the request know no multi-head set-up: the controller group has a count of 1.

    Several controllers exist only in the older model, through `provisioning_parameters.json`.
    """
    for path, group in _groups_of(spec, SlurmNodeType.CONTROLLER):
        if group.count != 1:
            yield fail(
                f"instance group/{group.name}",
                f"the controller group asks for {group.count} nodes, it must be 1",
                remedy="count: 1",
                at=(*path, "count"),
            )


@check(
    "slurm-controller-type",
    "the Slurm controller is a CPU type of useful size",
    about=("instance_groups",),
    blocking=False,
    only_on=Orchestrator.SLURM,
)
def controller_type(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """The controller runs slurmctld, the accounting database and every login: 8 vCPUs do for hundreds of nodes.

    Accelerators lie idle there: no job runs on a controller. Type and vCPUs are the catalog's (`hpctl instances`).
    """
    for path, group in _groups_of(spec, SlurmNodeType.CONTROLLER):
        for name in group.types:
            known = instance_type(name)
            if known.accelerator_count:
                message = f"`{name}` has accelerators, which no job uses on a controller"
            elif known.vcpus < _CONTROLLER_VCPUS:
                message = f"`{name}` has {known.vcpus} vCPUs, and a controller should have {_CONTROLLER_VCPUS}"
            else:
                continue
            yield warn(f"instance group/{group.name}", message, remedy="type: ml.m5.2xlarge", at=(*path, "type"))


@check("slurm-partition-compute", "only compute groups name partitions", about=("instance_groups",))
def partition_compute(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Partitions can be assigned to Compute groups only; Slurm keeps the names ALL and DEFAULT for itself."""
    for path, group in instance_groups(spec):
        role = group.slurm
        if role is None or not role.partition_names:
            continue
        at = (*path, "slurm", "partition_names")
        if role.node_type != SlurmNodeType.COMPUTE:
            yield fail(
                f"instance group/{group.name}",
                f"names a partition, but its node type is `{role.node_type}`",
                remedy="move `partition_names` to a Compute group",
                at=at,
            )
        for name in role.partition_names:
            if name.upper() in ("ALL", "DEFAULT"):
                yield fail(
                    f"instance group/{group.name}",
                    f"`{name}` is a word of Slurm's own, not a partition",
                    remedy="choose another name",
                    at=at,
                )


@check(
    "slurm-strategy",
    "the Slurm configuration strategy fits the provisioning mode",
    about=("orchestrator",),
    only_on=Orchestrator.SLURM,
)
def strategy(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """With continuous provisioning HyperPod takes only the strategy Merge, which is also its default."""
    slurm = spec.orchestrator.slurm if spec.orchestrator else None
    if slurm and spec.node_provisioning and slurm.slurm_config_strategy not in (None, "Merge"):
        yield fail(
            f"cluster/{spec.name}",
            f"strategy `{slurm.slurm_config_strategy}` does not go with continuous provisioning",
            remedy="slurm_config_strategy: Merge",
            at=("orchestrator", "slurm", "slurm_config_strategy"),
        )


@check(
    "slurm-fsx-vpc",
    "groups that mount FSx have a network of yours",
    about=("instance_groups", "network"),
    only_on=Orchestrator.SLURM,
)
def fsx_vpc(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """FSx file systems live in a VPC of yours: nodes in HyperPod's own network cannot reach them."""
    for path, group in instance_groups(spec):
        mounts = [storage for storage in group.storage if storage.fsx_lustre or storage.fsx_open_zfs]
        if mounts and not spec.effective_network(group):
            yield fail(
                f"instance group/{group.name}",
                "mounts FSx, and neither the group nor the cluster names a network",
                remedy="add `network: {subnet_ids: [...], security_group_ids: [...]}` of the file system's VPC",
                at=(*path, "storage"),
            )


@check(
    "slurm-accounting",
    "the Slurm accounting database can be reached",
    about=("orchestrator", "network"),
    reads=("sts:GetCallerIdentity",),
    only_on=Orchestrator.SLURM,
)
def accounting(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The controller talks to an accounting database of yours, so that it needs a network of yours and a real host.

    The secret has to be in the cluster's Region. Whether the port is open and the secret holds the right credentials
    shows only once the controller is up.
    """
    slurm = spec.orchestrator.slurm if spec.orchestrator else None
    database = slurm.accounting_database if slurm else None
    if database is None:
        return
    at = ("orchestrator", "slurm", "accounting_database")
    if "." not in database.endpoint:
        message = f"endpoint `{database.endpoint}` is no full host name"
        remedy = "write the database's endpoint, such as `NAME.ID.REGION.rds.amazonaws.com`"
        yield fail(f"cluster/{spec.name}", message, remedy=remedy, at=(*at, "endpoint"))
    region, wanted = database.secret_arn.split(":")[3], world.identity().region
    if region != wanted:
        message = f"the database's secret is in `{region}`, the cluster would be in `{wanted}`"
        remedy = f"aws secretsmanager replicate-secret-to-regions --region {region} --secret-id {database.secret_arn} "
        regions = f"--add-replica-regions Region={wanted}"
        yield fail(f"cluster/{spec.name}", message, remedy=remedy + regions, at=(*at, "secret_arn"))
    if spec.network is None and all(group.override_network is None for group in spec.instance_groups):
        remedy = "add `network: {subnet_ids: [...], security_group_ids: [...]}` of the database's VPC"
        yield fail(f"cluster/{spec.name}", "has an accounting database and names no network", remedy=remedy, at=at)


@check(
    "slurm-login-schedulable",
    "login nodes take no jobs by surprise",
    about=("instance_groups",),
    blocking=False,
    only_on=Orchestrator.SLURM,
)
def login_schedulable(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Login nodes run slurmd too and are in the default partition: jobs land on them unless they are drained."""
    for path, group in _groups_of(spec, SlurmNodeType.LOGIN):
        yield warn(
            f"instance group/{group.name}",
            "login nodes are in Slurm's default partition and take jobs",
            remedy="once the cluster is up: scontrol update NodeName=<login node> State=DRAIN Reason=login-only",
            at=(*path, "slurm"),
        )


def _has_roles(spec: ClusterSpec) -> bool:
    return any(group.slurm for group in spec.instance_groups)


def _groups_of(spec: ClusterSpec, role: SlurmNodeType) -> list[tuple[Path, InstanceGroup]]:
    return [(path, group) for path, group in instance_groups(spec) if group.slurm and group.slurm.node_type == role]
