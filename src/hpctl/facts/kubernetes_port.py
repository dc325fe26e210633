"""What hpctl asks of an EKS cluster's Kubernetes as a whole, as a Protocol; of jobs `job_ports` asks.

Every method may raise what those of `facts.ports` may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from hpctl.facts.kubernetes import AccessReview, AccessWish, Contact, KubernetesNode, Workload
from hpctl.facts.records import EksCluster


class Kubernetes(Protocol):
    """What the Kubernetes API of an EKS cluster lists; often it can be reached from inside the VPC alone."""

    def daemon_sets(self, cluster: EksCluster) -> tuple[tuple[str, str], ...]:
        """Return namespace and name of every DaemonSet."""
        ...

    def custom_resources(self, cluster: EksCluster) -> frozenset[str]:
        """Return the names of the custom resource definitions, such as `pytorchjobs.kubeflow.org`."""
        ...

    def contact(self, cluster: EksCluster) -> Contact:
        """Return how far a first request comes; that nobody answers is an answer, too."""
        ...

    def api_versions(self, cluster: EksCluster) -> Mapping[str, tuple[str, ...]]:
        """Return the versions of every API group that is served, the preferred one first."""
        ...

    def reviews(self, cluster: EksCluster, wishes: Iterable[AccessWish]) -> tuple[AccessReview, ...]:
        """Return whether the caller may do each of these things."""
        ...

    def workloads(self, cluster: EksCluster) -> tuple[Workload, ...]:
        """Return every Deployment and DaemonSet."""
        ...

    def nodes(self, cluster: EksCluster) -> tuple[KubernetesNode, ...]:
        """Return every node."""
        ...

    def requested(self, cluster: EksCluster, namespace: str | None) -> Mapping[str, Mapping[str, float]]:
        """Return what pods ask for together, by node and resource (units of `facts.quantities`).

        Those of one namespace or (None) of all; what has ended holds nothing any more and is left out.
        """
        ...
