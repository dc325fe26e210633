"""The pods of a Job (batch/v1): what they look like, which indexes they stand for, and what their end means.

Source: Kubernetes documentation, "Jobs", and kubernetes 1.33, pkg/controller/job.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.conditions import is_true, moment_of
from hpctl.sandbox.kube.controllers.owners import controlled_by, is_going

if TYPE_CHECKING:
    from datetime import datetime

    from hpctl.sandbox.kube.resources import Object

TRACKING: Final = "batch.kubernetes.io/job-tracking"
"""The finalizer that keeps a pod until its end is counted."""
INDEX: Final = "batch.kubernetes.io/job-completion-index"
FIRST_BACK_OFF_S: Final = 10.0
LONGEST_BACK_OFF_S: Final = 600.0
# Two neighbours are told one by one.
_SHORTEST_RUN: Final = 3
_ONCE: Final = frozenset({"Succeeded", "Failed"})


def is_indexed(job: Object) -> bool:
    """Whether each completion has an index."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def new_pod(job: Object, index: int | None) -> Object:
    """Return a pod of a job; `index` is its completion index, None when the job has none."""
    metadata, template = job["metadata"], copy.deepcopy(job["spec"]["template"])
    labels = {
        "controller-uid": metadata["uid"],
        "job-name": metadata["name"],
        "batch.kubernetes.io/controller-uid": metadata["uid"],
        "batch.kubernetes.io/job-name": metadata["name"],
    }
    told = template.get("metadata") or {}
    pod: Object = {
        "metadata": {
            "generateName": f"{metadata['name']}-" if index is None else f"{metadata['name']}-{index}-",
            "labels": {**(told.get("labels") or {}), **labels},
            "annotations": dict(told.get("annotations") or {}),
            "finalizers": [TRACKING],
            "ownerReferences": [controlled_by(job)],
        },
        "spec": template["spec"],
    }
    if index is not None:
        _number(pod, metadata["name"], index)
    return pod


def _number(pod: Object, job: str, index: int) -> None:
    spec, metadata = pod["spec"], pod["metadata"]
    metadata["labels"][INDEX] = metadata["annotations"][INDEX] = str(index)
    spec.setdefault("hostname", f"{job}-{index}")
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}
    for container in (*spec["containers"], *(spec.get("initContainers") or ())):
        names = [variable["name"] for variable in container.get("env") or ()]
        if "JOB_COMPLETION_INDEX" not in names:
            row = {"name": "JOB_COMPLETION_INDEX", "valueFrom": source}
            container["env"] = [*(container.get("env") or ()), row]


def index_of(pod: Object) -> int | None:
    """Return a pod's completion index."""
    told = (pod["metadata"].get("annotations") or {}).get(INDEX)
    return int(told) if told is not None else None


def has_failed(job: Object, pod: Object) -> bool:
    """Whether a pod counts as failed: by its phase, or because it goes and a job's policy does not wait for its end."""
    phase = phase_of(pod)
    if phase == "Failed" or replacement(job) == "Failed":
        return phase == "Failed"
    return is_going(pod) and phase != "Succeeded"


def replacement(job: Object) -> str:
    """Return when a pod is replaced: `Failed`, or `TerminatingOrFailed`."""
    default = "Failed" if job["spec"].get("podFailurePolicy") else "TerminatingOrFailed"
    return str(job["spec"].get("podReplacementPolicy") or default)


def phase_of(pod: Object) -> str:
    """Return a pod's phase."""
    return str(pod.get("status", {}).get("phase") or "Pending")


def is_active(pod: Object) -> bool:
    """Whether a pod runs or is to run."""
    return phase_of(pod) not in _ONCE and not is_going(pod)


def is_terminating(pod: Object) -> bool:
    """Whether a pod goes and has not ended yet."""
    return phase_of(pod) not in _ONCE and is_going(pod)


def is_ready(pod: Object) -> bool:
    """Whether a pod is Ready."""
    return is_true(pod, "Ready")


def is_tracked(pod: Object) -> bool:
    """Whether a pod's end is not counted yet."""
    return TRACKING in (pod["metadata"].get("finalizers") or ())


def back_off(pods: Iterable[Object], now: datetime) -> float:
    """Return how many seconds nobody may be created after the failures since the last success."""
    ended = sorted((_ended(pod), phase_of(pod)) for pod in pods if phase_of(pod) in _ONCE)
    failures: list[datetime] = []
    for moment, phase in ended:
        failures = [*failures, moment] if phase == "Failed" else []
    if not failures:
        return 0.0
    wait = min(FIRST_BACK_OFF_S * 2.0 ** (len(failures) - 1), LONGEST_BACK_OFF_S)
    return max(0.0, wait - (now - failures[-1]).total_seconds())


def _ended(pod: Object) -> datetime:
    statuses = pod["status"].get("containerStatuses") or ()
    moments = [
        status["state"]["terminated"]["finishedAt"]
        for status in statuses
        if (status.get("state") or {}).get("terminated", {}).get("finishedAt")
    ]
    return max(map(moment_of, moments or [pod["metadata"]["creationTimestamp"]]))


def restarts(pods: Iterable[Object]) -> int:
    """Return how often the containers of pods have been restarted."""
    return sum(
        status.get("restartCount", 0)
        for pod in pods
        for member in ("initContainerStatuses", "containerStatuses")
        for status in pod.get("status", {}).get(member) or ()
    )


def read_indexes(text: str) -> set[int]:
    """Return the indexes that `completedIndexes` tells, such as `0-2,5`."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def told_indexes(indexes: Iterable[int]) -> str:
    """Return indexes as `completedIndexes` tells them."""
    rows = sorted(indexes)
    if not rows:
        return ""
    breaks = [place for place, (one, other) in enumerate(pairwise(rows), start=1) if other != one + 1]
    runs = [rows[first:last] for first, last in pairwise([0, *breaks, len(rows)])]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) >= _SHORTEST_RUN else ",".join(map(str, run)) for run in runs)


def verdict(job: Object, pod: Object) -> tuple[str, str]:
    """Return what the podFailurePolicy does about a failed pod (`Count` when no rule is for it), and why."""
    rules = (job["spec"].get("podFailurePolicy") or {}).get("rules") or ()
    for place, rule in enumerate(rules):
        action = str(rule["action"])
        for why in (*_by_exit_code(rule, pod), *_by_condition(rule, pod)):
            return action, f"{why} matching {action} rule at index {place}"
    return "Count", ""


def _by_exit_code(rule: Object, pod: Object) -> Iterator[str]:
    wanted = rule.get("onExitCodes")
    metadata, status = pod["metadata"], pod.get("status", {})
    for found in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        ended = (found.get("state") or {}).get("terminated")
        if not wanted or not ended or wanted.get("containerName") not in {None, found["name"]}:
            continue
        code = ended["exitCode"]
        if code != 0 and (code in wanted["values"]) == (wanted["operator"] == "In"):
            place = f"{metadata['namespace']}/{metadata['name']}"
            yield f"Container {found['name']} for pod {place} failed with exit code {code}"


def _by_condition(rule: Object, pod: Object) -> Iterator[str]:
    metadata = pod["metadata"]
    for wanted in rule.get("onPodConditions") or ():
        for found in pod.get("status", {}).get("conditions") or ():
            if (found["type"], found["status"]) == (wanted["type"], wanted.get("status", "True")):
                yield f"Pod {metadata['namespace']}/{metadata['name']} has condition {wanted['type']}"
