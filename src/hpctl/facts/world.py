"""The facts that checks and plans judge: lazy, fetched at most once, safe to ask from many threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from threading import Lock
from typing import TypeVar, cast

from hpctl.errors import HpctlError, NotFoundError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, EksCluster, Identity, SecurityGroup, Subnet

T = TypeVar("T")


class World:
    """Answers to questions about the account, each asked of AWS once; a refusal is remembered like an answer."""

    def __init__(self, ports: Ports) -> None:
        """Ask nothing yet."""
        self._ports = ports
        self._answers: dict[Hashable, object] = {}
        self._gates: defaultdict[Hashable, Lock] = defaultdict(Lock)
        self._lock = Lock()

    def identity(self) -> Identity:
        """Return who is calling; raises `AccessError` without valid credentials."""
        return self._once("identity", self._ports.caller.identity)

    def subnets(self, subnet_ids: Iterable[str]) -> dict[str, Subnet]:
        """Return the existing ones among `subnet_ids`, by id."""
        wanted = tuple(dict.fromkeys(subnet_ids))
        rows = self._once(("subnets", wanted), lambda: self._ports.network.subnets(wanted))
        return {row.subnet_id: row for row in rows}

    def security_groups(self, group_ids: Iterable[str]) -> dict[str, SecurityGroup]:
        """Return the existing ones among `group_ids`, by id."""
        wanted = tuple(dict.fromkeys(group_ids))
        rows = self._once(("security-groups", wanted), lambda: self._ports.network.security_groups(wanted))
        return {row.group_id: row for row in rows}

    def eks_cluster(self, name: str) -> EksCluster | None:
        """Return the EKS cluster of that name, or None when there is none."""
        return self._once(("eks", name), lambda: _or_none(lambda: self._ports.eks.describe(name)))

    def cluster(self, name: str) -> Cluster | None:
        """Return the HyperPod cluster of that name, or None when there is none."""
        return self._once(("cluster", name), lambda: _or_none(lambda: self._ports.clusters.describe(name)))

    def cluster_tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a HyperPod cluster."""
        return self._once(("tags", arn), lambda: self._ports.clusters.tags(arn))

    def _once(self, key: Hashable, ask: Callable[[], T]) -> T:
        with self._lock:
            gate = self._gates[key]
        with gate:
            if key not in self._answers:
                self._answers[key] = _answer(ask)
            answer = self._answers[key]
        if isinstance(answer, HpctlError):
            raise answer
        return cast("T", answer)


def _answer(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except HpctlError as error:
        return error


def _or_none(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except NotFoundError:
        return None
