"""The RBAC objects that a new cluster has from the start.

Source: kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (v1.33), the roles and bindings of people;
those of controllers are left out, as the sandbox's own controllers ask nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hpctl.sandbox.kube.access.policies import ADMIN_ALONE, CHANGE, EDIT_ALONE, EVERYTHING, READ, VIEW, rule
from hpctl.sandbox.kube.access.rules import Rule
from hpctl.sandbox.kube.resources import Object

_GROUP: Final = "rbac.authorization.k8s.io"
_AGGREGATE: Final = f"{_GROUP}/aggregate-to-"
_OPEN: Final = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
_DISCOVERY: Final = ["/api", "/api/*", "/apis", "/apis/*", *_OPEN[:2], "/openapi", "/openapi/*", *_OPEN[2:]]
# What the roles allow beyond EKS's policies of the same names.
_EDIT_MORE: Final = (
    rule("", "pods/eviction serviceaccounts/token", ("create",)),
    rule("coordination.k8s.io", "leases", READ + CHANGE),
)


def bootstrap() -> tuple[Object, ...]:
    """Return ClusterRoles and ClusterRoleBindings, as they are to be created."""
    view, edit, admin = VIEW, (*EDIT_ALONE, *_EDIT_MORE), ADMIN_ALONE
    return (
        _role("cluster-admin", EVERYTHING),
        _aggregate("admin", (*admin, *edit, *view)),
        _aggregate("edit", (*edit, *view), into="admin"),
        _aggregate("view", view, into="edit"),
        _role("system:aggregate-to-admin", admin, {f"{_AGGREGATE}admin": "true"}),
        _role("system:aggregate-to-edit", edit, {f"{_AGGREGATE}edit": "true"}),
        _role("system:aggregate-to-view", view, {f"{_AGGREGATE}view": "true"}),
        _role("system:basic-user", _SELF),
        _role("system:discovery", ({"nonResourceURLs": _DISCOVERY, "verbs": ["get"]},)),
        _role("system:public-info-viewer", ({"nonResourceURLs": _OPEN, "verbs": ["get"]},)),
        _role("system:node", _NODE),
        _binding("cluster-admin", "system:masters"),
        _binding("system:basic-user", "system:authenticated"),
        _binding("system:discovery", "system:authenticated"),
        _binding("system:public-info-viewer", "system:authenticated", "system:unauthenticated"),
        # EKS lets nodes in by it, where Kubernetes has an authorizer of its own (EKS user guide, "eks:node-manager").
        _binding("system:node", "system:nodes"),
    )


_SELF: Final = (
    rule("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews selfsubjectreviews", ("create",)),
    rule("authentication.k8s.io", "selfsubjectreviews", ("create",)),
)
_NODE: Final = (
    rule("", "services nodes configmaps secrets persistentvolumeclaims persistentvolumes serviceaccounts", READ),
    rule("", "nodes nodes/status", ("create", "patch", "update")),
    rule("", "pods", (*READ, "create", "delete")),
    rule("", "pods/status", ("patch", "update")),
    rule("", "pods/eviction serviceaccounts/token", ("create",)),
    rule("", "events", ("create", "patch", "update")),
    rule("coordination.k8s.io", "leases", ("create", "delete", "get", "patch", "update")),
    rule("node.k8s.io", "runtimeclasses", READ),
)


def _role(name: str, rules: Iterable[Rule], labels: dict[str, str] | None = None, **more: Any) -> Object:
    return _made("ClusterRole", name, labels or {}) | {"rules": [dict(one) for one in rules]} | more


def _aggregate(name: str, rules: Iterable[Rule], into: str = "") -> Object:
    labels = {f"{_AGGREGATE}{into}": "true"} if into else {}
    selector = {"clusterRoleSelectors": [{"matchLabels": {f"{_AGGREGATE}{name}": "true"}}]}
    return _role(name, rules, labels, aggregationRule=selector)


def _binding(role: str, *groups: str) -> Object:
    return _made("ClusterRoleBinding", role, {}) | {
        "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _GROUP, "kind": "Group", "name": group} for group in groups],
    }


def _made(kind: str, name: str, labels: dict[str, str]) -> Object:
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "annotations": {f"{_GROUP}/autoupdate": "true"},
            "labels": {"kubernetes.io/bootstrapping": "rbac-defaults", **labels},
        },
    }
