"""The status of a PyTorchJob: how its conditions displace each other, and what a pod counts as.

Source: kubeflow/training-operator 1.8, pkg/util/status.go and pkg/core/status.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.owners import is_going
from hpctl.sandbox.kube.controllers.pytorch_pods import CONTAINER
from hpctl.sandbox.kube.metadata import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hpctl.sandbox.kube.resources import Object

RUNNING: Final = "Running"
RESTARTING: Final = "Restarting"
SUSPENDED: Final = "Suspended"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
_OPPOSITE: Final = {RUNNING: RESTARTING, RESTARTING: RUNNING}


def is_true(status: Object, kind: str) -> bool:
    """Whether a condition of a status is True."""
    return any((row["type"], row["status"]) == (kind, "True") for row in status.get("conditions") or ())


def with_condition(conditions: Iterable[Object], wanted: Object, now: datetime) -> list[Object]:
    """Return conditions with a new one as the last; a job that has failed stays as it is."""
    rows, moment = list(conditions), timestamp(now)
    old = next((row for row in rows if row["type"] == wanted["type"]), None)
    same = old is not None and (old["status"], old["reason"]) == (wanted["status"], wanted["reason"])
    if same or is_true({"conditions": rows}, FAILED):
        return rows
    kept = old["lastTransitionTime"] if old is not None and old["status"] == wanted["status"] else moment
    displaced = {wanted["type"], _OPPOSITE.get(wanted["type"])}
    left = [_after_end(row, wanted["type"]) for row in rows if row["type"] not in displaced]
    return [*left, {**wanted, "lastUpdateTime": moment, "lastTransitionTime": kept}]


def _after_end(row: Object, kind: str) -> Object:
    return {**row, "status": "False"} if kind in {FAILED, SUCCEEDED} and row["type"] == RUNNING else row


def counted_as(pod: Object) -> str:
    """Return what a pod counts as in `replicaStatuses`, "" for one that waits."""
    match pod.get("status", {}).get("phase"):
        case "Running":
            # A pod on a node that is lost goes and never ends: it is no longer active.
            return "failed" if is_going(pod) else "active"
        case "Succeeded":
            return "succeeded"
        case "Failed":
            return "failed"
        case _:
            return ""


def settled(row: Object) -> Object:
    """Return the numbers of a type when the job has succeeded: who still ran has succeeded too."""
    ended = {name: value for name, value in row.items() if name != "active"}
    succeeded = row.get("succeeded", 0) + row.get("active", 0)
    return ended | ({"succeeded": succeeded} if succeeded else {})


def exit_code(pod: Object) -> int | None:
    """Return what the training container of a pod ended with, None when it has not."""
    for found in pod.get("status", {}).get("containerStatuses") or ():
        ended = (found.get("state") or {}).get("terminated")
        if found["name"] == CONTAINER and ended:
            return int(ended["exitCode"])
    return None
