"""Whether the security groups of nodes and of the EKS control plane let them talk to each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hpctl.checks.declare import check, fail, note
from hpctl.checks.eks import named_cluster
from hpctl.checks.found import named_security_groups, named_subnets
from hpctl.checks.traffic import ALL_PROTOCOLS, HTTPS, rules, shown, within
from hpctl.checks.walk import different_networks
from hpctl.errors import NotFoundError
from hpctl.facts.network import Direction, Permission, SecurityGroup
from hpctl.facts.records import EksCluster
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Orchestrator

KUBELET: Final = 10250
"""The TCP port at which a kubelet answers the control plane (Kubernetes documentation, "Ports and Protocols")."""


@check(
    "eks-sg-reachability",
    "the nodes reach the EKS control plane",
    about=("network", "instance_groups", "orchestrator"),
    needs=("network-ids-exist", "eks-cluster-active", "eks-same-vpc"),
    reads=("eks:DescribeCluster", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets"),
    only_on=Orchestrator.EKS,
)
def reachability(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes join through the private endpoint, at TCP port 443 of interfaces that EKS has in the VPC.

    Those interfaces have the cluster security group, which EKS made and which admits its own members alone, and the
    groups that the EKS cluster was made with. So a security group of the nodes is one of these and admits its members,
    or one of these admits the nodes. The way back, to the kubelet's port 10250, is what `kubectl logs` and `exec` take;
    it is noted where it is closed. Source: EKS user guide, "security group requirements".
    """
    cluster = named_cluster(spec, world)
    control = _groups_of(cluster, world) if cluster else {}
    if cluster is None or not control:
        return
    groups, subnets = named_security_groups(spec, world), named_subnets(spec, world)
    inside = [one.cidr for one in world.subnets(cluster.subnet_ids).values()]
    for at, network in different_networks(spec):
        own = {each: groups[each] for each in network.security_group_ids}
        nodes = [subnets[each].cidr for each in network.subnet_ids]
        if not own:
            continue
        if not admitted(control.values(), own, nodes, HTTPS):
            yield _closed(cluster, world, control, next(iter(own)), at)
        if not admitted(own.values(), control, inside, KUBELET):
            subject, peer = next(iter(own)), next(iter(control))
            yield note(subject, f"does not admit `{peer}` at port {KUBELET}: no `kubectl logs`, `exec`", at=at)


def admitted(to: Iterable[SecurityGroup], peers: Iterable[str], blocks: Iterable[str], port: int) -> bool:
    """Whether a rule of some group admits members of one of `peers`, or all addresses of `blocks`, at a TCP port."""
    asked, known = list(blocks), set(peers)
    found = [rule for rule in rules(to, Direction.IN) if _at(rule, port)]
    return any(
        rule.group_id in known or (rule.cidr and asked and all(within(each, rule.cidr) for each in asked))
        for rule in found
    )


def _groups_of(cluster: EksCluster, world: World) -> dict[str, SecurityGroup]:
    wanted = [one for one in (cluster.cluster_security_group_id, *cluster.security_group_ids) if one]
    found = world.security_groups(wanted)
    if absent := [f"`{one}`" for one in wanted if one not in found]:
        raise NotFoundError(f"security groups of EKS cluster `{cluster.name}` cannot be seen: {', '.join(absent)}")
    return found


def _closed(
    cluster: EksCluster, world: World, control: dict[str, SecurityGroup], own: str, at: tuple[str | int, ...]
) -> Finding:
    region, first = world.identity().region, next(iter(control))
    seen = [f"{group.group_id}: {shown(rule)}" for group in control.values() for rule in rules([group], Direction.IN)]
    admit = f"aws ec2 authorize-security-group-ingress --region {region} --group-id {first}"
    return fail(
        own,
        f"the control plane of EKS cluster `{cluster.name}` does not admit the nodes at port {HTTPS}",
        *(f"admits: {one}" for one in seen or [f"{first}: nothing"]),
        f"needed: tcp {HTTPS} {own}",
        remedy=f"{admit} --protocol tcp --port {HTTPS} --source-group {own}",
        at=at,
    )


def _at(rule: Permission, port: int) -> bool:
    if rule.protocol == ALL_PROTOCOLS:
        return True
    first, last = rule.from_port, rule.to_port
    return rule.protocol in ("tcp", "6") and (first is None or last is None or first <= port <= last)
