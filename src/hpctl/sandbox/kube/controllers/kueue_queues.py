"""ClusterQueues and LocalQueues: what they say, whether they let anybody in, and their statuses.

Source: kubernetes-sigs/kueue v0.19, pkg/cache/scheduler (clusterqueue.go), pkg/controller/core
(clusterqueue_controller.go, localqueue_controller.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.affinity import selects, tolerates
from hpctl.sandbox.kube.controllers.conditions import with_condition
from hpctl.sandbox.kube.controllers.kueue_amounts import told_amount
from hpctl.sandbox.kube.controllers.kueue_quota import NOTHING, Group, Held, Market, Queue, Quota, Slot
from hpctl.sandbox.kube.controllers.quantities import amount

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

_OPEN: Final = "None"
DRAINED: Final = "HoldAndDrain"
_TAINTS: Final = ("NoSchedule", "NoExecute")
_READY: Final = ("True", "Ready")


@dataclass(frozen=True)
class Numbers:
    """How many workloads wait in a queue, and which hold quota of it."""

    pending: int
    held: tuple[Held, ...]

    def told(self) -> Object:
        """Return them as statuses have them; whoever holds quota here is admitted at once."""
        count = len(self.held)
        return {"pendingWorkloads": self.pending, "reservingWorkloads": count, "admittedWorkloads": count}


def read(found: Object) -> Queue:
    """Return what a ClusterQueue says."""
    spec = found.get("spec") or {}
    preemption, groups = spec.get("preemption") or {}, spec.get("resourceGroups") or ()
    return Queue(
        found["metadata"]["name"],
        tuple(
            Group(tuple(group["coveredResources"]), tuple(flavor["name"] for flavor in group["flavors"]))
            for group in groups
        ),
        dict(_quotas(groups)),
        spec.get("cohortName", ""),
        strict=spec.get("queueingStrategy") == "StrictFIFO",
        within=preemption.get("withinClusterQueue", "Never"),
        reclaim=preemption.get("reclaimWithinCohort", "Never"),
    )


def _quotas(groups: Iterable[Object]) -> Iterator[tuple[Slot, Quota]]:
    for group in groups:
        for flavor in group["flavors"]:
            for row in flavor["resources"]:
                limits = (_limit(row, name) for name in ("borrowingLimit", "lendingLimit"))
                yield (flavor["name"], row["name"]), Quota(amount(row["nominalQuota"]), *limits)


def _limit(row: Object, name: str) -> Decimal | None:
    return None if row.get(name) is None else amount(row[name])


def stop_of(queue: Object) -> str:
    """Return the stop policy of a queue, "" when it is open."""
    told = (queue.get("spec") or {}).get("stopPolicy") or _OPEN
    return "" if told == _OPEN else str(told)


def cluster_condition(queue: Object, flavors: Mapping[str, Object]) -> Object:
    """Return whether a ClusterQueue lets anybody in."""
    groups = (queue.get("spec") or {}).get("resourceGroups") or ()
    missing = [row["name"] for group in groups for row in group["flavors"] if row["name"] not in flavors]
    told = [("Stopped", "is stopped")] if stop_of(queue) else []
    if missing:
        told.append(("FlavorNotFound", f"references missing ResourceFlavor(s): {','.join(missing)}"))
    if not told:
        return _active(queue, *_READY, "Can admit new workloads")
    why = ", ".join(message for _, message in told)
    return _active(queue, "False", told[0][0], f"Can't admit new workloads: {why}.")


def local_condition(queue: Object, cluster_queue: Object | None, *, is_open: bool) -> Object:
    """Return whether workloads may be sent to a LocalQueue."""
    if stop_of(queue):
        return _active(queue, "False", "Stopped", "LocalQueue is stopped")
    if is_open:
        return _active(queue, *_READY, "Can submit new workloads to localQueue")
    reason = "ClusterQueueDoesNotExist" if cluster_queue is None else "ClusterQueueIsInactive"
    return _active(queue, "False", reason, "Can't submit new workloads to clusterQueue")


def _active(queue: Object, status: str, reason: str, message: str) -> Object:
    generation = queue["metadata"].get("generation", 1)
    told = {"type": "Active", "status": status, "reason": reason, "message": message}
    return {**told, "observedGeneration": generation}


def status_of(queue: Object, numbers: Numbers, usage: list[Object], condition: Object, now: datetime) -> Object:
    """Return the status of a queue."""
    rows = with_condition((queue.get("status") or {}).get("conditions") or (), condition, now)
    return {**numbers.told(), "flavorsReservation": usage, "flavorsUsage": usage, "conditions": rows}


def usage_of(numbers: Numbers, queue: Queue | None, market: Market | None = None) -> list[Object]:
    """Return what a queue's workloads hold of each flavor; with a market also what the queue has borrowed of it."""
    found: dict[str, list[Object]] = {}
    for slot in _slots(queue) if queue else ():
        flavor, name = slot
        total = sum((each.uses.get(slot, NOTHING) for each in numbers.held), NOTHING)
        row = {"name": name, "total": told_amount(name, total)}
        if market is not None and queue is not None:
            row["borrowed"] = told_amount(name, market.borrowed(queue.name, slot))
        found.setdefault(flavor, []).append(row)
    return [{"name": flavor, "resources": resources} for flavor, resources in found.items()]


def _slots(queue: Queue) -> Iterator[Slot]:
    for group in queue.groups:
        yield from ((flavor, name) for flavor in group.flavors for name in group.resources)


def unfit(queue: Queue, template: Object, flavors: Mapping[str, Object]) -> dict[str, str]:
    """Return why flavors of a queue are none for the pods of a template, by flavor."""
    return {
        name: why
        for group in queue.groups
        for name in group.flavors
        if (why := _why_unfit(name, group, template.get("spec") or {}, flavors))
    }


def _why_unfit(name: str, group: Group, pod: Object, flavors: Mapping[str, Object]) -> str:
    spec = flavors[name].get("spec") or {}
    tolerations = [*(pod.get("tolerations") or ()), *(spec.get("tolerations") or ())]
    for taint in spec.get("nodeTaints") or ():
        if taint.get("effect") in _TAINTS and not any(tolerates(each, taint) for each in tolerations):
            return f"untolerated taint {taint['key']} in flavor {name}"
    labels = spec.get("nodeLabels") or {}
    known = {key for each in group.flavors for key in (flavors[each].get("spec") or {}).get("nodeLabels") or ()}
    node = {"metadata": {"name": name, "labels": labels}}
    return "" if selects({"spec": _about(pod, known)}, node) else f"flavor {name} doesn't match node affinity"


def _about(pod: Object, known: set[str]) -> Object:
    """Return of where a pod wants to be what the labels of flavors decide."""
    selector = {key: value for key, value in (pod.get("nodeSelector") or {}).items() if key in known}
    wanted = ((pod.get("affinity") or {}).get("nodeAffinity") or {}).get(_REQUIRED) or {}
    terms = [
        [row for row in term.get("matchExpressions") or () if row["key"] in known]
        for term in wanted.get("nodeSelectorTerms") or ()
    ]
    # A term of which nothing is left is met by every flavor, and one of the terms is enough.
    if not terms or not all(terms):
        return {"nodeSelector": selector}
    required = {"nodeSelectorTerms": [{"matchExpressions": rows} for rows in terms]}
    return {"nodeSelector": selector, "affinity": {"nodeAffinity": {_REQUIRED: required}}}


_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
