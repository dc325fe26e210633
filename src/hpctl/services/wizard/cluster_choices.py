"""What there is to choose from for a cluster: the account's own, or the catalogue where it cannot be asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from hpctl.catalog.instance_types import InstanceType, instance_types
from hpctl.catalog.quotas import cluster_usage
from hpctl.checks.quota_use import in_use, listed
from hpctl.errors import HpctlError
from hpctl.facts.records import Role
from hpctl.facts.world import World
from hpctl.services.wizard.cluster_spec import NOTHING
from hpctl.services.wizard.question import Answers, Option, first
from hpctl.terms import AcceleratorKind

_ASKED_AT_ONCE: Final = 8
_SERVICE: Final = "sagemaker.amazonaws.com"
_READ_BY_DEFAULT: Final = "sagemaker-"
"""Buckets whose names begin so are what AWS's managed policy lets nodes read."""
_OTHERS: Final = 24
"""Buckets of other names, of which each costs IAM a simulation."""


@dataclass(frozen=True)
class Sight:
    """The account as far as it can be seen: its world, the Region in use, and why nothing can be asked.

    `elsewhere` is the account in another Region, which tells of all Regions before one is chosen.
    """

    world: World
    region: str | None
    blind: HpctlError | None = None
    elsewhere: World | None = None


def regions(_answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the Regions of the account, the one in use first."""
    names = (sight.elsewhere or sight.world).regions()
    for name in sorted(names, key=lambda one: (one != sight.region, one)):
        yield Option(name, "in use" if name == sight.region else "")


def eks_clusters(_answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the EKS clusters of the Region, each with what HyperPod asks about."""
    for name in sight.world.eks_clusters():
        cluster = sight.world.eks_cluster(name)
        if cluster:
            yield Option(name, f"Kubernetes {cluster.version}, {cluster.authentication_mode}")


def worker_types(_answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the types with accelerators, and others that the account may have any of."""
    rows = sorted(_with_quotas(sight), key=lambda row: row[0].accelerator_kind is AcceleratorKind.NONE)
    offered = _offered([one.name for one, quota in rows if one.accelerator_count and quota and quota[0]], sight)
    for one, quota in rows:
        if one.accelerator_count or (quota and quota[0]):
            yield _type_option(one, quota, None if offered.get(one.name, True) else f"no zone of {sight.region} has it")


def _offered(names: Sequence[str], sight: Sight) -> dict[str, bool]:
    """Whether any zone of the Region offers each type: a call for each, several at the same time."""
    with ThreadPoolExecutor(_ASKED_AT_ONCE, thread_name_prefix="offers") as pool:
        return dict(zip(names, pool.map(lambda name: bool(sight.world.zones_offering(name)), names), strict=True))


def controller_types(_answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the types without accelerators that the account may have; all of them where it does not tell."""
    for one, quota in _with_quotas(sight):
        if one.accelerator_kind is AcceleratorKind.NONE and (quota is None or quota[0]):
            yield _type_option(one, quota)


def _with_quotas(sight: Sight) -> Iterator[tuple[InstanceType, tuple[int, int] | None]]:
    """Yield every type with what the account may have of it and what it has; None where that is not known."""
    try:
        quotas, used = sight.world.sagemaker_quotas(), in_use(None, sight.world)
    except HpctlError:
        yield from ((one, None) for one in instance_types())
        return
    for one in instance_types():
        quota = listed(quotas, cluster_usage(one.name))
        yield one, (int(quota.value) if quota else 0, used[one.name, False])


def _type_option(one: InstanceType, quota: tuple[int, int] | None, refused: str | None = None) -> Option:
    told = f"{one.vcpus} vCPU, {one.memory_gib:g} GiB"
    if one.accelerator_count:
        told = f"{one.accelerator_count} x {one.accelerator_name}"
    if quota is not None:
        told += f", {max(quota[0] - quota[1], 0)} left of a quota of {quota[0]}"
    return Option(one.name, told, refused)


def vpcs(_answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the VPCs of the Region."""
    for vpc in sight.world.vpcs():
        yield Option(vpc.vpc_id, " ".join(filter(None, (vpc.name, vpc.cidr))))


def subnets(answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the subnets of the VPC, zone by zone, each with its free addresses."""
    vpc_id = vpc_of(answers, sight)
    found = sight.world.subnets_in(vpc_id) if vpc_id else ()
    for one in sorted(found, key=lambda one: (one.zone_id, one.name or "", one.subnet_id)):
        told = (f"{one.free_addresses} free addresses", one.zone_id, one.name)
        yield Option(one.subnet_id, ", ".join(filter(None, told)))


def security_groups(answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the security groups of the VPC that the subnets are in."""
    vpc_id = vpc_of(answers, sight)
    for one in sight.world.security_groups_in(vpc_id) if vpc_id else ():
        yield Option(one.group_id, one.name)


def vpc_of(answers: Answers, sight: Sight) -> str | None:
    """Return the VPC that the answers are about: of the subnets, of the EKS cluster, or the one that was named."""
    chosen = sight.world.subnets(answers["subnet"]) if "subnet" in answers else {}
    if chosen:
        return next(iter(chosen.values())).vpc_id
    if name := first(answers, "eks-cluster"):
        cluster = sight.world.eks_cluster(name.rpartition("/")[2])
        return cluster.vpc_id if cluster else None
    return first(answers, "vpc")


def roles(_answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the roles: those that SageMaker may not assume with the reason, so that nobody looks for them in vain."""
    for role in sight.world.roles():
        yield Option(role.arn, "", None if role.trusts(_SERVICE) else _trusts(role))


def _trusts(role: Role) -> str:
    services = ", ".join(sorted(role.trusted_services)) or "no service"
    return f"trusts {services}, not {_SERVICE}"


def scripts(_answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the buckets, first those that nodes may read as a rule, and that there may be no scripts.

    Of more others than can be judged in a moment none is shown. What lies in a bucket is not looked at: some hold
    millions of objects.
    """
    names = sight.world.buckets()
    usual = [name for name in names if name.startswith(_READ_BY_DEFAULT)]
    others = [name for name in names if name not in usual]
    for name in (*usual, *(others if len(others) <= _OTHERS else ())):
        yield Option(f"s3://{name}")
    yield Option(NOTHING, "no lifecycle scripts")


def file_systems(_answers: Answers, sight: Sight) -> Iterator[Option]:
    """Yield the file systems for Lustre of the Region, and that there may be none."""
    for one in sight.world.file_systems():
        if one.mount_name:
            yield Option(f"{one.dns_name}/{one.mount_name}")
    yield Option(NOTHING, "no shared file system yet")
