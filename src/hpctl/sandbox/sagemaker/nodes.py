"""Nodes and instance groups while a cluster's course is played: the only things in it that change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hpctl.sandbox.sagemaker.cluster import Fault, Group, Seat
    from hpctl.sandbox.scripts import Outcome


@dataclass(frozen=True)
class Image:
    """The software of a node: its AMI and the release of HyperPod's AMI, as far as a request named them.

    `patch` is the number of the request that updated it.
    """

    id: str | None = None
    release: str | None = None
    patch: int = 0

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Image:
        """Read what a specification names."""
        return cls(spec.get("ImageId"), spec.get("ImageReleaseVersion"))


@dataclass(eq=False)
class Node:
    """What sits in a seat.

    `run` is what brings it up, `operation` what it belongs to and `verb` the word that events have for that. Steps
    that were due in an earlier `turn` are void. `doom` is what will strike it, `repairs` how often the service has
    repaired its instance. A busy node is being rebooted, replaced, updated or checked. `holds` is whether it has its
    network interfaces; `leaving` is to be told when it goes. `fault` is what the health monitoring agent has seen of
    its instance and `action` what it takes; `checked` is whether it has gone through deep health checks. `boots` is how
    often it was booted anew.
    """

    seat: Seat
    run: Group
    pace: float
    operation: str | None
    began: datetime
    image: Image = field(default_factory=Image)
    verb: str = "creation"
    attempt: int = -1
    retries: int = 0
    turn: int = 0
    status: str = "Pending"
    message: str | None = None
    instance_id: str | None = None
    launched_at: datetime | None = None
    updated_at: datetime | None = None
    doom: Fault | None = None
    repairs: int = 0
    leaving: Callable[[Node], None] | None = None
    busy: bool = False
    closing: bool = False
    listed: bool = True
    counted: bool = False
    holds: bool = True
    fault: str | None = None
    action: str | None = None
    checked: bool = False
    boots: int = 0


@dataclass(eq=False)
class InstanceGroup:
    """A group: the specification in force, its nodes, and how its software stands.

    `image` is the software in use and `desired` the one wanted, which new nodes get; `before` is the specification
    to go back to. A group is `ready` once it was InService.
    """

    name: str
    spec: Mapping[str, Any]
    restricted: bool
    image: Image
    desired: Image
    nodes: list[Node] = field(default_factory=list)
    ready: bool = False
    deleting: bool = False
    software: str | None = None
    deployment: Mapping[str, Any] | None = None

    @property
    def target(self) -> int:
        """How many nodes it is to have."""
        return sum(not node.closing for node in self.nodes)

    @property
    def current(self) -> int:
        """How many nodes count."""
        return sum(node.counted for node in self.nodes)

    @property
    def least(self) -> int | None:
        """Its MinInstanceCount."""
        found: int | None = self.spec.get("MinInstanceCount")
        return found

    @property
    def whole(self) -> bool:
        """Whether all nodes run, and none is about to go."""
        # Nodes come up in their order: the last one tells soonest that something is missing.
        return all(node.status == "Running" and not node.closing for node in reversed(self.nodes))

    @property
    def counts(self) -> dict[str, int]:
        """Its counts as operations tell them."""
        told = {"CurrentCount": self.current, "TargetCount": self.target}
        return told if self.least is None else told | {"MinCount": self.least}


@dataclass(frozen=True)
class ScriptLog:
    """What CloudWatch gets of a node: its stream from the launch on, and later how its scripts ended."""

    at: datetime
    stream: str
    outcome: Outcome | None = None
