"""The part of the World that is EKS clusters, beside their nodes and workloads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from hpctl.facts.eks_ports import PodIdentity
from hpctl.facts.jobs import ObjectKind
from hpctl.facts.ports import Ports
from hpctl.facts.records import Addon, EksCluster

T = TypeVar("T")


class EksWorld(ABC):
    """Answers to questions about an EKS cluster, each asked once."""

    def node_group_roles(self, name: str) -> Mapping[str, str]:
        """Return the role's ARN of every managed node group of an EKS cluster, by the group's name."""
        return self._once(("node-groups", name), lambda: self._ports.node_groups.roles(name))

    def supported_eks_versions(self) -> tuple[str, ...]:
        """Return the Kubernetes versions that EKS supports now."""
        return self._once("eks-versions", self._ports.eks.supported_versions)

    def eks_addons(self, name: str) -> tuple[Addon, ...]:
        """Return the add-ons of an EKS cluster."""
        return self._once(("addons", name), lambda: self._ports.eks.addons(name))

    def addon_versions(self, cluster: EksCluster, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the versions of each add-on that go with an EKS cluster's Kubernetes; of unknown ones nothing."""
        asked = (cluster.version, tuple(sorted(names)))
        return self._once(("addon-versions", *asked), lambda: self._ports.eks.addon_versions(*asked))

    def pod_identities(self, cluster: EksCluster) -> tuple[PodIdentity, ...]:
        """Return which service accounts of an EKS cluster have a role by EKS Pod Identity."""
        return self._once(("pod-identities", cluster.arn), lambda: self._ports.eks.pod_identities(cluster.name))

    def kubernetes_objects(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str | None = None
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the objects of a kind in a namespace of an EKS cluster, or in all; none where it is not served."""
        key = ("kubernetes-objects", cluster.arn, kind, namespace)
        return self._once(key, lambda: tuple(self._ports.jobs.objects(cluster, kind, namespace)))

    @property
    @abstractmethod
    def _ports(self) -> Ports: ...

    @abstractmethod
    def _once(self, key: Hashable, ask: Callable[[], T]) -> T: ...
