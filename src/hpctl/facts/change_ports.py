"""What hpctl changes around a cluster, and who else has a say in it, as Protocols."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol


class Owned(StrEnum):
    """Kinds of resources that a stack of CloudFormation may own."""

    EC2 = "ec2"
    """What EC2 names by an id: security groups, VPCs, endpoints."""
    ROLE = "role"
    EKS = "eks"


class Changes(Protocol):
    """Changes around a cluster. Every method may raise what those of `facts.ports` may."""

    def make(self, verb: str, request: Mapping[str, object], content: bytes | None = None) -> None:
        """Make a change, named as the AWS CLI names it; what is so already is left so.

        `ConflictError` when another object has taken the place of the one that was to be made or replaced.
        """
        ...

    def stack_of(self, kind: Owned, name: str) -> str | None:
        """Return the CloudFormation stack that owns a resource, None where none does."""
        ...

    def has_role_policy(self, role: str, policy: str) -> bool:
        """Whether a role has an inline policy of that name."""
        ...
