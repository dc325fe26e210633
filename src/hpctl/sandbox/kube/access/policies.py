"""What EKS's access policies and Kubernetes' own roles allow, as RBAC's rules.

Sources: EKS user guide, "Review access policy permissions", and kubernetes/plugin/pkg/auth/authorizer/rbac/
bootstrappolicy/policy.go (v1.33). The roles view, edit and admin allow what the policies of these names allow, and a
little more. No policy but the two for administrators of the whole cluster knows custom resources.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hpctl.sandbox.kube.access.rules import ALL, Rule

READ: Final = ("get", "list", "watch")
CHANGE: Final = ("create", "delete", "deletecollection", "patch", "update")


def rule(group: str, resources: str, verbs: tuple[str, ...]) -> Rule:
    """Return a rule; `resources` are their names with spaces between them."""
    return {"apiGroups": [group], "resources": resources.split(), "verbs": list(verbs)}


EVERYTHING: Final[tuple[Rule, ...]] = (
    {"apiGroups": [ALL], "resources": [ALL], "verbs": [ALL]},
    {"nonResourceURLs": [ALL], "verbs": [ALL]},
)
_RUNNING: Final = (
    "daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale"
)
_RUNNING_STATUS: Final = (
    "controllerrevisions daemonsets/status deployments/status replicasets/status statefulsets/status"
)
_DATA: Final = (
    "configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale serviceaccounts services"
)
VIEW: Final = (
    rule("", f"{_DATA} endpoints persistentvolumeclaims/status pods services/status", READ),
    rule("", "bindings events limitranges namespaces namespaces/status pods/log pods/status", READ),
    rule("", "replicationcontrollers/status resourcequotas resourcequotas/status", READ),
    rule("apps", f"{_RUNNING} {_RUNNING_STATUS}", READ),
    rule("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", READ),
    rule("batch", "cronjobs cronjobs/status jobs jobs/status", READ),
    rule("discovery.k8s.io", "endpointslices", READ),
    rule("networking.k8s.io", "ingresses ingresses/status networkpolicies", READ),
    rule("policy", "poddisruptionbudgets poddisruptionbudgets/status", READ),
)
_INSIDE: Final = "pods/attach pods/exec pods/portforward pods/proxy"
EDIT_ALONE: Final = (
    rule("", f"{_INSIDE} secrets services/proxy", READ),
    rule("", "serviceaccounts", ("impersonate",)),
    rule("", f"pods {_INSIDE}", CHANGE),
    rule("", f"{_DATA} events secrets services/proxy", CHANGE),
    rule("apps", f"{_RUNNING} deployments/rollback", CHANGE),
    rule("autoscaling", "horizontalpodautoscalers", CHANGE),
    rule("batch", "cronjobs jobs", CHANGE),
    rule("networking.k8s.io", "ingresses networkpolicies", CHANGE),
    rule("policy", "poddisruptionbudgets", CHANGE),
)
ADMIN_ALONE: Final = (
    rule("authorization.k8s.io", "localsubjectaccessreviews", ("create",)),
    rule("rbac.authorization.k8s.io", "rolebindings roles", READ + CHANGE),
)

_POLICY: Final = "arn:aws:eks::aws:cluster-access-policy/"
ACCESS_POLICIES: Final[Mapping[str, tuple[Rule, ...]]] = {
    f"{_POLICY}{name}": rules
    for name, rules in {
        "AmazonEKSAdminPolicy": (*ADMIN_ALONE, *EDIT_ALONE, *VIEW),
        "AmazonEKSAdminViewPolicy": (rule(ALL, ALL, READ),),
        "AmazonEKSClusterAdminPolicy": EVERYTHING,
        "AmazonEKSEditPolicy": (*EDIT_ALONE, *VIEW),
        "AmazonEKSSecretReaderPolicy": (rule("", "secrets", READ),),
        "AmazonEKSViewPolicy": VIEW,
    }.items()
}
"""The rules of each access policy that people are given, by ARN; of others nothing is allowed."""
