"""What HyperPod says of a live cluster, with the known failure behind it: for findings of checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hpctl.catalog.failures import KnownFailure, Scope, Severity, failure, fill
from hpctl.catalog.matching import match
from hpctl.errors import NotFoundError
from hpctl.facts.incidents import remedy_values
from hpctl.facts.live_targets import LiveCluster
from hpctl.facts.records import Cluster
from hpctl.facts.world import World

SHOWN: Final = 5
"""Things of one kind that a finding names."""

_LONGEST: Final = 400
"""Characters of a message that evidence shows."""


@dataclass(frozen=True)
class Words:
    """What somebody said, and what is known of it; `group` is the instance group that it is about."""

    text: str
    known: KnownFailure | None
    evidence: tuple[str, ...]
    remedy: str

    @property
    def is_noise(self) -> bool:
        """Whether it means nothing."""
        return self.known is not None and self.known.severity is Severity.NOISE

    @property
    def alike(self) -> str:
        """What is the same for all that tell of one failure."""
        return self.known.id if self.known else self.text


def cluster_of(live: LiveCluster, world: World) -> Cluster:
    """Return the cluster; raises `NotFoundError` when it is gone meanwhile."""
    cluster = world.cluster(live.name)
    if cluster is None:
        raise NotFoundError(f"there is no cluster `{live.name}` any more")
    return cluster


def words_of(text: str, cluster: Cluster, group: str | None = None) -> Words:
    """Return a message of HyperPod's with the known failure that it tells of."""
    said = f"said: {' '.join(text.split())[:_LONGEST]}"
    known = match(text, Scope.CLUSTER)
    if known is None:
        return Words(text, None, (said,), f"hpctl explain {cluster.name}")
    return Words(text, known, (said, *_of(known)), fill(known.remedy, remedy_values(cluster, group)))


def silent(failure_id: str, cluster: Cluster, group: str | None = None) -> tuple[tuple[str, ...], str]:
    """Return evidence and remedy of a known failure that no words tell of."""
    known = failure(failure_id)
    if known is None:
        raise AssertionError  # a row of the catalogue that the checks are written for
    return _of(known), fill(known.remedy, remedy_values(cluster, group))


def listed(names: list[str]) -> tuple[str, ...]:
    """Return names as lines of evidence, the first few of them."""
    more = len(names) - SHOWN
    return (*names[:SHOWN], *([f"and {more} more"] if more > 0 else []))


def _of(known: KnownFailure) -> tuple[str, str]:
    return f"cause: {known.cause}", f"known as: {known.id}"
