"""The EKS cluster as HyperPod wants it: its VPC, its version, its zones and its endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.eks import named_cluster
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Orchestrator

OLDEST, NEWEST = (1, 30), (1, 35)
"""The Kubernetes versions that HyperPod supports (AWS documentation, SageMaker HyperPod on EKS, 2026)."""

_AT = ("orchestrator", "eks")


@check(
    "eks-same-vpc",
    "the nodes are in the VPC of the EKS cluster",
    about=("orchestrator", "network"),
    needs=("eks-cluster-active", "network-same-vpc"),
    reads=("eks:DescribeCluster", "ec2:DescribeSubnets"),
    only_on=Orchestrator.EKS,
)
def same_vpc(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes reach the control plane through the network interfaces that EKS has in its own VPC."""
    cluster = named_cluster(spec, world)
    if cluster is None:
        return
    subnets = world.subnets(spec.subnet_ids)
    if unseen := [subnet_id for subnet_id in spec.subnet_ids if subnet_id not in subnets]:
        raise NotFoundError(f"subnets do not exist: {', '.join(f'`{one}`' for one in unseen)}")
    away = [subnet for subnet in subnets.values() if subnet.vpc_id != cluster.vpc_id]
    if away:
        region = world.identity().region
        look = f"aws ec2 describe-subnets --region {region} --filters Name=vpc-id,Values={cluster.vpc_id}"
        yield fail(
            f"EKS cluster/{cluster.name}",
            f"{len(away)} of {len(subnets)} subnets are not in the EKS cluster's VPC `{cluster.vpc_id}`",
            *(f"{subnet.subnet_id}: {subnet.vpc_id}" for subnet in away),
            remedy=f"name subnets and security groups of `{cluster.vpc_id}`\n{look}",
            at=("network", "subnet_ids"),
        )


@check(
    "eks-version",
    "the Kubernetes version is one that HyperPod supports",
    about=("orchestrator",),
    needs=("eks-cluster-active",),
    reads=("eks:DescribeCluster", "eks:DescribeClusterVersions"),
    only_on=Orchestrator.EKS,
)
def version(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """AWS documents Kubernetes 1.30 to 1.35 for HyperPod, and EKS itself lets go of versions in time.

    A version newer than the documentation is only warned about: the documentation may be late.
    """
    cluster = named_cluster(spec, world)
    if cluster is None:
        return
    found, region = _minor(cluster.version), world.identity().region
    subject, supported = f"EKS cluster/{cluster.name}", f"supported: {_text(OLDEST)} to {_text(NEWEST)}"
    if found > NEWEST:
        message = f"Kubernetes {cluster.version} is newer than AWS documents for HyperPod"
        yield warn(subject, message, supported, at=_AT)
    elif found < OLDEST or cluster.version not in world.supported_eks_versions():
        following = _text((found[0], found[1] + 1))
        upgrade = (
            f"aws eks update-cluster-version --region {region} --name {cluster.name} --kubernetes-version {following}"
        )
        yield fail(
            subject,
            f"Kubernetes {cluster.version} is not supported any more",
            supported,
            remedy=f"upgrade one minor version at a time\n{upgrade}",
            at=_AT,
        )


@check(
    "eks-two-az",
    "the EKS control plane reaches two Availability Zones",
    about=("orchestrator",),
    needs=("eks-cluster-active",),
    reads=("eks:DescribeCluster", "ec2:DescribeSubnets"),
    only_on=Orchestrator.EKS,
)
def two_zones(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The subnets of an EKS cluster (not those of its nodes) are in two Availability Zones at least."""
    cluster = named_cluster(spec, world)
    if cluster is None:
        return
    subnets = world.subnets(cluster.subnet_ids)
    if not cluster.subnet_ids or len(subnets) < len(set(cluster.subnet_ids)):
        raise NotFoundError(f"subnets of EKS cluster `{cluster.name}` cannot be seen")
    zones = sorted({subnet.zone_id for subnet in subnets.values()})
    if len(zones) == 1:
        region = world.identity().region
        wanted = f"--resources-vpc-config subnetIds={','.join([*subnets, '<a subnet in another zone>'])}"
        yield fail(
            f"EKS cluster/{cluster.name}",
            "all subnets of the control plane are in one Availability Zone",
            f"zone: {zones[0]}",
            remedy=f"aws eks update-cluster-config --region {region} --name {cluster.name} {wanted}",
            at=_AT,
        )


@check(
    "eks-endpoint-private",
    "nodes reach the Kubernetes API inside the VPC",
    about=("orchestrator",),
    needs=("eks-cluster-active",),
    reads=("eks:DescribeCluster",),
    blocking=False,
    only_on=Orchestrator.EKS,
)
def endpoint_private(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Without a private endpoint, nodes reach the Kubernetes API through the internet, and not at all without a NAT."""
    cluster = named_cluster(spec, world)
    if cluster and not cluster.endpoint_private:
        region = world.identity().region
        change = "--resources-vpc-config endpointPrivateAccess=true"
        yield warn(
            f"EKS cluster/{cluster.name}",
            "the Kubernetes API has no private endpoint",
            remedy=f"aws eks update-cluster-config --region {region} --name {cluster.name} {change}",
            at=_AT,
        )


def _minor(text: str) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", text)
    if found is None:
        raise UnavailableError(f"`{text}` is no Kubernetes version")
    return int(found[1]), int(found[2])


def _text(minor: tuple[int, int]) -> str:
    return f"{minor[0]}.{minor[1]}"
