"""The CRDs of Kueue's queues: ClusterQueue and LocalQueue.

Source: kubernetes-sigs/kueue v0.19, config/components/crd/bases. A contract test compares them field by field. Rules in
CEL are not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.crds.kueue_parts import (
    MOST_FLAVORS,
    NAME,
    NEWER,
    OLDER,
    chosen,
    column,
    conditions,
    consumed,
    made,
    served,
    short,
    taint,
    unique,
    usage,
)
from hpctl.sandbox.kube.crds.parts import INT32, INT64, MOMENT, TEXT, atomic, listed, mapped, structure
from hpctl.sandbox.kube.crds.templates import Schema, label_selector, quantity

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

_STOP: Final = chosen("None", "Hold", "HoldAndDrain", default="None")
_NUMBERS: Final = dict.fromkeys(("admittedWorkloads", "pendingWorkloads", "reservingWorkloads"), INT32)
_MOST_CONDITIONS: Final = 16


def clusterqueues() -> Object:
    """Return the CRD of ClusterQueues."""
    versions = (
        served(name, {"spec": spec, "status": status}, _columns_of_cluster_queue(cohort), status=True)
        for name, spec, status, cohort in (
            (OLDER, _older_spec(), _older_status(), ".spec.cohort"),
            (NEWER, _newer_spec(), _status(maxItems=_MOST_CONDITIONS), ".spec.cohortName"),
        )
    )
    return made("ClusterQueue", "clusterqueues", ["cq"], *versions, scope="Cluster")


def localqueues() -> Object:
    """Return the CRD of LocalQueues."""
    spec = structure({"clusterQueue": NAME, "fairSharing": _weight(), "stopPolicy": _STOP})
    rows = {"flavorsReservation": usage(), **_NUMBERS, "fairSharing": _shared(consumed())}
    older = {**rows, "flavorUsage": usage(), "flavors": _flavors_told(), "conditions": conditions()}
    newer = {**rows, "flavorsUsage": usage(), "conditions": conditions(maxItems=_MOST_CONDITIONS)}
    versions = (
        served(name, {"spec": spec, "status": structure(status)}, _columns_of_local_queue(), status=True)
        for name, status in ((OLDER, older), (NEWER, newer))
    )
    return made("LocalQueue", "localqueues", ["queue", "queues", "lq"], *versions, scope="Namespaced")


def _columns_of_cluster_queue(cohort: str) -> list[Schema]:
    admitted = "Number of admitted workloads that haven't finished yet"
    return [
        column("Cohort that this ClusterQueue belongs to", cohort, "Cohort"),
        column("The queueing strategy used to prioritize workloads", ".spec.queueingStrategy", "Strategy", priority=1),
        column("Number of pending workloads", ".status.pendingWorkloads", "Pending Workloads", "integer"),
        column(admitted, ".status.admittedWorkloads", "Admitted Workloads", "integer", priority=1),
    ]


def _columns_of_local_queue() -> list[Schema]:
    admitted = "Number of admitted workloads that haven't finished yet."
    return [
        column("Backing ClusterQueue", ".spec.clusterQueue", "ClusterQueue"),
        column("Number of pending workloads", ".status.pendingWorkloads", "Pending Workloads", "integer"),
        column(admitted, ".status.admittedWorkloads", "Admitted Workloads", "integer"),
    ]


def _newer_spec() -> Schema:
    check = structure({"name": short(316, 1), "onFlavors": unique(NAME, MOST_FLAVORS)}, required=["name"])
    checks = {**listed(check, by="name"), "minItems": 1, "maxItems": MOST_FLAVORS}
    preference = chosen("BorrowingOverPreemption", "PreemptionOverBorrowing")
    migration = structure(
        {
            "constraints": structure({"lastAcceptableFlavorName": NAME}),
            "mode": {**chosen("TryPreferredFlavors", "RetainFirstAdmission"), "maxLength": 253},
        },
        required=["mode"],
    )
    return structure(
        {
            **_spec_of_both(),
            "admissionChecksStrategy": structure({"admissionChecks": checks}, required=["admissionChecks"]),
            "admissionScope": _scope(chosen("UsageBasedAdmissionFairSharing", "NoAdmissionFairSharing")),
            "cohortName": NAME,
            "concurrentAdmissionPolicy": structure({"migration": migration}, required=["migration"]),
            "flavorFungibility": _fungibility((), preference),
        }
    )


def _older_spec() -> Schema:
    check = structure({"name": short(316), "onFlavors": listed(NAME)}, required=["name"])
    preference = chosen("BorrowingOverPreemption", "PreemptionOverBorrowing")
    return structure(
        {
            **_spec_of_both(),
            "admissionChecks": listed(short(316)),
            "admissionChecksStrategy": structure({"admissionChecks": listed(check)}),
            "admissionScope": _scope(TEXT),
            "cohort": NAME,
            "flavorFungibility": _fungibility(("Borrow", "Preempt"), preference),
        }
    )


def _scope(mode: Schema) -> Schema:
    return structure({"admissionMode": mode}, required=["admissionMode"])


def _fungibility(old_words: tuple[str, ...], preference: Schema) -> Schema:
    borrow, preempt = old_words[:1], old_words[1:]
    told = {
        "preference": preference,
        "whenCanBorrow": chosen("MayStopSearch", "TryNextFlavor", *borrow, default="MayStopSearch"),
        "whenCanPreempt": chosen("MayStopSearch", "TryNextFlavor", *preempt, default="TryNextFlavor"),
    }
    return {**structure(told), "default": {}}


def _spec_of_both() -> Schema:
    return {
        "fairSharing": _weight(),
        "namespaceSelector": label_selector(),
        "preemption": _preemption(),
        "queueingStrategy": chosen("StrictFIFO", "BestEffortFIFO", default="BestEffortFIFO"),
        "resourceGroups": atomic(_resource_group(), maxItems=16),
        "stopPolicy": _STOP,
    }


def _preemption() -> Schema:
    borrow = {"maxPriorityThreshold": INT32, "policy": chosen("Never", "LowerPriority", default="Never")}
    within = chosen("Never", "LowerPriority", "LowerOrNewerEqualPriority", default="Never")
    told = {
        "borrowWithinCohort": {**structure(borrow), "default": {}},
        "reclaimWithinCohort": chosen("Never", "LowerPriority", "Any", default="Never"),
        "withinClusterQueue": within,
    }
    return {**structure(told), "default": {}}


def _resource_group() -> Schema:
    amounts = dict.fromkeys(("borrowingLimit", "lendingLimit", "nominalQuota"), quantity())
    resource = structure({"name": TEXT, **amounts}, required=["name", "nominalQuota"])
    resources = {**listed(resource, by="name"), "minItems": 1, "maxItems": MOST_FLAVORS}
    flavor = structure({"name": NAME, "resources": resources}, required=["name", "resources"])
    return structure(
        {
            "coveredResources": atomic(TEXT, minItems=1, maxItems=MOST_FLAVORS),
            "flavors": {**listed(flavor, by="name"), "minItems": 1, "maxItems": MOST_FLAVORS},
        },
        required=["coveredResources", "flavors"],
    )


def _weight() -> Schema:
    return structure({"weight": {**quantity(), "default": 1}})


def _shared(admission: Schema | None = None) -> Schema:
    more = {"admissionFairSharingStatus": admission} if admission else {}
    return structure({"weightedShare": INT64, **more}, required=["weightedShare"])


def _status(shared: Schema | None = None, **limits: int) -> Schema:
    return structure(
        {
            **_NUMBERS,
            "conditions": conditions(**limits),
            "fairSharing": shared or _shared(),
            "flavorsReservation": usage("borrowed"),
            "flavorsUsage": usage("borrowed"),
        }
    )


def _older_status() -> Schema:
    found = _status(_shared(consumed()))
    head = structure({"name": TEXT, "namespace": TEXT}, required=["name", "namespace"])
    waiting = {"clusterQueuePendingWorkload": atomic(head), "lastChangeTime": MOMENT}
    found["properties"]["pendingWorkloadsStatus"] = structure(waiting, required=["lastChangeTime"])
    return found


def _flavors_told() -> Schema:
    topology = structure({"levels": atomic(TEXT, minItems=1, maxItems=16), "name": NAME}, required=["levels", "name"])
    row = structure(
        {
            "name": NAME,
            "nodeLabels": mapped(TEXT),
            "nodeTaints": atomic(taint(), maxItems=8),
            "resources": unique(TEXT, MOST_FLAVORS),
            "topology": topology,
        },
        required=["name"],
    )
    return {**listed(row, by="name"), "maxItems": MOST_FLAVORS}
