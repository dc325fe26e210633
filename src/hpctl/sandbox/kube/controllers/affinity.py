"""Which nodes a pod may go to and likes: selectors, affinities, taints.

Source: Kubernetes documentation, "Assigning Pods to Nodes" and "Taints and Tolerations".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.selectors import of_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hpctl.sandbox.kube.resources import Object

REPELLING: Final = frozenset({"NoSchedule", "NoExecute"})
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
UNTOGETHER: Final = "node(s) didn't match pod affinity rules"


def selects(pod: Object, node: Object) -> bool:
    """Whether a pod's node selector and its required node affinity let it on a node."""
    spec, labels = pod["spec"], node["metadata"].get("labels") or {}
    if any(labels.get(name) != value for name, value in (spec.get("nodeSelector") or {}).items()):
        return False
    required = _affinity(spec, "nodeAffinity").get(_REQUIRED)
    return required is None or any(_matches(term, node) for term in required["nodeSelectorTerms"])


def preference(pod: Object, node: Object) -> int:
    """Return the weight of the node affinities that a pod prefers and a node has."""
    preferred = _affinity(pod["spec"], "nodeAffinity").get(_PREFERRED) or ()
    return sum(each["weight"] for each in preferred if _matches(each["preference"], node))


def untolerated(pod: Object, node: Object, effects: Iterable[str] = REPELLING) -> Object | None:
    """Return the first taint of a node, of these effects, that a pod does not tolerate."""
    taints = (taint for taint in node["spec"].get("taints") or () if taint["effect"] in effects)
    tolerations = pod["spec"].get("tolerations") or ()
    return next((taint for taint in taints if not any(tolerates(each, taint) for each in tolerations)), None)


def tolerates(toleration: Object, taint: Object) -> bool:
    """Whether a toleration is for a taint."""
    if toleration.get("effect") not in {None, "", taint["effect"]}:
        return False
    if not toleration.get("key"):
        return toleration.get("operator") == "Exists"
    if toleration["key"] != taint["key"]:
        return False
    return toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", "")


def shuns(pod: Object) -> bool:
    """Whether a pod keeps others off its place."""
    return any(True for _ in _terms(pod, "podAntiAffinity"))


def repelled(pod: Object, node: Object, others: Mapping[str, Iterable[Object]], nodes: Mapping[str, Object]) -> str:
    """Return why a pod's affinities to other pods keep it off a node, "" when nothing does.

    `others` are the pods on each node. The words are those of the scheduler's plug-in InterPodAffinity.
    """
    for term in _terms(pod, "podAffinity"):
        if not _lives_there(term, pod, node, others, nodes) and not _is_first(term, pod, others):
            return UNTOGETHER
    if any(_lives_there(term, pod, node, others, nodes) for term in _terms(pod, "podAntiAffinity")):
        return "node(s) didn't match pod anti-affinity rules"
    return ""


def repelled_by(shunning: Iterable[tuple[str, Object]], pod: Object, node: Object, nodes: Mapping[str, Object]) -> str:
    """Return why pods that are there, each on the node of this name, keep another off a node; "" when none does."""
    for place, other in shunning:
        for term in _terms(other, "podAntiAffinity"):
            if _chooses(term, pod, other) and _together(term, node, nodes[place]):
                return "node(s) didn't satisfy existing pods anti-affinity rules"
    return ""


def attraction(pod: Object, node: Object, others: Mapping[str, Iterable[Object]], nodes: Mapping[str, Object]) -> int:
    """Return the weight of what a pod prefers of other pods on a node."""
    found = 0
    for name, sign in (("podAffinity", 1), ("podAntiAffinity", -1)):
        for each in _affinity(pod["spec"], name).get(_PREFERRED) or ():
            near = _lives_there(each["podAffinityTerm"], pod, node, others, nodes)
            found += sign * each["weight"] * near
    return found


def _affinity(spec: Object, name: str) -> Object:
    found: Object = (spec.get("affinity") or {}).get(name) or {}
    return found


def _terms(pod: Object, name: str) -> Iterator[Object]:
    yield from _affinity(pod["spec"], name).get(_REQUIRED) or ()


def _matches(term: Object, node: Object) -> bool:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    labels = node["metadata"].get("labels") or {}
    named = {"metadata.name": node["metadata"]["name"]}
    return all(_holds(each, labels) for each in expressions) and all(_holds(each, named) for each in fields)


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), list(expression.get("values") or ())
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case operator:
            return value is not None and _compares(operator, int(value), int(values[0]))


def _compares(operator: str, value: int, limit: int) -> bool:
    return value > limit if operator == "Gt" else operator == "Lt" and value < limit


def _lives_there(
    term: Object, pod: Object, node: Object, others: Mapping[str, Iterable[Object]], nodes: Mapping[str, Object]
) -> bool:
    """Whether a pod that a term chooses lives in the same topology as a node."""
    places = (place for place in others if _together(term, node, nodes[place]))
    return any(_chooses(term, other, pod) for place in places for other in others[place])


def _is_first(term: Object, pod: Object, others: Mapping[str, Iterable[Object]]) -> bool:
    # The first of a group of pods that want to be together may go anywhere (documentation of podAffinity).
    alone = not any(_chooses(term, other, pod) for pods in others.values() for other in pods)
    return alone and _chooses(term, pod, pod)


def _together(term: Object, node: Object, other: Object) -> bool:
    here, there = (each["metadata"].get("labels") or {} for each in (node, other))
    key = term["topologyKey"]
    return key in here and here[key] == there.get(key)


def _chooses(term: Object, chosen: Object, pod: Object) -> bool:
    namespaces = term.get("namespaces") or [pod["metadata"]["namespace"]]
    if term.get("namespaceSelector") is None and chosen["metadata"]["namespace"] not in namespaces:
        return False
    return of_object(term.get("labelSelector")).matches(chosen)
