"""RBAC's rules: whether one allows what somebody wants (k8s.io/api/rbac/v1, and its evaluation by the authorizer)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final

from hpctl.sandbox.kube.resources import Attributes

Rule = Mapping[str, Any]
ALL: Final = "*"


def allows(rules: Iterable[Rule], wish: Attributes) -> bool:
    """Whether any of the rules allows it."""
    return any(_allows(rule, wish) for rule in rules)


def _allows(rule: Rule, wish: Attributes) -> bool:
    if not _has(rule.get("verbs"), wish.verb):
        return False
    if wish.path:
        return any(_leads(pattern, wish.path) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames") or ()
    return (
        _has(rule.get("apiGroups"), wish.group)
        and _names(rule.get("resources") or (), wish)
        and (not names or wish.name in names)
    )


def _has(values: Iterable[str] | None, wanted: str) -> bool:
    return any(value in {ALL, wanted} for value in values or ())


def _names(resources: Iterable[str], wish: Attributes) -> bool:
    whole = f"{wish.resource}/{wish.subresource}" if wish.subresource else wish.resource
    every = f"{ALL}/{wish.subresource}" if wish.subresource else ALL
    return any(resource in {ALL, whole, every} for resource in resources)


def _leads(pattern: str, path: str) -> bool:
    return pattern in {ALL, path} or (pattern.endswith(ALL) and path.startswith(pattern.removesuffix(ALL)))


def wishes(rules: Iterable[Rule], namespace: str) -> Iterator[Attributes]:
    """Yield all that rules allow in a namespace, each as a wish; what is `*` stays so."""
    for rule in rules:
        for verb in rule.get("verbs") or ():
            yield from (Attributes(verb, path=path) for path in rule.get("nonResourceURLs") or ())
            places = product(
                rule.get("apiGroups") or (), rule.get("resources") or (), rule.get("resourceNames") or ("",)
            )
            for group, resource, name in places:
                plural, _, inner = resource.partition("/")
                yield Attributes(verb, group, plural, inner, namespace, name)
