"""What the check of the way between nodes and the EKS control plane says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hpctl.facts.network import Direction, Permission
from hpctl.report.check import Finding
from tests.unit.builders import (
    a_finding,
    a_permission,
    a_security_group,
    a_spec,
    an_eks_cluster,
)
from tests.unit.checks.row import Row, cannot_tell, fails, notes, passes
from tests.unit.fakes import FakeAccount


def _eks(**members: Any) -> FakeAccount:
    return FakeAccount().holding(an_eks_cluster(**members))


_NO_KUBELET = a_finding(
    "note",
    "sg-nodes",
    "does not admit `sg-eks` at port 10250: no `kubectl logs`, `exec`",
    path=("network",),
)


def _control(*permissions: Permission, **members: Any) -> FakeAccount:
    """An EKS cluster whose security group has these rules."""
    account = _eks(**members)
    account.network.known_groups = [a_security_group(), a_security_group("sg-eks", permissions=permissions)]
    return account


def _https(**peer: str) -> Permission:
    return a_permission(Direction.IN, "tcp", ports=(443, 443), **peer)


def _nodes(*permissions: Permission) -> FakeAccount:
    """Nodes whose security group has these rules beside its own."""
    account = _control(_https(group_id="sg-nodes"))
    whole = a_security_group()
    account.network.known_groups[0] = replace(whole, permissions=(*whole.permissions, *permissions))
    return account


def _closed(*evidence: str) -> Finding:
    return a_finding(
        "fail",
        "sg-nodes",
        "the control plane of EKS cluster `training` does not admit the nodes at port 443",
        *evidence,
        "needed: tcp 443 sg-nodes",
        remedy="aws ec2 authorize-security-group-ingress --region us-west-2 --group-id sg-eks --protocol tcp "
        "--port 443 --source-group sg-nodes",
        path=("network",),
    )


ROWS: tuple[Row, ...] = (
    notes("eks-sg-reachability", "the nodes' group", a_spec(), _NO_KUBELET),
    notes("eks-sg-reachability", "the VPC", a_spec(), _NO_KUBELET, account=_control(_https(cidr="10.0.0.0/16"))),
    notes("eks-sg-reachability", "every protocol", a_spec(), _NO_KUBELET, account=_control(a_permission(Direction.IN))),
    passes(
        "eks-sg-reachability",
        "the way back",
        a_spec(),
        account=_nodes(a_permission(Direction.IN, "tcp", ports=(1025, 65535), group_id="sg-eks")),
    ),
    passes(
        "eks-sg-reachability", "a group that both have", a_spec(), account=_control(security_group_ids=("sg-nodes",))
    ),
    fails(
        "eks-sg-reachability",
        "a group that admits its members",
        a_spec(),
        _closed("admits: sg-eks: -1 sg-eks"),
        _NO_KUBELET,
        account=_control(a_permission(Direction.IN, group_id="sg-eks")),
    ),
    fails(
        "eks-sg-reachability", "no rule", a_spec(), _closed("admits: sg-eks: nothing"), _NO_KUBELET, account=_control()
    ),
    fails(
        "eks-sg-reachability",
        "another port, and other addresses",
        a_spec(),
        _closed("admits: sg-eks: tcp 22 sg-nodes", "admits: sg-eks: tcp 443 10.9.0.0/16"),
        _NO_KUBELET,
        account=_control(
            a_permission(Direction.IN, "tcp", ports=(22, 22), group_id="sg-nodes"), _https(cidr="10.9.0.0/16")
        ),
    ),
    cannot_tell(
        "eks-sg-reachability",
        "a group that is gone",
        a_spec(),
        "could not look: security groups of EKS cluster `training` cannot be seen: `sg-gone`",
        _eks(cluster_security_group_id="sg-gone"),
    ),
)
