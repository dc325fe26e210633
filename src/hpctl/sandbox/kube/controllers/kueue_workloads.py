"""Workloads: what stands in one, and what its conditions say.

Source: kubernetes-sigs/kueue v0.19, pkg/workload (workload.go), pkg/controller/jobframework (workload_names.go,
reconciler.go).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.conditions import condition_of, is_true, moment_of, with_condition
from hpctl.sandbox.kube.controllers.kueue_admission import Verdict
from hpctl.sandbox.kube.controllers.kueue_amounts import told_amount
from hpctl.sandbox.kube.controllers.kueue_quota import NOTHING, Held, Slot
from hpctl.sandbox.kube.controllers.owners import controlled_by
from hpctl.sandbox.kube.controllers.quantities import Amounts, amount, requests
from hpctl.sandbox.kube.crds.kueue_parts import GROUP
from hpctl.sandbox.kube.crds.kueue_versions import STORED

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

RESERVED: Final = "QuotaReserved"
ADMITTED: Final = "Admitted"
EVICTED: Final = "Evicted"
PREEMPTED: Final = "Preempted"
FINISHED: Final = "Finished"
REQUEUED: Final = "Requeued"
PENDING: Final = "Pending"
JOB_UID: Final = f"{GROUP}/job-uid"
_MOST_PREFIX: Final = 247
_HASHED: Final = 5


def new_workload(job: Object, sets: list[Object], queue: str, priority: Object) -> Object:
    """Return the Workload of a job; `priority` is what of its spec says how important it is."""
    metadata = job["metadata"]
    return {
        "apiVersion": STORED,
        "kind": "Workload",
        "metadata": {
            "name": name_of(job),
            "labels": {JOB_UID: metadata["uid"]},
            "ownerReferences": [controlled_by(job)],
        },
        "spec": {"podSets": sets, "queueName": queue, **priority},
    }


def name_of(job: Object) -> str:
    """Return the name of a job's Workload."""
    metadata, kind = job["metadata"], job["kind"]
    words = (kind, job["apiVersion"].rpartition("/")[0], metadata["name"], metadata["uid"])
    # Not a secret: the end of the name, as Kueue makes it.
    told = hashlib.sha1("\n".join(words).encode(), usedforsecurity=False).hexdigest()
    prefix = f"{kind.lower()}-{metadata['name']}"[:_MOST_PREFIX]
    return f"{prefix}-{told[:_HASHED]}"


def asked(workload: Object) -> dict[str, Amounts]:
    """Return what all pods of each pod set ask for."""
    found = {}
    for row in workload["spec"]["podSets"]:
        one = requests({"spec": row["template"].get("spec") or {"containers": []}})
        found[row["name"]] = {name: each * int(row["count"]) for name, each in one.items()}
    return found


def holds(workload: Object) -> bool:
    """Whether a Workload holds quota."""
    return is_true(workload, RESERVED) and not is_true(workload, FINISHED)


def held(workload: Object) -> Held:
    """Return what a Workload holds."""
    admission, uses = workload["status"]["admission"], dict[Slot, Decimal]()
    for row in admission.get("podSetAssignments") or ():
        for name, flavor in (row.get("flavors") or {}).items():
            used = amount((row.get("resourceUsage") or {}).get(name, 0))
            uses[flavor, name] = uses.get((flavor, name), NOTHING) + used
    reserved = condition_of(workload, RESERVED) or {}
    return Held(
        key(workload),
        admission["clusterQueue"],
        uses,
        priority(workload),
        moment_of(reserved["lastTransitionTime"]).timestamp(),
        born(workload),
        is_true(workload, EVICTED),
    )


def key(workload: Object) -> str:
    """Return what tells a Workload from all others."""
    return f"{workload['metadata']['namespace']}/{workload['metadata']['name']}"


def priority(workload: Object) -> int:
    """Return how important a Workload is."""
    return int(workload["spec"].get("priority") or 0)


def born(workload: Object) -> float:
    """Return when a Workload was created (seconds)."""
    return moment_of(workload["metadata"]["creationTimestamp"]).timestamp()


def admission(workload: Object, verdict: Verdict) -> Object:
    """Return the `admission` of a Workload that is let in."""
    asks, rows = asked(workload), []
    for row in workload["spec"]["podSets"]:
        name = row["name"]
        flavors = dict(verdict.flavors.get(name) or {})
        usage = {each: told_amount(each, asks[name][each]) for each in flavors}
        rows.append({"name": name, "flavors": flavors, "resourceUsage": usage, "count": row["count"]})
    return {"clusterQueue": verdict.wish.queue, "podSetAssignments": rows}


class Told:
    """The status of a Workload as it becomes."""

    def __init__(self, workload: Object, now: datetime) -> None:
        """Take the Workload as it is, and the moment."""
        self._generation = workload["metadata"].get("generation", 1)
        self._now = now
        self.status: Object = dict(workload.get("status") or {})

    def admit(self, found: Object) -> None:
        """Say that quota is reserved and everything is well."""
        queue = found["clusterQueue"]
        self.status["admission"] = found
        self._say(RESERVED, "True", RESERVED, f"Quota reserved in ClusterQueue {queue}")
        for kind in (EVICTED, PREEMPTED):
            row = condition_of({"status": self.status}, kind)
            if row is not None and row["status"] == "True":
                self._say(kind, "False", RESERVED, f"Previously: {row['message']}")
        self._say(ADMITTED, "True", ADMITTED, "The workload is admitted")

    def wait(self, reason: str, message: str) -> None:
        """Say why a Workload holds no quota."""
        self._say(RESERVED, "False", reason, message)

    def evict(self, reason: str, message: str, preempted: str = "") -> None:
        """Say that a Workload is to give back what it holds; `preempted` is why somebody else gets it."""
        self._say(EVICTED, "True", reason, message)
        if preempted:
            self._say(PREEMPTED, "True", preempted, message)

    def release(self) -> None:
        """Say that an evicted Workload holds nothing any more."""
        row = condition_of({"status": self.status}, EVICTED) or {}
        self.status.pop("admission", None)
        self._say(RESERVED, "False", PENDING, row.get("message", ""))
        self._say(ADMITTED, "False", "NoReservation", "The workload has no reservation")
        self._say(REQUEUED, "True", row.get("reason", EVICTED), row.get("message", ""))

    def finish(self, reason: str, message: str) -> None:
        """Say that the job has ended."""
        self._say(FINISHED, "True", reason, message)

    def _say(self, kind: str, status: str, reason: str, message: str) -> None:
        row = {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "observedGeneration": self._generation,
        }
        self.status["conditions"] = with_condition(self.status.get("conditions") or (), row, self._now)
