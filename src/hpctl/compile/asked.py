"""What a job's `pod_config` says of nodes and resources: it is merged last, so placement must know it first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hpctl.compile.pod_config import main_container, pod_config_of
from hpctl.errors import UsageError
from hpctl.facts.kubernetes import Taint
from hpctl.facts.quantities import quantity

_KEEPS_OFF: Final = frozenset({"NoSchedule", "NoExecute"})


@dataclass(frozen=True, slots=True)
class Toleration:
    """A toleration of a pod; an empty key is for every taint, an empty effect for every effect."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def accepts(self, taint: Taint) -> bool:
        """Whether pods with it may go where the taint is (Kubernetes documentation, "Taints and Tolerations")."""
        if self.effect and self.effect != taint.effect:
            return False
        if not self.key:
            return self.operator == "Exists"
        return self.key == taint.key and (self.operator == "Exists" or self.value == taint.value)


@dataclass(frozen=True, slots=True)
class Asked:
    """What `pod_config` asks for: nodes, taints that are borne, and resources of the first container.

    `selector` are labels with their values; of the `terms` of a required node affinity one has to hold.
    """

    selector: Mapping[str, str] = field(default_factory=dict)
    terms: tuple[Mapping[str, Any], ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    resources: Mapping[str, float] = field(default_factory=dict)

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether a node with these labels will do."""
        if not self.selector.items() <= dict(labels).items():
            return False
        return not self.terms or any(_holds(term, labels) for term in self.terms)

    def bears(self, taint: Taint, others: tuple[Toleration, ...] = ()) -> bool:
        """Whether a taint keeps no pod of the job off, with the tolerations that the job has anyway."""
        if taint.effect not in _KEEPS_OFF:
            return True
        return any(toleration.accepts(taint) for toleration in (*self.tolerations, *others))

    def count(self, resource: str) -> int | None:
        """Return how many of an extended resource are asked for; None where nothing is said."""
        told = self.resources.get(resource)
        return None if told is None else int(told)


def asked_by(pod_config: str | None) -> Asked:
    """Read what `pod_config` asks for; raises `UsageError` for what cannot be read."""
    told = pod_config_of(pod_config)
    spec = told.get("spec") or {}
    selector = spec.get("nodeSelector") or {}
    if not isinstance(selector, Mapping):
        raise UsageError("`pod_config.spec.nodeSelector` is not a mapping")
    return Asked(
        selector={str(key): str(value) for key, value in selector.items()},
        terms=tuple(_terms(spec)),
        tolerations=tuple(_tolerations(spec.get("tolerations"))),
        resources=dict(_resources(main_container(told))),
    )


def both_sides(pod_config: str | None) -> Mapping[str, Any]:
    """Return `pod_config` with every extended resource on both sides: Kubernetes takes no other request than its limit.

    Source: Kubernetes documentation, "Extended resources": they cannot be overcommitted.
    """
    told = json.loads(json.dumps(pod_config_of(pod_config)))
    spec = told.get("spec") or {}
    for container in spec.get("containers") or ():
        resources = container.get("resources") if isinstance(container, dict) else None
        if isinstance(resources, dict):
            container["resources"] = {**resources, **_completed(resources)}
    return dict(told)


def _completed(resources: Mapping[str, Any]) -> dict[str, Any]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    extended = {key: value for key, value in {**requests, **limits}.items() if "/" in key}
    if not extended:
        return {}
    return {"limits": {**limits, **extended}, "requests": {**requests, **extended}}


def _tolerations(rows: list[Any] | None) -> Iterator[Toleration]:
    if rows is not None and not isinstance(rows, list):
        raise UsageError("`pod_config.spec.tolerations` is not a list")
    for index, row in enumerate(rows or ()):
        if not isinstance(row, Mapping):
            raise UsageError(f"`pod_config.spec.tolerations[{index}]` is not a mapping")
        told = {name: str(row.get(name) or "") for name in ("key", "operator", "value", "effect")}
        yield Toleration(told["key"], told["operator"] or "Equal", told["value"], told["effect"])


def _terms(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    told: Any = spec
    path = "pod_config.spec"
    for key in ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"):
        told, path = told.get(key) or {}, f"{path}.{key}"
        if not isinstance(told, Mapping):
            raise UsageError(f"`{path}` is not a mapping")
    for index, term in enumerate(told.get("nodeSelectorTerms") or ()):
        if not isinstance(term, Mapping) or not all(isinstance(row, Mapping) for row in _expressions(term)):
            raise UsageError(f"`{path}.nodeSelectorTerms[{index}]` is not a mapping of lists")
        yield term


def _expressions(term: Mapping[str, Any]) -> Iterator[Any]:
    rows = term.get("matchExpressions") or ()
    yield from rows if isinstance(rows, list | tuple) else (rows,)


def _holds(term: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a term of a node affinity holds; what only the scheduler can tell (fields, numbers) is taken to."""
    return all(_matches(row, labels) for row in _expressions(term))


def _matches(row: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, told = labels.get(str(row.get("key"))), row.get("values")
    values = told if isinstance(told, list) else ()
    match row.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return True


def _resources(container: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    told = container.get("resources") or {}
    limits, requests = told.get("limits") or {}, told.get("requests") or {}
    for name in {**limits, **requests}:
        # An extended resource's limit counts, of the others the request.
        first, second = (limits, requests) if "/" in name else (requests, limits)
        text: Any = first.get(name, second.get(name))
        try:
            yield str(name), quantity(text)
        except ValueError:
            raise UsageError(f"`pod_config`: `{text}` is no quantity of `{name}`") from None
