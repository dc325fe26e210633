"""Pods, events and queues in JSON become rows (Kubernetes API reference, v1.37; Kueue v1beta1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hpctl.facts.jobs import JOB_LABEL, RANK_LABEL, Condition, ContainerState, KubernetesEvent, Pod, Queue
from hpctl.facts.quantities import quantity

Object = Mapping[str, Any]

_COMPLETION_INDEX: Final = "batch.kubernetes.io/job-completion-index"
_GLOBAL_INDEX: Final = "jobset.sigs.k8s.io/job-global-index"
_HYPERPOD_JOB: Final = "HPJob"
_REPLICA_TYPE: Final = "training.kubeflow.org/replica-type"
_REPLICA_INDEX: Final = "training.kubeflow.org/replica-index"
_RANK_VARIABLES: Final = ("PET_NODE_RANK", "RANK")
"""What the Kubeflow training operator tells each pod (training-operator 1.8, envvar.go)."""


def moment_of(text: object) -> datetime | None:
    """Read a `Time` or `MicroTime`; None where there is none."""
    return datetime.fromisoformat(str(text)).astimezone(UTC) if text else None


def conditions_of(status: Object) -> tuple[Condition, ...]:
    """Read the conditions of a status, in its order."""
    return tuple(
        Condition(
            type=str(row["type"]),
            status=str(row["status"]),
            reason=str(row.get("reason") or ""),
            message=str(row.get("message") or ""),
            since=moment_of(row.get("lastTransitionTime") or row.get("lastProbeTime")),
        )
        for row in status.get("conditions") or ()
    )


def owners_of(row: Object) -> tuple[Object, ...]:
    """Return what owns an object, the controller first."""
    owners = row["metadata"].get("ownerReferences") or ()
    return tuple(sorted(owners, key=lambda owner: not owner.get("controller")))


def pod_of(row: Object) -> Pod:
    """Read a Pod."""
    metadata, spec, status = row["metadata"], row.get("spec") or {}, row.get("status") or {}
    owners = owners_of(row)
    return Pod(
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
        uid=str(metadata.get("uid") or ""),
        created=moment_of(metadata.get("creationTimestamp")) or datetime.fromtimestamp(0, UTC),
        phase=str(status.get("phase") or "Pending"),
        node=spec.get("nodeName"),
        ip=status.get("podIP"),
        rank=rank_of(row),
        owner_uid=str(owners[0]["uid"]) if owners else None,
        labels=dict(metadata.get("labels") or {}),
        containers=_states(status.get("containerStatuses"), spec.get("containers")),
        init_containers=_states(status.get("initContainerStatuses"), spec.get("initContainers")),
        conditions=conditions_of(status),
        reason=str(status.get("reason") or ""),
        message=str(status.get("message") or ""),
        deleting=bool(metadata.get("deletionTimestamp")),
        requests=requests_of(spec),
    )


def rank_of(row: Object) -> int | None:
    """Return a pod's place in its job: hpctl's label, else what the job's controller says of it.

    The workers of a PyTorchJob count from 0 beside their master: there the operator's own variable tells.
    """
    metadata = row["metadata"]
    told = {**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})}
    if (own := _number(told.get(RANK_LABEL))) is not None:
        return own
    if _GLOBAL_INDEX in told:  # many jobs of one pod, or one job of many: never more of a rank than pods
        return (_number(told[_GLOBAL_INDEX]) or 0) + (_number(told.get(_COMPLETION_INDEX)) or 0)
    if _COMPLETION_INDEX in told:
        return _number(told[_COMPLETION_INDEX])
    match told.get(_REPLICA_TYPE):
        case "master":
            return 0
        case "worker":
            variable = _number(_variable(row, _RANK_VARIABLES))
            return _number(told.get(_REPLICA_INDEX)) if variable is None else variable
        case _:
            return _place_in_name(metadata) if _HYPERPOD_JOB in told and JOB_LABEL in told else None


def _place_in_name(metadata: Object) -> int | None:
    """Return the index that a name ends in: pods of HyperPod's operator have no other, and hpctl's are one replica."""
    return _number(str(metadata["name"]).rpartition("-")[2])


def requests_of(spec: Object) -> dict[str, str]:
    """Return what a pod asks of its node.

    Its containers together with its sidecars (init containers that go on), or what it takes while it starts, if that is
    more: an init container beside the sidecars before it ("Sidecar containers", "Resource sharing within containers").
    """
    sidecars: defaultdict[str, float] = defaultdict(float)
    starting: defaultdict[str, float] = defaultdict(float)
    for container in spec.get("initContainers") or ():
        goes_on = container.get("restartPolicy") == "Always"
        for name, amount in _asked((container,)):
            starting[name] = max(starting[name], sidecars[name] + amount)
            if goes_on:
                sidecars[name] += amount
    for name, amount in _asked(spec.get("containers") or ()):
        sidecars[name] += amount
    together = {name: max(sidecars[name], starting[name]) for name in (*sidecars, *starting)}
    for name, amount in (spec.get("overhead") or {}).items():
        together[name] = together.get(name, 0.0) + quantity(amount)
    return {name: f"{amount:.15g}" for name, amount in together.items()}


def event_of(row: Object) -> KubernetesEvent:
    """Read an Event; what the newer API leaves empty in it is elsewhere."""
    about, series = row.get("involvedObject") or {}, row.get("series") or {}
    times = (series.get("lastObservedTime"), row.get("lastTimestamp"), row.get("eventTime"), row.get("firstTimestamp"))
    return KubernetesEvent(
        namespace=str(row["metadata"].get("namespace") or ""),
        about_kind=str(about.get("kind") or ""),
        about_name=str(about.get("name") or ""),
        about_uid=str(about.get("uid") or ""),
        type=str(row.get("type") or ""),
        reason=str(row.get("reason") or ""),
        message=str(row.get("message") or row.get("note") or ""),
        last=moment_of(next(filter(None, times), None)),
        count=int(series.get("count") or row.get("count") or 1),
    )


def revision_of(row: Object) -> int:
    """Return when an object was written, counted in writes of the cluster; 0 where its version is no number.

    Versions of one resource are compared as numbers: KEP-5504.
    """
    version = str(row["metadata"].get("resourceVersion") or "")
    return int(version) if version.isascii() and version.isdigit() else 0


def queue_of(row: Object) -> Queue:
    """Read a LocalQueue; one without a condition of being active is none that is known to be."""
    metadata, status = row["metadata"], row.get("status") or {}
    active = next((one for one in conditions_of(status) if one.type == "Active"), None)
    works = active is not None and active.status == "True"
    return Queue(
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
        cluster_queue=str((row.get("spec") or {}).get("clusterQueue") or ""),
        active=works,
        pending=int(status.get("pendingWorkloads") or 0),
        admitted=int(status.get("admittedWorkloads") or 0),
        waiting="" if works or active is None else active.message or active.reason,
    )


def _states(statuses: Iterable[Object] | None, containers: Iterable[Object] | None) -> tuple[ContainerState, ...]:
    """Return the containers in the order of the pod's spec; one that no status tells of has not started."""
    known = {str(row["name"]): row for row in statuses or ()}
    names = [str(row["name"]) for row in containers or ()] or list(known)
    return tuple(_state(name, known.get(name) or {}) for name in names)


def _state(name: str, row: Object) -> ContainerState:
    state, last = row.get("state") or {}, (row.get("lastState") or {}).get("terminated") or {}
    running, ended, waiting = state.get("running"), state.get("terminated"), state.get("waiting") or {}
    told = ended or waiting
    return ContainerState(
        name=name,
        running=running is not None,
        reason=str(told.get("reason") or ""),
        message=str(told.get("message") or ""),
        exit_code=None if ended is None else int(ended.get("exitCode") or 0),
        started=moment_of((running or ended or {}).get("startedAt")),
        ended=moment_of((ended or {}).get("finishedAt")),
        restarts=int(row.get("restartCount") or 0),
        last_exit_code=int(last.get("exitCode") or 0) if last else None,
        last_reason=str(last.get("reason") or ""),
        last_ended=moment_of(last.get("finishedAt")),
    )


def _asked(containers: Iterable[Object]) -> Iterable[tuple[str, float]]:
    for container in containers:
        resources = container.get("resources") or {}
        # What has a limit and no request asks for its limit.
        wanted = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
        yield from ((str(name), quantity(amount)) for name, amount in wanted.items())


def _variable(row: Object, names: Iterable[str]) -> str | None:
    rows = [each for one in (row.get("spec") or {}).get("containers") or () for each in one.get("env") or ()]
    found = {str(each["name"]): each.get("value") for each in rows}
    return next((str(found[name]) for name in names if found.get(name) is not None), None)


def _number(text: object) -> int | None:
    return int(str(text)) if text is not None and str(text).isdecimal() else None
