"""RBAC: which rules the bindings of a cluster give to somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hpctl.sandbox.kube.access.rules import Rule, allows
from hpctl.sandbox.kube.ports import Api
from hpctl.sandbox.kube.resources import Attributes, Decision, Object, User
from hpctl.sandbox.kube.status import StatusError

GROUP: Final = "rbac.authorization.k8s.io"
_VERSION: Final = f"{GROUP}/v1"
_ACCOUNT: Final = "system:serviceaccount:"


def decided(api: Api, user: User, wish: Attributes) -> Decision:
    """Judge a wish by the bindings of the cluster, and of the namespace that the wish is about."""
    missing: list[str] = []
    for binding, subject in _bindings(api, user, wish.namespace):
        role = binding["roleRef"]
        try:
            rules = rules_of(api, role["kind"], role["name"], binding["metadata"].get("namespace"))
        except StatusError:
            missing.append(f'{role["kind"].lower()}.{GROUP} "{role["name"]}" not found')
            continue
        if allows(rules, wish):
            return Decision(allowed=True, reason=_reason(binding, subject))
    return Decision(allowed=False, reason=f"RBAC: {missing}" if missing else "")


def rules_of(api: Api, kind: str, name: str, namespace: str | None) -> tuple[Rule, ...]:
    """Return a role's rules, with those of roles that are aggregated into it; raises StatusError (404)."""
    resource = api.resource(_VERSION, kind)
    role = api.get(resource, namespace if kind == "Role" else None, name)
    selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
    if not selectors:
        return tuple(role.get("rules") or ())
    own = [one for one in api.list(resource) if any(_selects(selector, one) for selector in selectors)]
    joined = [role, *(one for one in own if one["metadata"]["name"] != name)]
    return tuple(rule for one in joined for rule in one.get("rules") or ())


def _bindings(api: Api, user: User, namespace: str) -> Iterator[tuple[Object, Object]]:
    """Yield the bindings that are about somebody, and the subject that they are."""
    found = list(api.list(api.resource(_VERSION, "ClusterRoleBinding")))
    if namespace:
        found += api.list(api.resource(_VERSION, "RoleBinding"), namespace)
    for binding in found:
        subjects = binding.get("subjects") or ()
        if subject := next((one for one in subjects if _is(user, one, binding)), None):
            yield binding, subject


def _is(user: User, subject: Object, binding: Object) -> bool:
    match subject["kind"]:
        case "User":
            return bool(subject["name"] == user.name)
        case "Group":
            return subject["name"] in user.groups
        case "ServiceAccount":
            namespace = subject.get("namespace") or binding["metadata"].get("namespace", "")
            return bool(user.name == f"{_ACCOUNT}{namespace}:{subject['name']}")
    return False


def _selects(selector: dict[str, Any], role: Object) -> bool:
    labels = role["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())


def _reason(binding: Object, subject: Object) -> str:
    metadata, role = binding["metadata"], binding["roleRef"]
    place = f"{metadata['name']}/{metadata['namespace']}" if "namespace" in metadata else metadata["name"]
    who = f'{subject["kind"]} "{subject["name"]}"'
    if subject["kind"] == "ServiceAccount":
        who = f'ServiceAccount "{subject["name"]}/{subject.get("namespace") or metadata.get("namespace", "")}"'
    return f'RBAC: allowed by {binding["kind"]} "{place}" of {role["kind"]} "{role["name"]}" to {who}'
