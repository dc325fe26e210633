"""The objects of AWS's Helm chart for HyperPod, by name: workloads, namespaces, CRDs, RBAC.

Source: aws/sagemaker-hyperpod-cli 3.12.0, helm_chart (names, namespaces, rules).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.stand_ins import HYPERPOD, RBAC, SYSTEM, daemon, deployment, named, role, rule
from hpctl.sandbox.kube.crds import definitions
from hpctl.terms import AcceleratorKind

if TYPE_CHECKING:
    from hpctl.catalog.instance_types import InstanceType
    from hpctl.sandbox.kube.resources import Object

_RELEASE: Final = "hyperpod-dependencies"
_SERVICE_ROLE: Final = "hyperpod-service-linked-role"
# Have EFA, and are not in the list of the chart's EFA plugin; the Neuron plugin has no trn2.3xlarge.
_NO_EFA_PLUGIN: Final = frozenset({"ml.c6i.32xlarge", "ml.m6i.32xlarge", "ml.r6i.32xlarge"})
_NO_NEURON_PLUGIN: Final = frozenset({"ml.trn2.3xlarge"})


def usual() -> list[Object]:
    """Return what EKS puts into every cluster."""
    return list(definitions.usual())


def chart() -> list[Object]:
    """Return what the chart `hyperpod-dependencies` installs, in an order that can be created."""
    return [
        *(named("v1", "Namespace", name) for name in (HYPERPOD, "kubeflow")),
        *definitions.of_chart(),
        *_agents(),
        *_plugins(),
        deployment("kubeflow", f"{_RELEASE}-training-operators"),
        deployment(SYSTEM, f"{_RELEASE}-mpi-operator"),
        *_rules(),
    ]


def _agents() -> list[Object]:
    return [
        daemon(HYPERPOD, "health-monitoring-agent", _is_nvidia),
        daemon(HYPERPOD, "health-monitoring-agent-non-nvidia", _is_neuron),
    ]


def _plugins() -> list[Object]:
    return [
        daemon(SYSTEM, f"{_RELEASE}-aws-efa-k8s-device-plugin", _is_in_efa_list),
        daemon(SYSTEM, f"{_RELEASE}-nvidia-device-plugin", _is_nvidia),
        daemon(SYSTEM, "neuron-device-plugin-daemonset", _is_in_neuron_list),
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
    user = {"kind": "User", "name": _SERVICE_ROLE, "apiGroup": RBAC}
    checks = "deep-health-check-service-account"
    account = {"kind": "ServiceAccount", "name": checks, "namespace": HYPERPOD}
    return [
        named("v1", "ServiceAccount", checks, namespace=HYPERPOD),
        named("v1", "ServiceAccount", "job-auto-restart", namespace=HYPERPOD),
        *role(
            f"{checks}-role",
            f"{checks}-role-binding",
            account,
            [rule("nodes", "get list"), rule("pods", "get list patch")],
        ),
        *role("hyperpod-patching", "hyperpod-patching", user, _patching()),
        *role("job-auto-restart", "job-auto-restart", user, _restarting()),
    ]


def _patching() -> list[Object]:
    return [rule("pods", "list"), rule("pods/eviction", "create"), rule("nodes", "list get patch")]


def _restarting() -> list[Object]:
    return [
        rule("nodes nodes/status pods pods/status", "get list watch"),
        rule("pods", "delete deletecollection"),
        rule("nodes nodes/status", "patch"),
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create"]},
        rule("pytorchjobs pytorchjobs/status", "get list watch delete patch update", "kubeflow.org"),
        rule("leases", "get create update delete", "coordination.k8s.io"),
    ]
