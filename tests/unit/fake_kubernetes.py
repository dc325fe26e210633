"""EKS clusters, their groups of nodes and their Kubernetes in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hpctl.errors import NotFoundError
from hpctl.facts.eks_ports import PodIdentity
from hpctl.facts.kubernetes import (
    AccessEntry,
    AccessReview,
    AccessWish,
    Contact,
    KubernetesNode,
    Stage,
    Toleration,
    Workload,
)
from hpctl.facts.records import Addon, EksCluster
from tests.unit.builders import ACCOUNT, a_kubernetes_node, an_access_entry, an_addon, an_eks_cluster
from tests.unit.fake_calls import CallLog


class FakeEks:
    """EKS clusters; all of them have the same add-ons."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known = [an_eks_cluster()]
        self.versions: tuple[str, ...] = ("1.35", "1.34", "1.33", "1.32", "1.31", "1.30")
        self.known_addons = [an_addon(name) for name in ("coredns", "eks-pod-identity-agent", "kube-proxy")]
        self.known_addons.append(an_addon("vpc-cni", version="v1.20.4-eksbuild.2"))
        self.known_entries = [an_access_entry()]
        self.compatible: dict[str, tuple[str, ...]] = {addon.name: (addon.version,) for addon in self.known_addons}
        self.identities: list[PodIdentity] = []

    def describe(self, name: str) -> EksCluster:
        self._log.record("eks.describe", name)
        return self._found(name)

    def supported_versions(self) -> tuple[str, ...]:
        self._log.record("eks.supported_versions")
        return self.versions

    def addons(self, name: str) -> tuple[Addon, ...]:
        self._log.record("eks.addons", name)
        self._found(name)
        return tuple(self.known_addons)

    def addon_versions(self, kubernetes_version: str, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        self._log.record("eks.addon_versions", kubernetes_version, asked := tuple(names))
        return {name: versions for name, versions in self.compatible.items() if name in asked}

    def pod_identities(self, name: str) -> tuple[PodIdentity, ...]:
        self._log.record("eks.pod_identities", name)
        return tuple(self.identities)

    def access_entry(self, name: str, principal_arn: str) -> AccessEntry:
        self._log.record("eks.access_entry", name, principal_arn)
        for entry in self.known_entries:
            return entry
        raise NotFoundError(f"EKS cluster `{name}` has no access entry")

    def _found(self, name: str) -> EksCluster:
        for cluster in self.known:
            if cluster.name == name:
                return cluster
        raise NotFoundError(f"there is no EKS cluster `{name}`")


class FakeNodeGroups:
    """The managed node groups of every EKS cluster."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.by_name = {"system": f"arn:aws:iam::{ACCOUNT}:role/eks-nodes"}

    def roles(self, cluster: str) -> Mapping[str, str]:
        self._log.record("node_groups.roles", cluster)
        return self.by_name


class FakeKubernetes:
    """The Kubernetes of every EKS cluster, with AWS's Helm chart installed."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.sets = [
            ("aws-hyperpod", "health-monitoring-agent"),
            ("aws-hyperpod", "health-monitoring-agent-non-nvidia"),
            ("kube-system", "aws-node"),
            ("kube-system", "hyperpod-dependencies-aws-efa-k8s-device-plugin"),
            ("kube-system", "hyperpod-dependencies-nvidia-device-plugin"),
            ("kube-system", "neuron-device-plugin-daemonset"),
        ]
        self.kinds = {"mpijobs.kubeflow.org", "pytorchjobs.kubeflow.org", "eniconfigs.crd.k8s.amazonaws.com"}
        self.first = Contact(Stage.ANSWERED, version="v1.33.5-eks-3025e55")
        self.groups: dict[str, tuple[str, ...]] = {"apps": ("v1",), "kubeflow.org": ("v2beta1", "v1")}
        self.denied: dict[str, str] = {}
        self.running = [
            Workload("Deployment", "kubeflow", "training-operator", 1, 1),
            *(
                Workload("DaemonSet", namespace, name, 2, 2, tolerations=(Toleration(operator="Exists"),))
                for namespace, name in self.sets
            ),
        ]
        self.joined = [a_kubernetes_node("hyperpod-i-0a1b2c3d4e5f60718")]
        self.asked: dict[str, dict[str, float]] = {}

    def daemon_sets(self, cluster: EksCluster) -> tuple[tuple[str, str], ...]:
        self._log.record("kubernetes.daemon_sets", cluster)
        return tuple(self.sets)

    def custom_resources(self, cluster: EksCluster) -> frozenset[str]:
        self._log.record("kubernetes.custom_resources", cluster)
        return frozenset(self.kinds)

    def contact(self, cluster: EksCluster) -> Contact:
        self._log.record("kubernetes.contact", cluster)
        return self.first

    def api_versions(self, cluster: EksCluster) -> Mapping[str, tuple[str, ...]]:
        self._log.record("kubernetes.api_versions", cluster)
        return self.groups

    def reviews(self, cluster: EksCluster, wishes: Iterable[AccessWish]) -> tuple[AccessReview, ...]:
        self._log.record("kubernetes.reviews", cluster, asked := tuple(wishes))
        return tuple(AccessReview(wish, str(wish) not in self.denied, self.denied.get(str(wish), "")) for wish in asked)

    def workloads(self, cluster: EksCluster) -> tuple[Workload, ...]:
        self._log.record("kubernetes.workloads", cluster)
        return tuple(self.running)

    def nodes(self, cluster: EksCluster) -> tuple[KubernetesNode, ...]:
        self._log.record("kubernetes.nodes", cluster)
        return tuple(self.joined)

    def requested(self, cluster: EksCluster, namespace: str | None) -> Mapping[str, Mapping[str, float]]:
        self._log.record("kubernetes.requested", cluster, namespace)
        return self.asked
