"""Where jobs are: a HyperPod cluster, the EKS cluster that orchestrates it, and a namespace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hpctl.errors import UnavailableError, UsageError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, EksCluster
from hpctl.services.connect import eks_cluster_of
from hpctl.spec.kubernetes_names import is_label_name

DEFAULT_NAMESPACE: Final = "default"


@dataclass(frozen=True, slots=True)
class Where:
    """A place for jobs; `cluster` is the HyperPod cluster's name, `way` are flags of AWS (` --region us-west-2`)."""

    cluster: str
    eks: EksCluster
    namespace: str = DEFAULT_NAMESPACE
    way: str = ""

    @property
    def flags(self) -> str:
        """The flags that lead here, as commands to paste have them."""
        namespace = "" if self.namespace == DEFAULT_NAMESPACE else f" --namespace {self.namespace}"
        return f"--cluster {self.cluster}{namespace}{self.way}"


def where(cluster: str, namespace: str | None, ports: Ports) -> Where:
    """Return the place in a cluster.

    Raises:
        NotFoundError: there is no such cluster.
        UsageError: Slurm orchestrates it, or Kubernetes has no namespaces of such a name.
        UnavailableError: its Kubernetes has no endpoint yet.
    """
    _demand_possible(namespace)
    return where_on_eks(ports.clusters.describe(cluster), namespace, ports)


def where_on_eks(found: Cluster, namespace: str | None, ports: Ports) -> Where:
    """Return the place in a cluster as it was described; raises as `where` does."""
    _demand_possible(namespace)
    if found.eks_cluster_arn is None:
        raise UsageError(
            f"cluster `{found.name}` is orchestrated by Slurm, and this looks into Kubernetes",
            hint=f"its jobs: hpctl job list --cluster {found.name}",
        )
    eks = ports.eks.describe(eks_cluster_of(found))
    if not eks.endpoint:
        raise UnavailableError(f"EKS cluster `{eks.name}` is {eks.status} and has no Kubernetes endpoint yet")
    return Where(found.name, eks, namespace or DEFAULT_NAMESPACE)


def _demand_possible(namespace: str | None) -> None:
    if namespace and not is_label_name(namespace):
        raise UsageError(
            f"`--namespace`: `{namespace}` cannot be the name of a namespace",
            hint="small letters, digits and `-` between them, at most 63 characters",
        )
