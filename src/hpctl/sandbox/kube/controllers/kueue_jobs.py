"""Jobs as Kueue sees them: their pod sets, whether pods of them are there, how they are let go and held back.

Source: kubernetes-sigs/kueue v0.19, pkg/controller/jobs (job, jobset, kubeflow/kubeflowjob), pkg/podset.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.controllers import jobset_jobs, pytorch_pods
from hpctl.sandbox.kube.controllers.conditions import condition_of
from hpctl.sandbox.kube.crds.kueue_parts import GROUP
from hpctl.sandbox.kube.queued import Kind, with_suspend

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

_TOPOLOGY: Final = {
    f"{GROUP}/podset-required-topology": "required",
    f"{GROUP}/podset-preferred-topology": "preferred",
    f"{GROUP}/podset-unconstrained-topology": "unconstrained",
}
_PLACING: Final = ("nodeSelector", "tolerations")
Part = tuple[str, int, "Object"]
"""Name, number of pods and template of a pod set."""


def pod_sets(job: Object, kind: Kind) -> list[Object]:
    """Return the pod sets of a job's Workload."""
    return [_pod_set(*part) for part in _parts(job, kind)]


def end_of(job: Object, kind: Kind) -> Object | None:
    """Return the condition that a job has ended with, None while it has not."""
    rows = (condition_of(job, name) for name in (kind.succeeded, kind.failed))
    return next((row for row in rows if row is not None and row["status"] == "True"), None)


def is_active(job: Object, kind: Kind) -> bool:
    """Whether a job's status still counts pods that run."""
    status = job.get("status") or {}
    match kind.kind:
        case "PyTorchJob":
            return any(row.get("active") for row in (status.get("replicaStatuses") or {}).values())
        case "JobSet":
            return any(row.get("active") for row in status.get("replicatedJobsStatus") or ())
        case "HyperPodPyTorchJob":
            return (condition_of(job, "Suspended") or {}).get("status") != "True"
        case _:
            return bool(status.get("active"))


def let_go(job: Object, kind: Kind, places: Mapping[str, Object]) -> Object:
    """Return a job that may run; `places` is what the flavors of each pod set add to its pods."""
    changed = copy.deepcopy(job)
    for name, _, template in _parts(changed, kind):
        spec, added = template["spec"], places.get(name) or {}
        if selector := added.get("nodeSelector"):
            spec["nodeSelector"] = {**(spec.get("nodeSelector") or {}), **selector}
        if tolerations := added.get("tolerations"):
            there = list(spec.get("tolerations") or ())
            spec["tolerations"] = there + [each for each in tolerations if each not in there]
    return with_suspend(changed, kind, wished=False)


def held(job: Object, kind: Kind, workload: Object) -> Object:
    """Return a job that is suspended, with its pods as they were wished."""
    changed = copy.deepcopy(job)
    wished = {row["name"]: row["template"]["spec"] for row in workload["spec"]["podSets"]}
    for name, _, template in _parts(changed, kind) if wished else ():
        for field in _PLACING if name in wished else ():
            template["spec"].pop(field, None)
            if field in wished[name]:
                template["spec"][field] = wished[name][field]
    return with_suspend(changed, kind, wished=True)


def _parts(job: Object, kind: Kind) -> Iterator[Part]:
    return _READERS[kind.kind](job["spec"])


def _of_job(spec: Object) -> Iterator[Part]:
    yield "main", _pods(spec), spec["template"]


def _of_pytorchjob(spec: Object) -> Iterator[Part]:
    replicas = spec["pytorchReplicaSpecs"]
    for name in (pytorch_pods.MASTER, pytorch_pods.WORKER):
        if name in replicas:
            yield name.lower(), pytorch_pods.replicas(replicas[name]), replicas[name]["template"]


def _of_jobset(spec: Object) -> Iterator[Part]:
    for row in spec.get("replicatedJobs") or ():
        inner = row["template"]["spec"]
        yield row["name"], jobset_jobs.replicas(row) * _pods(inner), inner["template"]


def _of_hyperpod(spec: Object) -> Iterator[Part]:
    for row in spec.get("replicaSpecs") or ():
        yield row["name"], int(row.get("replicas", 0)), row["template"]


_READERS: Final[Mapping[str, Callable[[Any], Iterator[Part]]]] = {
    "Job": _of_job,
    "PyTorchJob": _of_pytorchjob,
    "JobSet": _of_jobset,
    "HyperPodPyTorchJob": _of_hyperpod,
}


def _pods(spec: Object) -> int:
    """Return how many pods of a Job run at once."""
    at_once = spec.get("parallelism", 1)
    return int(min(at_once, spec.get("completions") or at_once))


def _pod_set(name: str, count: int, template: Object) -> Object:
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    topology: Object = {}
    for key, field in _TOPOLOGY.items():
        if key in annotations:
            topology[field] = annotations[key] if field != "unconstrained" else annotations[key] == "true"
    more = {"topologyRequest": topology} if topology else {}
    return {"name": name, "count": count, "template": copy.deepcopy(template), **more}
