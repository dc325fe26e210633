"""The Kubernetes API of a live cluster: it is there, it answers, it is the right one, and it lets the caller in."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail
from hpctl.checks.live import ADMIN, allow, eks_of, let_in, subject_of
from hpctl.facts.kubernetes import ClusterOnEks, Stage
from hpctl.facts.world import World
from hpctl.report.check import Finding

_READS = ("eks:DescribeCluster", "kubernetes:version")


@check("kube-control-plane", "the EKS cluster is there and active", reads=("eks:DescribeCluster",))
def control_plane(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """A HyperPod cluster outlives its EKS cluster, but nothing can be started on it then.

    While EKS updates the control plane, the Kubernetes API goes on answering.
    """
    region, cluster = world.identity().region, world.eks_cluster(live.eks_cluster)
    if cluster is None:
        remedy = f"aws eks list-clusters --region {region}"
        yield fail(subject_of(live), f"there is no EKS cluster `{live.eks_cluster}` in `{region}`", remedy=remedy)
    elif cluster.status not in ("ACTIVE", "UPDATING"):
        look = f"aws eks describe-cluster --region {region} --name {cluster.name} --query cluster.health"
        wait = f"aws eks wait cluster-active --region {region} --name {cluster.name}"
        remedy = wait if cluster.status in ("CREATING", "PENDING") else look
        yield fail(subject_of(live), f"the EKS cluster is `{cluster.status}`", remedy=remedy)


@check("kube-endpoint", "the Kubernetes API answers", needs=("kube-control-plane",), reads=_READS)
def endpoint(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """A private endpoint answers inside the VPC alone, a public one those addresses that EKS lets in.

    kubectl, and everything of hpctl that has to do with jobs, talks to this endpoint.
    """
    cluster, region = eks_of(live, world), world.identity().region
    contact = world.contact(cluster)
    if contact.stage is Stage.UNREACHED:
        look = f"aws eks describe-cluster --region {region} --name {cluster.name} --query cluster.resourcesVpcConfig"
        yield fail(
            subject_of(live),
            "the Kubernetes API does not answer",
            f"endpoint: {cluster.endpoint}",
            f"said: {contact.words}",
            remedy="be in its VPC (VPN, bastion) for a private endpoint, among `publicAccessCidrs` for a public one\n"
            f"{look}",
        )


@check("kube-certificate", "it is this EKS cluster's API", needs=("kube-endpoint",), reads=_READS)
def certificate(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """EKS tells which certificate authority vouches for its endpoint; hpctl trusts no other with the caller's token."""
    cluster = eks_of(live, world)
    contact = world.contact(cluster)
    if contact.stage is Stage.UNTRUSTED:
        yield fail(
            subject_of(live),
            "the certificate authority of the EKS cluster does not vouch for the server that answers",
            f"endpoint: {cluster.endpoint}",
            f"said: {contact.words}",
            remedy="take the proxy that replaces certificates out of the way of this address (NO_PROXY)",
        )


@check("kube-token", "Kubernetes accepts the caller's token", needs=("kube-certificate",), reads=_READS)
def token(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """The token is a presigned request to STS. It is refused without an access entry, or with a clock that is wrong."""
    contact = world.contact(eks_of(live, world))
    if contact.stage is Stage.REFUSED:
        yield fail(
            subject_of(live),
            f"Kubernetes does not accept the token of `{world.identity().arn}`",
            f"said: {contact.words}",
            remedy=f"{let_in(live, world)}\n{allow(live, world, ADMIN)}\nhpctl doctor --only tools-clock",
        )
