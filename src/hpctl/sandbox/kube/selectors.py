"""Label and field selectors of lists and watches.

Source: Kubernetes documentation, "Labels and Selectors" and "Field Selectors"; the fields of each kind are those of
the conversion functions in kubernetes/pkg/apis/core/v1/conversion.go and its neighbours (1.33).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.status import StatusError, bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hpctl.sandbox.kube.resources import Object, Resource

Test = tuple[str, str, tuple[str, ...]]
"""What is looked at, the operator, and the values that it is compared with."""

_COMMAS: Final = re.compile(r",(?![^(]*\))")
_SET: Final = re.compile(r"(?P<key>\S+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUAL: Final = re.compile(r"(?P<key>[^\s=!<>]+)\s*(?P<operator>==|=|!=|<|>)\s*(?P<value>[^\s=!<>]*)")
_EXISTS: Final = re.compile(r"(?P<not>!?)\s*(?P<key>[^\s=!<>()]+)")
_NAME: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,253}/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_VALUE: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_METADATA: Final = ("metadata.name", "metadata.namespace")
_EVENT_OF: Final = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_FIELDS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("", "pods"): (
        "spec.hostNetwork",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.nominatedNodeName",
        "status.phase",
        "status.podIP",
    ),
    ("", "events"): (
        *(f"involvedObject.{field}" for field in _EVENT_OF),
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    ("events.k8s.io", "events"): (*(f"regarding.{field}" for field in _EVENT_OF), "reason", "type"),
    ("", "namespaces"): ("status.phase",),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "secrets"): ("type",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("apps", "replicasets"): ("status.replicas",),
    ("batch", "jobs"): ("status.successful",),
}


@dataclass(frozen=True, slots=True)
class Selector:
    """Both selectors of a request, ready to be asked."""

    labels: tuple[Test, ...] = ()
    fields: tuple[Test, ...] = ()

    def matches(self, found: Object) -> bool:
        """Whether an object is selected."""
        labels = found["metadata"].get("labels") or {}
        return all(_holds(test, labels.get) for test in self.labels) and all(
            _holds(test, lambda path: _field(found, path)) for test in self.fields
        )


def selector(resource: Resource, labels: str, fields: str, selectable: tuple[str, ...] = ()) -> Selector:
    """Read both selectors; `selectable` are the fields that a CRD adds. Raises StatusError (400)."""
    known = {*_METADATA, *_FIELDS.get((resource.group, resource.plural), ()), *selectable}
    tests = tuple(_read_field(part) for part in _parts(fields))
    for path, _, _ in tests:
        if path not in known:
            raise bad_request(f"field label not supported: {path}")
    return Selector(tuple(_read_label(part) for part in _parts(labels)), tests)


def of_object(found: Mapping[str, Any] | None) -> Selector:
    """Return the selector that an object holds: a `LabelSelector`; None selects nothing."""
    if found is None:
        return Selector(labels=(("", "never", ()),))
    equal = [(key, "=", (str(value),)) for key, value in (found.get("matchLabels") or {}).items()]
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
    sets = [
        (term["key"], operators[term["operator"]], tuple(term.get("values") or ()))
        for term in found.get("matchExpressions") or ()
    ]
    return Selector(labels=(*equal, *sets))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _COMMAS.split(text)] if text.strip() else []


def _read_label(part: str) -> Test:
    if found := _SET.fullmatch(part):
        values = tuple(value.strip() for value in found["values"].split(","))
        test: Test = (found["key"], found["operator"], values)
    elif found := _EQUAL.fullmatch(part):
        test = (found["key"], found["operator"].replace("==", "="), (found["value"],))
    elif found := _EXISTS.fullmatch(part):
        test = (found["key"], "!" if found["not"] else "exists", ())
    else:
        raise StatusError(400, "BadRequest", f"unable to parse requirement: found '{part}', expected: a requirement")
    return _judged(test)


def _judged(test: Test) -> Test:
    key, operator, values = test
    if not _NAME.fullmatch(key):
        raise bad_request(f'unable to parse requirement: <nil>: Invalid value: "{key}": name part must be a label key')
    for value in values:
        if operator in {"<", ">"} and not value.lstrip("-").isdigit():
            raise bad_request(
                f'unable to parse requirement: values[0][{key}]: Invalid value: "{value}": not an integer'
            )
        if not _VALUE.fullmatch(value):
            raise bad_request(f'unable to parse requirement: values[0][{key}]: Invalid value: "{value}": a valid label')
    return test


def _read_field(part: str) -> Test:
    found = re.fullmatch(r"(?P<path>[^=!]+?)\s*(?P<operator>==|=|!=)\s*(?P<value>.*)", part)
    if found is None:
        raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    return found["path"], found["operator"].replace("==", "="), (found["value"],)


def _holds(test: Test, value_of: Callable[[str], str | None]) -> bool:
    key, operator, values = test
    value = value_of(key)
    match operator:
        case "=" | "in":
            return value in values
        case "!=" | "notin":
            return value not in values
        case "exists":
            return value is not None
        case "!":
            return value is None
        case "<" | ">":
            return _compares(value, operator, int(values[0]))
        case _:
            return False


def _compares(value: str | None, operator: str, limit: int) -> bool:
    if value is None or not value.lstrip("-").isdigit():
        return False
    return int(value) > limit if operator == ">" else int(value) < limit


def _field(found: Object, path: str) -> str:
    """Return a field's value as selectors compare it: text, "" when it is not there."""
    if path == "source" and isinstance(found.get("source"), dict):
        return str(found["source"].get("component", ""))
    if path == "status.successful":
        path = "status.succeeded"
    value: Any = found
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return _WHEN_MISSING.get(path, "")
    return str(value).lower() if isinstance(value, bool) else str(value)


_WHEN_MISSING: Final = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.succeeded": "0"}
