"""The objects of AWS's Helm chart for HyperPod and of EKS add-ons, by name: workloads, namespaces, CRDs, RBAC.

Sources: aws/sagemaker-hyperpod-cli 3.12.0, helm_chart (names, namespaces, rules), EKS user guide (add-ons). Their
programs are not here, so their DaemonSets and Deployments carry the annotation of stand-ins and have no pods; what they
would do is done by the sandbox's controllers, or not at all. No add-on brings CRDs that nobody would look after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from hpctl.catalog.instance_types import InstanceType, instance_types
from hpctl.sandbox.kube.controllers.daemonsets import STAND_IN
from hpctl.sandbox.kube.crds import definitions
from hpctl.terms import AcceleratorKind

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

_SYSTEM: Final = "kube-system"
_HYPERPOD: Final = "aws-hyperpod"
_RELEASE: Final = "hyperpod-dependencies"
_SERVICE_ROLE: Final = "hyperpod-service-linked-role"
_IMAGE: Final = "hpctl-sandbox/stand-in"
_RBAC: Final = "rbac.authorization.k8s.io"
# Have EFA, and are not in the list of the chart's EFA plugin; the Neuron plugin has no trn2.3xlarge.
_NO_EFA_PLUGIN: Final = frozenset({"ml.c6i.32xlarge", "ml.m6i.32xlarge", "ml.r6i.32xlarge"})
_NO_NEURON_PLUGIN: Final = frozenset({"ml.trn2.3xlarge"})


def usual() -> list[Object]:
    """Return what EKS puts into every cluster."""
    return list(definitions.usual())


def chart() -> list[Object]:
    """Return what the chart `hyperpod-dependencies` installs, in an order that can be created."""
    return [
        *(_named("v1", "Namespace", name) for name in (_HYPERPOD, "kubeflow")),
        *definitions.of_chart(),
        *_agents(),
        *_plugins(),
        _deployment("kubeflow", f"{_RELEASE}-training-operators"),
        _deployment(_SYSTEM, f"{_RELEASE}-mpi-operator"),
        *_rules(),
    ]


def addons() -> Mapping[str, Callable[[], list[Object]]]:
    """Return what makes the objects of each EKS add-on that has some here."""
    return _ADDONS


def _agents() -> list[Object]:
    return [
        _daemon(_HYPERPOD, "health-monitoring-agent", _is_nvidia),
        _daemon(_HYPERPOD, "health-monitoring-agent-non-nvidia", _is_neuron),
    ]


def _plugins() -> list[Object]:
    return [
        _daemon(_SYSTEM, f"{_RELEASE}-aws-efa-k8s-device-plugin", _is_in_efa_list),
        _daemon(_SYSTEM, f"{_RELEASE}-nvidia-device-plugin", _is_nvidia),
        _daemon(_SYSTEM, "neuron-device-plugin-daemonset", _is_in_neuron_list),
    ]


def _is_nvidia(each: InstanceType) -> bool:
    return each.accelerator_kind is AcceleratorKind.NVIDIA


def _is_neuron(each: InstanceType) -> bool:
    return each.accelerator_kind is AcceleratorKind.NEURON


def _is_in_efa_list(each: InstanceType) -> bool:
    return each.has_efa and each.name not in _NO_EFA_PLUGIN


def _is_in_neuron_list(each: InstanceType) -> bool:
    return _is_neuron(each) and each.name not in _NO_NEURON_PLUGIN


def _rules() -> list[Object]:
    user = {"kind": "User", "name": _SERVICE_ROLE, "apiGroup": _RBAC}
    checks = "deep-health-check-service-account"
    account = {"kind": "ServiceAccount", "name": checks, "namespace": _HYPERPOD}
    return [
        _named("v1", "ServiceAccount", checks, namespace=_HYPERPOD),
        _named("v1", "ServiceAccount", "job-auto-restart", namespace=_HYPERPOD),
        *_role(
            f"{checks}-role",
            f"{checks}-role-binding",
            account,
            [_rule("nodes", "get list"), _rule("pods", "get list patch")],
        ),
        *_role("hyperpod-patching", "hyperpod-patching", user, _patching()),
        *_role("job-auto-restart", "job-auto-restart", user, _restarting()),
    ]


def _patching() -> list[Object]:
    return [_rule("pods", "list"), _rule("pods/eviction", "create"), _rule("nodes", "list get patch")]


def _restarting() -> list[Object]:
    return [
        _rule("nodes nodes/status pods pods/status", "get list watch"),
        _rule("pods", "delete deletecollection"),
        _rule("nodes nodes/status", "patch"),
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create"]},
        _rule("pytorchjobs pytorchjobs/status", "get list watch delete patch update", "kubeflow.org"),
        _rule("leases", "get create update delete", "coordination.k8s.io"),
    ]


def _rule(resources: str, verbs: str, group: str = "") -> Object:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


def _role(name: str, binding: str, subject: Object, rules: list[Object]) -> list[Object]:
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
    return [
        _named(f"{_RBAC}/v1", "ClusterRole", name) | {"rules": rules},
        _named(f"{_RBAC}/v1", "ClusterRoleBinding", binding) | {"roleRef": reference, "subjects": [subject]},
    ]


def _named(version: str, kind: str, name: str, *, namespace: str | None = None, **metadata: Any) -> Object:
    place = {} if namespace is None else {"namespace": namespace}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **place, **metadata}}


def _daemon(namespace: str, name: str, runs_on: Callable[[InstanceType], bool] | None = None) -> Object:
    pod: Object = {"tolerations": [{"operator": "Exists"}]}
    if runs_on is not None:
        types = [each.name for each in instance_types() if runs_on(each)]
        terms = [{"matchExpressions": [{"key": "node.kubernetes.io/instance-type", "operator": "In", "values": types}]}]
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        pod["affinity"] = {"nodeAffinity": required}
    return _workload("DaemonSet", namespace, name, pod)


def _deployment(namespace: str, name: str) -> Object:
    found = _workload("Deployment", namespace, name, {})
    found["spec"]["replicas"] = 1
    return found


def _workload(kind: str, namespace: str, name: str, pod: Object) -> Object:
    labels = {"app.kubernetes.io/name": name}
    body = {"containers": [{"name": name[-63:], "image": _IMAGE}], **pod}
    workload = _named("apps/v1", kind, name, namespace=namespace, labels=labels, annotations={STAND_IN: "true"})
    template = {"metadata": {"labels": labels}, "spec": body}
    return workload | {"spec": {"selector": {"matchLabels": labels}, "template": template}}


def _driver(name: str) -> list[Object]:
    return [_daemon(_SYSTEM, f"{name}-csi-node"), _deployment(_SYSTEM, f"{name}-csi-controller")]


def _certificates() -> list[Object]:
    names: Iterable[str] = ("cert-manager", "cert-manager-cainjector", "cert-manager-webhook")
    return [_named("v1", "Namespace", "cert-manager"), *(_deployment("cert-manager", name) for name in names)]


_ADDONS: Final[Mapping[str, Callable[[], list[Object]]]] = MappingProxyType(
    {
        "vpc-cni": lambda: [_daemon(_SYSTEM, "aws-node")],
        "kube-proxy": lambda: [_daemon(_SYSTEM, "kube-proxy")],
        "coredns": lambda: [_deployment(_SYSTEM, "coredns")],
        "eks-pod-identity-agent": lambda: [_daemon(_SYSTEM, "eks-pod-identity-agent")],
        "aws-ebs-csi-driver": lambda: _driver("ebs"),
        "aws-fsx-csi-driver": lambda: _driver("fsx"),
        "cert-manager": _certificates,
    }
)
