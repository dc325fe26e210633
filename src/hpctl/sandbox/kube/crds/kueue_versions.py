"""What Kueue's conversion webhook does: objects are kept as v1beta2, and those of v1beta1 are made of them.

Source: kubernetes-sigs/kueue v0.19, apis/kueue/v1beta1 (clusterqueue_conversion.go, localqueue_conversion.go,
workload_conversion.go). Topology assignments, which nobody makes here, are not converted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.crds.kueue_parts import GROUP, NEWER, OLDER

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

STORED: Final = f"{GROUP}/{NEWER}"
_OLD: Final = f"{GROUP}/{OLDER}"
_SOURCES: Final = {
    "kueue.x-k8s.io/workloadpriorityclass": ("kueue.x-k8s.io", "WorkloadPriorityClass"),
    "scheduling.k8s.io/priorityclass": ("scheduling.k8s.io", "PriorityClass"),
}
_WORDS: Final = {"Borrow": "MayStopSearch", "Preempt": "MayStopSearch"}


def converted(found: Object, wanted: str) -> Object:
    """Return an object of Kueue as one of its versions has it."""
    if found.get("apiVersion") == wanted:
        return found
    change = {"ClusterQueue": _cluster_queue, "LocalQueue": _local_queue, "Workload": _workload}.get(found["kind"])
    parts = {part: dict(found[part]) for part in ("spec", "status") if isinstance(found.get(part), dict)}
    if change is not None:
        change(parts.get("spec", {}), parts.get("status", {}), wanted == STORED)
    return {**found, **parts, "apiVersion": wanted}


def _renamed(part: Object, old: str, new: str, newer: bool) -> None:  # noqa: FBT001 - a direction, here alone
    given, wanted = (old, new) if newer else (new, old)
    if given in part:
        part[wanted] = part.pop(given)


def _cluster_queue(spec: Object, status: Object, newer: bool) -> None:  # noqa: FBT001 - a direction, here alone
    _renamed(spec, "cohort", "cohortName", newer)
    if not newer:
        return
    status.pop("pendingWorkloadsStatus", None)
    if checks := spec.pop("admissionChecks", None):
        spec["admissionChecksStrategy"] = {"admissionChecks": [{"name": name} for name in checks]}
    if isinstance(told := spec.get("flavorFungibility"), dict):
        spec["flavorFungibility"] = {key: _WORDS.get(value, value) for key, value in told.items()}


def _local_queue(_: Object, status: Object, newer: bool) -> None:  # noqa: FBT001 - a direction, here alone
    _renamed(status, "flavorUsage", "flavorsUsage", newer)
    if newer:
        status.pop("flavors", None)


def _workload(spec: Object, status: Object, newer: bool) -> None:  # noqa: FBT001 - a direction, here alone
    _renamed(status, "accumulatedPastExexcutionTimeSeconds", "accumulatedPastExecutionTimeSeconds", newer)
    if newer:
        name, source = spec.pop("priorityClassName", None), spec.pop("priorityClassSource", "")
        if name and source in _SOURCES:
            group, kind = _SOURCES[source]
            spec["priorityClassRef"] = {"group": group, "kind": kind, "name": name}
        return
    reference: dict[str, Any] = spec.pop("priorityClassRef", None) or {}
    if reference:
        spec["priorityClassName"] = reference["name"]
    named = (reference.get("group"), reference.get("kind"))
    spec["priorityClassSource"] = next((source for source, of in _SOURCES.items() if of == named), "")
