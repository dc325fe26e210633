"""Reviews: who may do what, asked for oneself or for somebody else; nothing of them is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.resources import READ, WRITE, Attributes, User
from hpctl.sandbox.kube.status import Cause, bad_request, invalid

if TYPE_CHECKING:
    from hpctl.sandbox.kube.asked import Asked
    from hpctl.sandbox.kube.ports import Access
    from hpctl.sandbox.kube.resources import Object, Resource

_ALL: Final = "*"


def reviewed(asked: Asked, resource: Resource, body: Object) -> Object:
    """Answer a review; raises StatusError (400, 422)."""
    spec = body.get("spec") or {}
    match resource.kind:
        case "SelfSubjectReview":
            status: Any = {"userInfo": _told(asked.user)}
        case "SelfSubjectAccessReview":
            status = _decided(asked.cluster.access, asked.user, resource, spec)
        case "SelfSubjectRulesReview":
            status = _rules(asked, str(spec.get("namespace") or ""))
        case "LocalSubjectAccessReview" if (spec.get("resourceAttributes") or {}).get(
            "namespace"
        ) != asked.place.namespace:
            raise bad_request("spec.resourceAttributes.namespace must match the namespace of the request")
        case _:
            status = _decided(asked.cluster.access, _subject(resource, spec), resource, spec)
    named = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {"creationTimestamp": None}}
    return {**named, **({"spec": spec} if spec else {}), "status": status}


def _decided(access: Access, user: User, resource: Resource, spec: dict[str, Any]) -> dict[str, Any]:
    decision = access.decide(user, _wish(resource, spec))
    return {"allowed": decision.allowed, **({"reason": decision.reason} if decision.reason else {})}


def _wish(resource: Resource, spec: dict[str, Any]) -> Attributes:
    about, path = spec.get("resourceAttributes") or {}, spec.get("nonResourceAttributes") or {}
    if bool(about) == bool(path):
        told = "Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise invalid(resource, "", [Cause("FieldValueInvalid", told, "spec.resourceAttributes")])
    if path:
        return Attributes(verb=path.get("verb", ""), path=path.get("path", ""))
    names = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(**{name: str(about.get(name) or "") for name in names})


def _subject(resource: Resource, spec: dict[str, Any]) -> User:
    if not spec.get("user") and not spec.get("groups"):
        told = "Invalid value: at least one of user or group must be specified"
        raise invalid(resource, "", [Cause("FieldValueInvalid", told, "spec.user")])
    return User(str(spec.get("user") or ""), tuple(spec.get("groups") or ()))


def _rules(asked: Asked, namespace: str) -> dict[str, Any]:
    """Ask for each verb of each resource: rules that name objects are left out, so the answer says it is incomplete."""
    access, rules = asked.cluster.access, []
    for served in asked.cluster.api.kinds.every():
        verbs = [
            verb
            for verb in served.verbs
            if access.decide(asked.user, Attributes(verb, served.group, served.plural, namespace=namespace)).allowed
        ]
        if verbs:
            told = [_ALL] if set(verbs) == set(READ + WRITE) else verbs
            rules.append({"verbs": told, "apiGroups": [served.group], "resources": [served.plural]})
    paths = [path for path in ("/api", "/apis", "/healthz", "/openapi", "/version") if _may_get(asked, path)]
    others = [{"verbs": ["get"], "nonResourceURLs": paths}] if paths else []
    return {"resourceRules": rules, "nonResourceRules": others, "incomplete": True}


def _may_get(asked: Asked, path: str) -> bool:
    return asked.cluster.access.decide(asked.user, Attributes("get", path=path)).allowed


def _told(user: User) -> dict[str, Any]:
    extra = {name: list(values) for name, values in user.extra}
    return {"username": user.name, "groups": list(user.groups), **({"extra": extra} if extra else {})}
