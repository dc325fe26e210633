"""The objects of EKS add-ons and of JobSet's release, by name: workloads, namespaces, CRDs, RBAC.

Sources: EKS user guide (add-ons); AWS documentation, "Installing the training operator" (its namespace, its service
account) and what clusters with it show (its Deployment); config/default of kubernetes-sigs/jobset v0.12 and of
kubernetes-sigs/kueue v0.19. No part brings CRDs that nobody would look after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.eks.cluster import TASK_GOVERNANCE
from hpctl.sandbox.kube.controllers.stand_ins import HYPERPOD, SYSTEM, daemon, deployment, named, role, rule
from hpctl.sandbox.kube.crds.hyperpod import hyperpodpytorchjobs
from hpctl.sandbox.kube.crds.jobset import jobsets
from hpctl.sandbox.kube.crds.kueue import kueue

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

OPERATOR: Final = "hp-training-operator"
_EVERYTHING: Final = "create delete get list patch update watch"


def addons() -> Mapping[str, Callable[[], list[Object]]]:
    """Return what makes the objects of each EKS add-on that has some here."""
    return _ADDONS


def jobset() -> list[Object]:
    """Return what JobSet's release installs."""
    space, name = "jobset-system", "jobset-controller-manager"
    account = {"kind": "ServiceAccount", "name": name, "namespace": space}
    rules = [rule("jobsets jobsets/status", _EVERYTHING, "jobset.x-k8s.io"), rule("jobs", _EVERYTHING, "batch")]
    return [
        named("v1", "Namespace", space),
        jobsets(),
        named("v1", "ServiceAccount", name, namespace=space),
        *role("jobset-manager-role", "jobset-manager-rolebinding", account, rules),
        deployment(space, name),
    ]


def _training_operator() -> list[Object]:
    name = f"{OPERATOR}-controller-manager"
    account = {"kind": "ServiceAccount", "name": name, "namespace": HYPERPOD}
    jobs = rule("hyperpodpytorchjobs hyperpodpytorchjobs/status", _EVERYTHING, "sagemaker.amazonaws.com")
    return [
        named("v1", "Namespace", HYPERPOD),
        hyperpodpytorchjobs(),
        named("v1", "ServiceAccount", name, namespace=HYPERPOD),
        *role(f"{OPERATOR}-manager", f"{OPERATOR}-manager", account, [jobs, rule("pods", _EVERYTHING)]),
        deployment(HYPERPOD, f"{OPERATOR}-hp-training-controller-manager"),
    ]


def _task_governance() -> list[Object]:
    space, name = "kueue-system", "kueue-controller-manager"
    account = {"kind": "ServiceAccount", "name": name, "namespace": space}
    plurals = ("clusterqueues", "localqueues", "resourceflavors", "workloads")
    rules = [
        rule(" ".join(f"{each} {each}/status" for each in plurals), _EVERYTHING, "kueue.x-k8s.io"),
        rule("topologies workloadpriorityclasses", "get list watch", "kueue.x-k8s.io"),
        rule("jobs", "get list patch update watch", "batch"),
    ]
    return [
        named("v1", "Namespace", space),
        *kueue(),
        named("v1", "ServiceAccount", name, namespace=space),
        *role("kueue-manager-role", "kueue-manager-rolebinding", account, rules),
        deployment(space, name),
    ]


def _driver(name: str) -> list[Object]:
    return [daemon(SYSTEM, f"{name}-csi-node"), deployment(SYSTEM, f"{name}-csi-controller")]


def _certificates() -> list[Object]:
    names: Iterable[str] = ("cert-manager", "cert-manager-cainjector", "cert-manager-webhook")
    return [named("v1", "Namespace", "cert-manager"), *(deployment("cert-manager", name) for name in names)]


_ADDONS: Final[Mapping[str, Callable[[], list[Object]]]] = MappingProxyType(
    {
        "vpc-cni": lambda: [daemon(SYSTEM, "aws-node")],
        "kube-proxy": lambda: [daemon(SYSTEM, "kube-proxy")],
        "coredns": lambda: [deployment(SYSTEM, "coredns")],
        "eks-pod-identity-agent": lambda: [daemon(SYSTEM, "eks-pod-identity-agent")],
        "aws-ebs-csi-driver": lambda: _driver("ebs"),
        "aws-fsx-csi-driver": lambda: _driver("fsx"),
        "cert-manager": _certificates,
        TASK_GOVERNANCE: _task_governance,
        "amazon-sagemaker-hyperpod-training-operator": _training_operator,
    }
)
