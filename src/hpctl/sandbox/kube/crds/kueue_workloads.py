"""The CRD of Kueue's Workloads.

Source: kubernetes-sigs/kueue v0.19, config/components/crd/bases. A contract test compares it field by field. Rules in
CEL are not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.crds.jobset import VINTAGE
from hpctl.sandbox.kube.crds.kueue_parts import (
    COUNT,
    LABEL,
    NAME,
    NEWER,
    OLDER,
    ONE_OR_MORE,
    chosen,
    column,
    conditions,
    made,
    served,
    short,
    toleration,
)
from hpctl.sandbox.kube.crds.parts import INT32, MOMENT, TEXT, TRUTH, atomic, listed, mapped, structure
from hpctl.sandbox.kube.crds.templates import Schema, quantity

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

_TEMPLATE: Final = "io.k8s.api.core.v1.PodTemplateSpec"
_MOST_PODS: Final = 100_000
_MOST_SETS: Final = 18
_MOST_LABEL: Final = 317


def workloads() -> Object:
    """Return the CRD."""
    older = {"spec": _older_spec(), "status": structure(_older_status())}
    newer = {"spec": _newer_spec(), "status": structure(_newer_status())}
    newest = served(NEWER, newer, _columns(), status=True)
    newest["selectableFields"] = [{"jsonPath": ".status.admission.clusterQueue"}]
    versions = (served(OLDER, older, _columns(), status=True), newest)
    return made("Workload", "workloads", ["kwl", "kueueworkload", "kueueworkloads"], *versions, scope="Namespaced")


def _columns() -> list[Schema]:
    reserved, about = ".status.admission.clusterQueue", "Name of the ClusterQueue where the workload is reserving quota"
    return [
        column("Name of the queue this workload was submitted to", ".spec.queueName", "Queue"),
        column(about, reserved, "Reserved in"),
        column("Admission status", ".status.conditions[?(@.type=='Admitted')].status", "Admitted"),
        column("Workload finished", ".status.conditions[?(@.type=='Finished')].status", "Finished"),
        column("Time this workload was created", ".metadata.creationTimestamp", "Age", "date"),
    ]


def _spec_of_both(sets: Schema) -> Schema:
    return {
        "active": {**TRUTH, "default": True},
        "maximumExecutionTimeSeconds": ONE_OR_MORE,
        "podSets": {**listed(sets, by="name"), "minItems": 1, "maxItems": _MOST_SETS},
        "priority": INT32,
        "queueName": NAME,
    }


def _newer_spec() -> Schema:
    reference = {
        "group": chosen("kueue.x-k8s.io", "scheduling.k8s.io"),
        "kind": chosen("WorkloadPriorityClass", "PriorityClass"),
        "name": {**NAME, "minLength": 1},
    }
    gate = structure({"name": short(63, 1)}, required=["name"])
    return structure(
        {
            **_spec_of_both(_pod_set(_newer_topology(), ["template"])),
            "preemptionGates": {**listed(gate, by="name"), "maxItems": 8},
            "priorityClassRef": structure(reference, required=list(reference)),
        }
    )


def _older_spec() -> Schema:
    sources = ["kueue.x-k8s.io/workloadpriorityclass", "scheduling.k8s.io/priorityclass", ""]
    return structure(
        {
            **_spec_of_both(_pod_set(_topology(TEXT, TEXT, TEXT, TEXT), ["count", "template"])),
            "priorityClassName": NAME,
            "priorityClassSource": {**TEXT, "enum": sources, "default": ""},
        },
        required=["podSets"],
    )


def _pod_set(topology: Schema, required: list[str]) -> Schema:
    return structure(
        {
            "count": {**COUNT, "default": 1},
            "minCount": ONE_OR_MORE,
            "name": {**LABEL, "default": "main"},
            "template": VINTAGE.schema_of(_TEMPLATE),
            "topologyRequest": topology,
        },
        required=required,
    )


def _topology(index: Schema, group: Schema, level: Schema, subgroup: Schema) -> Schema:
    return structure(
        {
            "podIndexLabel": index,
            "podSetGroupName": group,
            "podSetSliceRequiredTopology": level,
            "podSetSliceSize": INT32,
            "preferred": level,
            "required": level,
            "subGroupCount": INT32,
            "subGroupIndexLabel": subgroup,
            "unconstrained": TRUTH,
        }
    )


def _newer_topology() -> Schema:
    found = _topology(short(_MOST_LABEL), short(256), short(63), short(_MOST_LABEL))
    row = structure({"size": ONE_OR_MORE, "topology": short(63, 1)}, required=["size", "topology"])
    found["properties"]["podsetSliceRequiredTopologyConstraints"] = atomic(row, maxItems=3)
    return found


def _newer_status() -> Schema:
    gate = {"lastTransitionTime": MOMENT, "name": short(63, 1), "position": chosen("Closed", "Open")}
    node = structure({"name": short(63)}, required=["name"])
    delayed = {**chosen("Pending", "Ready"), "maxLength": 7}
    return {
        **_status_of_both(atomic(toleration(), maxItems=8), short(316, 1), short(256)),
        "accumulatedPastExecutionTimeSeconds": INT32,
        "admission": structure({"clusterQueue": NAME, "podSetAssignments": _assignments(_slices(), delayed)}),
        "clusterName": short(256),
        "conditions": conditions(maxItems=16),
        "preemptionGates": {**listed(structure(gate, required=list(gate)), by="name"), "maxItems": 8},
        "schedulingStats": structure({"evictions": {**_evictions(), "maxItems": 256}}),
        "unhealthyNodes": {**listed(node, by="name"), "maxItems": 8},
    }


def _older_status() -> Schema:
    domain = structure(
        {"count": ONE_OR_MORE, "values": atomic(TEXT, minItems=1, maxItems=16)}, required=["count", "values"]
    )
    topology = {"domains": listed(domain), "levels": atomic(TEXT, minItems=1, maxItems=16)}
    assignments = _assignments(structure(topology, required=["domains", "levels"]), TEXT, required=["name"])
    admission = {"clusterQueue": NAME, "podSetAssignments": assignments}
    return {
        **_status_of_both({**listed(toleration()), "maxItems": 8}, short(316), TEXT),
        # Kueue's own spelling.
        "accumulatedPastExexcutionTimeSeconds": INT32,
        "admission": structure(admission, required=list(admission)),
        "clusterName": TEXT,
        "conditions": conditions(),
        "schedulingStats": structure({"evictions": _evictions()}),
        "unhealthyNodes": listed(structure({"name": TEXT}, required=["name"])),
    }


def _status_of_both(tolerations: Schema, check: Schema, cluster: Schema) -> Schema:
    reclaimable = structure({"count": COUNT, "name": LABEL}, required=["count", "name"])
    requests = structure({"name": {**LABEL}, "resources": mapped(quantity())}, required=["name"])
    return {
        "admissionChecks": {**listed(_check(tolerations, check), by="name"), "maxItems": 8},
        "nominatedClusterNames": atomic(cluster, maxItems=20),
        "reclaimablePods": {**listed(reclaimable, by="name"), "maxItems": _MOST_SETS},
        "requeueState": structure({"count": COUNT, "requeueAt": MOMENT}),
        "resourceRequests": {**listed(requests, by="name"), "maxItems": _MOST_SETS},
    }


def _check(tolerations: Schema, name: Schema) -> Schema:
    texts = dict.fromkeys(("annotations", "labels", "nodeSelector"), mapped(TEXT))
    update = structure({**texts, "name": LABEL, "tolerations": tolerations}, required=["name"])
    needed = {
        "lastTransitionTime": MOMENT,
        "message": short(32768),
        "name": name,
        "state": chosen("Pending", "Ready", "Retry", "Rejected"),
    }
    more = {
        "podSetUpdates": atomic(update, maxItems=_MOST_SETS),
        "requeueAfterSeconds": COUNT,
        "retryCount": COUNT,
    }
    return structure({**needed, **more}, required=list(needed))


def _assignments(topology: Schema, delayed: Schema, required: list[str] | None = None) -> Schema:
    row = structure(
        {
            "count": COUNT,
            "delayedTopologyRequest": delayed,
            "flavors": mapped(NAME),
            "name": {**LABEL, "default": "main"},
            "resourceUsage": mapped(quantity()),
            "topologyAssignment": topology,
        },
        required=required,
    )
    return {**listed(row, by="name"), "maxItems": _MOST_SETS}


def _slices() -> Schema:
    """Return the schema of where the pods of a topology request go."""
    many = {"minItems": 1, "maxItems": _MOST_PODS}
    roots = structure(
        {"prefix": short(63), "roots": atomic(short(63), **many), "suffix": short(63)}, required=["roots"]
    )
    values = structure({"individual": roots, "universal": short(63)})
    counts = structure({"individual": atomic(ONE_OR_MORE, **many), "universal": ONE_OR_MORE})
    row = structure(
        {"domainCount": ONE_OR_MORE, "podCounts": counts, "valuesPerLevel": atomic(values, minItems=1, maxItems=16)},
        required=["domainCount", "podCounts", "valuesPerLevel"],
    )
    levels = atomic(short(_MOST_LABEL), minItems=1, maxItems=16)
    return structure({"levels": levels, "slices": atomic(row, maxItems=1000)}, required=["levels", "slices"])


def _evictions() -> Schema:
    needed = {"count": COUNT, "reason": short(316), "underlyingCause": short(316)}
    row = structure(needed, required=list(needed))
    return {**listed(row), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["reason", "underlyingCause"]}
