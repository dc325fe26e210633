"""Objects of what a cluster has installed: their programs are not here.

Their DaemonSets and Deployments carry the annotation of stand-ins and have no pods; what they would do is done by the
sandbox's controllers, or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.catalog.instance_types import InstanceType, instance_types
from hpctl.sandbox.kube.controllers.daemonsets import STAND_IN

if TYPE_CHECKING:
    from collections.abc import Callable

    from hpctl.sandbox.kube.resources import Object

SYSTEM: Final = "kube-system"
HYPERPOD: Final = "aws-hyperpod"
RBAC: Final = "rbac.authorization.k8s.io"
_IMAGE: Final = "hpctl-sandbox/stand-in"


def named(version: str, kind: str, name: str, *, namespace: str | None = None, **metadata: Any) -> Object:
    """Return an object with nothing but its name, and other members of its metadata."""
    place = {} if namespace is None else {"namespace": namespace}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **place, **metadata}}


def daemon(namespace: str, name: str, runs_on: Callable[[InstanceType], bool] | None = None) -> Object:
    """Return a DaemonSet, for the nodes of some types or for all."""
    pod: Object = {"tolerations": [{"operator": "Exists"}]}
    if runs_on is not None:
        types = [each.name for each in instance_types() if runs_on(each)]
        terms = [{"matchExpressions": [{"key": "node.kubernetes.io/instance-type", "operator": "In", "values": types}]}]
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        pod["affinity"] = {"nodeAffinity": required}
    return _workload("DaemonSet", namespace, name, pod)


def deployment(namespace: str, name: str) -> Object:
    """Return a Deployment of one pod."""
    found = _workload("Deployment", namespace, name, {})
    found["spec"]["replicas"] = 1
    return found


def _workload(kind: str, namespace: str, name: str, pod: Object) -> Object:
    labels = {"app.kubernetes.io/name": name}
    body = {"containers": [{"name": name[-63:], "image": _IMAGE}], **pod}
    workload = named("apps/v1", kind, name, namespace=namespace, labels=labels, annotations={STAND_IN: "true"})
    template = {"metadata": {"labels": labels}, "spec": body}
    return workload | {"spec": {"selector": {"matchLabels": labels}, "template": template}}


def rule(resources: str, verbs: str, group: str = "") -> Object:
    """Return a rule of RBAC; resources and verbs are words."""
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


def role(name: str, binding: str, subject: Object, rules: list[Object]) -> list[Object]:
    """Return a ClusterRole and the binding that gives it to somebody."""
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
    return [
        named(f"{RBAC}/v1", "ClusterRole", name) | {"rules": rules},
        named(f"{RBAC}/v1", "ClusterRoleBinding", binding) | {"roleRef": reference, "subjects": [subject]},
    ]
