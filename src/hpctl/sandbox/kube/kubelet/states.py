"""What a container is and was, and what a pod is because of it (pkg/kubelet/kubelet_pods.go and status/generate.go)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.quantities import amounts
from hpctl.sandbox.kube.metadata import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from hpctl.sandbox.kube.resources import Object

CREATING: Final = "ContainerCreating"
INITIALIZING: Final = "PodInitializing"
BACK_OFF: Final = "CrashLoopBackOff"
# What containerd says of a container that it finds no more after its machine was down.
LOST_EXIT_CODE: Final = 255
LOST_REASON: Final = "Unknown"
ENDED: Final = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Waiting:
    """It has yet to start, and why."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """It runs."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Terminated:
    """It has ended."""

    exit_code: int
    reason: str
    since: datetime
    until: datetime
    message: str = ""
    container_id: str = ""


State = Waiting | Running | Terminated


@dataclass
class Record:
    """One container of a pod, over all its instances."""

    spec: Object
    state: State
    last: Terminated | None = None
    restarts: int = 0
    container_id: str = ""
    started: bool = False
    ready: bool = False
    sidecar: bool = False

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return isinstance(self.state, Terminated) and self.state.exit_code == 0

    @property
    def initialized(self) -> bool:
        """Whether, as an init container, it lets the next one begin."""
        return self.started if self.sidecar else self.succeeded


def phase(policy: str, inits: Sequence[Record], mains: Sequence[Record]) -> str:
    """Return a pod's phase (`getPhase`)."""
    if any(_failed_for_good(each, policy) for each in inits):
        return "Failed"
    if not all(each.initialized or (each.sidecar and each.last) for each in inits):
        return "Pending"
    ended = [_end(each) for each in mains]
    if any(isinstance(each.state, Waiting) and each.last is None for each in mains):
        return "Pending"
    if any(isinstance(each.state, Running) for each in mains) or policy == "Always":
        return "Running"
    if all(end is not None and end.exit_code == 0 for end in ended):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def conditions(
    inits: Sequence[Record], mains: Sequence[Record], now_phase: str, *, sandbox: bool
) -> list[tuple[str, bool, str, str]]:
    """Return type, status, reason and message of the conditions that the kubelet owns, in its order."""
    uninitialized = [each.name for each in inits if not each.initialized]
    unready = [each.name for each in (*(each for each in inits if each.sidecar), *mains) if not each.ready]
    initialized = ("Initialized", True, "", "")
    ready: tuple[bool, str, str] = (True, "", "")
    if now_phase == "Succeeded":
        initialized = ("Initialized", True, "PodCompleted", "")
        ready = (False, "PodCompleted", "")
    elif uninitialized and all(isinstance(each.state, Waiting) and not each.last for each in mains):
        told = f"containers with incomplete status: [{' '.join(uninitialized)}]"
        initialized = ("Initialized", False, "ContainersNotInitialized", told)
    if now_phase == "Failed":
        ready = (False, "PodFailed", "")
    elif unready and now_phase != "Succeeded":
        ready = (False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
    return [
        ("PodReadyToStartContainers", sandbox and now_phase not in ENDED, "", ""),
        initialized,
        ("Ready", *ready),
        ("ContainersReady", *ready),
    ]


def merged_conditions(old: Iterable[Object], new: Iterable[tuple[str, bool, str, str]], now: datetime) -> list[Object]:
    """Return the conditions of a pod with the kubelet's in their place: a moment changes with its status alone."""
    known = {each["type"]: each for each in old}
    found = []
    for kind, holds, reason, message in new:
        status = "True" if holds else "False"
        before = known.pop(kind, {})
        changed = before.get("lastTransitionTime") if before.get("status") == status else None
        row: Object = {"type": kind, "status": status, "lastProbeTime": None}
        row["lastTransitionTime"] = changed or timestamp(now)
        found.append(row | ({"reason": reason} if reason else {}) | ({"message": message} if message else {}))
    return [*found, *known.values()]


def container_status(record: Record) -> Object:
    """Return a `ContainerStatus`."""
    status: Object = {
        "name": record.name,
        "state": _state(record.state, record.container_id),
        "lastState": _state(record.last, record.last.container_id) if record.last else {},
        "ready": record.ready,
        "restartCount": record.restarts,
        "image": record.spec.get("image", ""),
        # Nothing was pulled: there is no digest to name.
        "imageID": "",
        "started": record.started,
    }
    return status | ({"containerID": record.container_id} if record.container_id else {})


def remembered(spec: Object, old: Object | None, now: datetime, *, sidecar: bool = False) -> Record:
    """Return the record of a container as an earlier kubelet has left it; what ran then has ended with its machine."""
    first = Record(spec, Waiting(CREATING), sidecar=sidecar)
    if not old:
        return first
    first.restarts, first.container_id = int(old.get("restartCount", 0)), old.get("containerID", "")
    last = old.get("lastState", {}).get("terminated")
    first.last = _read(last, now) if last else None
    state = old.get("state", {})
    if ended := state.get("terminated"):
        first.state = _read(ended, now)
    elif running := state.get("running"):
        since = _moment(running.get("startedAt"), now)
        first.state = Terminated(LOST_EXIT_CODE, LOST_REASON, since, now, container_id=first.container_id)
    return first


def quality_of_service(spec: Object) -> str:
    """Return a pod's QoS class (Kubernetes, "Pod Quality of Service Classes")."""
    resources = [each.get("resources") or {} for each in (*(spec.get("initContainers") or ()), *spec["containers"])]
    if not any(_scarce(each.get("requests")) or _scarce(each.get("limits")) for each in resources):
        return "BestEffort"
    return "Guaranteed" if all(map(_guaranteed, resources)) else "Burstable"


def _guaranteed(resources: Object) -> bool:
    limits, requests = amounts(resources.get("limits")), amounts(resources.get("requests"))
    return all(limits.get(name) and requests.get(name, limits[name]) == limits[name] for name in ("cpu", "memory"))


def _scarce(listed: Object | None) -> bool:
    return any(value for name, value in amounts(listed).items() if name in {"cpu", "memory"})


def _end(record: Record) -> Terminated | None:
    return record.state if isinstance(record.state, Terminated) else record.last


def _failed_for_good(record: Record, policy: str) -> bool:
    end = record.state
    return not record.sidecar and policy == "Never" and isinstance(end, Terminated) and end.exit_code != 0


def _state(state: State, container_id: str) -> Object:
    match state:
        case Waiting(reason, message):
            return {"waiting": {"reason": reason} | ({"message": message} if message else {})}
        case Running(since):
            return {"running": {"startedAt": timestamp(since)}}
        case Terminated(exit_code, reason, since, until, message):
            told = {"exitCode": exit_code, "reason": reason} | ({"message": message} if message else {})
            times = {"startedAt": timestamp(since), "finishedAt": timestamp(until)}
            return {"terminated": told | times | ({"containerID": container_id} if container_id else {})}


def _read(ended: Mapping[str, object], now: datetime) -> Terminated:
    return Terminated(
        int(str(ended.get("exitCode", 0))),
        str(ended.get("reason", "")),
        _moment(ended.get("startedAt"), now),
        _moment(ended.get("finishedAt"), now),
        str(ended.get("message", "")),
        str(ended.get("containerID", "")),
    )


def _moment(text: object, now: datetime) -> datetime:
    return type(now).fromisoformat(text) if isinstance(text, str) and text else now
