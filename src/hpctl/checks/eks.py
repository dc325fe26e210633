"""The EKS cluster that orchestrates: it is there, and HyperPod may let its nodes in."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.fixes import take_access_entries
from hpctl.errors import NotFoundError
from hpctl.facts.records import EksCluster, Identity
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.orchestrator import EksOrchestrator
from hpctl.terms import AuthenticationMode, Orchestrator


@check(
    "eks-cluster-active",
    "the EKS cluster exists and is active",
    about=("orchestrator",),
    reads=("eks:DescribeCluster",),
    only_on=Orchestrator.EKS,
)
def cluster_active(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod attaches its nodes to an EKS cluster of the same account and Region that is ACTIVE already."""
    eks = _eks(spec)
    if eks is None:
        return
    identity = world.identity()
    if elsewhere := _elsewhere(eks, identity):
        yield fail(
            _subject(eks),
            elsewhere,
            f"wanted: {identity.account}, {identity.region}",
            remedy="name an EKS cluster of this account and Region, or use other credentials (`--profile`, `--region`)",
            at=_AT,
        )
        return
    cluster = world.eks_cluster(eks.cluster_name)
    if cluster is None:
        yield fail(
            _subject(eks),
            _absent(eks, identity),
            remedy=f"aws eks list-clusters --region {identity.region}",
            at=_AT,
        )
    elif cluster.status != "ACTIVE":
        yield fail(
            f"EKS cluster/{cluster.name}",
            f"the EKS cluster is `{cluster.status}`",
            remedy=_activate(cluster, identity.region),
            at=_AT,
        )


@check(
    "eks-auth-mode",
    "the EKS cluster takes access entries",
    about=("orchestrator",),
    needs=("eks-cluster-active",),
    reads=("eks:DescribeCluster",),
    only_on=Orchestrator.EKS,
)
def auth_mode(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod lets its nodes into Kubernetes through EKS access entries.

    They exist only when the cluster's authentication mode is `API` or `API_AND_CONFIG_MAP`; EKS's own
    default for clusters made through its API is `CONFIG_MAP`, and CreateCluster refuses it. The change
    is one-way: a cluster cannot go back to `CONFIG_MAP`.
    """
    eks = _eks(spec)
    if eks is None:
        return
    cluster, identity = _found(eks, world), world.identity()
    match cluster.authentication_mode:
        case AuthenticationMode.API | AuthenticationMode.API_AND_CONFIG_MAP:
            return
        case AuthenticationMode.CONFIG_MAP:
            remedy = _change(cluster, identity.region)
            yield fail(*_refused(cluster), remedy=remedy, at=_AT, fix=(take_access_entries(cluster.name),))
        case mode:
            yield warn(f"EKS cluster/{cluster.name}", f"authentication mode `{mode}` is unknown to hpctl", at=_AT)


def named_cluster(spec: ClusterSpec, world: World) -> EksCluster | None:
    """Return the EKS cluster of the spec, None when Slurm orchestrates; `NotFoundError` when it does not exist."""
    eks = _eks(spec)
    return None if eks is None else _found(eks, world)


_AT = ("orchestrator", "eks")


def _found(eks: EksOrchestrator, world: World) -> EksCluster:
    identity = world.identity()
    elsewhere = _elsewhere(eks, identity)
    cluster = None if elsewhere else world.eks_cluster(eks.cluster_name)
    if cluster is None:
        # Only with `eks-cluster-active` left out: there is nothing to judge, and silence would be a pass.
        raise NotFoundError(elsewhere or _absent(eks, identity))
    return cluster


def _eks(spec: ClusterSpec) -> EksOrchestrator | None:
    return spec.orchestrator.eks if spec.orchestrator else None


def _subject(eks: EksOrchestrator) -> str:
    return f"EKS cluster/{eks.cluster_name}"


def _elsewhere(eks: EksOrchestrator, identity: Identity) -> str | None:
    if eks.cluster_arn is None:
        return None
    _arn, _partition, _eks_service, region, account, _name = eks.cluster_arn.split(":", 5)
    if account != identity.account:
        return f"the EKS cluster is in account `{account}`"
    return f"the EKS cluster is in Region `{region}`" if region != identity.region else None


def _absent(eks: EksOrchestrator, identity: Identity) -> str:
    return f"there is no EKS cluster `{eks.cluster_name}` in `{identity.region}`"


def _activate(cluster: EksCluster, region: str) -> str:
    if cluster.status in ("FAILED", "DELETING"):  # it will not become active by waiting
        return f"aws eks describe-cluster --region {region} --name {cluster.name} --query cluster.health"
    return f"aws eks wait cluster-active --region {region} --name {cluster.name}"


def _refused(cluster: EksCluster) -> tuple[str, str, str, str]:
    return (
        f"EKS cluster/{cluster.name}",
        f"HyperPod does not support authentication mode `{cluster.authentication_mode}`",
        f"seen: {cluster.authentication_mode}",
        "needed: API or API_AND_CONFIG_MAP",
    )


def _change(cluster: EksCluster, region: str) -> str:
    return (
        f"aws eks update-cluster-config --region {region} --name {cluster.name} "
        "--access-config authenticationMode=API_AND_CONFIG_MAP"
    )
