"""The columns of each kind's table, as `kubectl get` shows them.

Source: kubernetes/pkg/printers/internalversion/printers.go (1.33); the names and their order are an interface there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hpctl.sandbox.kube import pod_columns
from hpctl.sandbox.kube.durations import since, span
from hpctl.sandbox.kube.resources import Object

Cell = Callable[[Object, datetime], Any]
_NONE: Final = "<none>"
_SHOWN_ENDPOINTS: Final = 3


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `priority` above 0 is shown in wide output alone."""

    name: str
    cell: Cell
    kind: str = "string"
    priority: int = 0
    format: str = ""
    description: str = ""


def field(path: str, default: Any = "") -> Cell:
    """Return what shows a field, by its path."""
    return lambda found, _: default if (value := at(found, path)) is None else value


def at(found: Any, path: str) -> Any:
    """Return what stands at a dotted path, None when nothing does."""
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def age(found: Object, now: datetime) -> str:
    """Return how long an object has existed."""
    return since(at(found, "metadata.creationTimestamp"), now)


def _size(*paths: str) -> Cell:
    return lambda found, _: sum(len(at(found, path) or ()) for path in paths)


def _labels(path: str) -> Cell:
    def cell(found: Object, _: datetime) -> str:
        chosen = at(found, path) or {}
        labels = chosen.get("matchLabels", chosen) if isinstance(chosen, dict) else {}
        return ",".join(f"{key}={value}" for key, value in sorted(labels.items()) if isinstance(value, str)) or _NONE

    return cell


def _containers(what: str, path: str = "spec.template.spec") -> Cell:
    return lambda found, _: ",".join(str(one.get(what, "")) for one in at(found, f"{path}.containers") or ())


def _ratio(ready: str, wanted: str) -> Cell:
    return lambda found, _: f"{at(found, ready) or 0}/{at(found, wanted) or 0}"


def _joined(parts: Iterable[Any]) -> str:
    return ",".join(str(part) for part in parts) or _NONE


def _node_status(found: Object, _: datetime) -> str:
    ready: dict[str, str] = next(
        (one for one in at(found, "status.conditions") or () if one.get("type") == "Ready"), {}
    )
    told = {"True": "Ready", "False": "NotReady"}.get(ready.get("status", ""), "NotReady" if ready else "Unknown")
    return told + (",SchedulingDisabled" if at(found, "spec.unschedulable") else "")


def _roles(found: Object, _: datetime) -> str:
    prefix = "node-role.kubernetes.io/"
    return _joined(
        sorted(label.removeprefix(prefix) for label in at(found, "metadata.labels") or {} if label.startswith(prefix))
    )


def _address(kind: str) -> Cell:
    def cell(found: Object, _: datetime) -> str:
        rows = at(found, "status.addresses") or ()
        return next((str(row["address"]) for row in rows if row["type"] == kind), _NONE)

    return cell


def _ports(found: Object, _: datetime) -> str:
    ports = at(found, "spec.ports") or ()
    told = (
        f"{port['port']}{':' + str(port['nodePort']) if port.get('nodePort') else ''}/{port.get('protocol', 'TCP')}"
        for port in ports
    )
    return _joined(told)


def _endpoints(found: Object, _: datetime) -> str:
    pairs = [
        f"{address['ip']}:{port['port']}"
        for subset in found.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(pairs) - _SHOWN_ENDPOINTS} more..." if len(pairs) > _SHOWN_ENDPOINTS else ""
    return _joined(pairs[:_SHOWN_ENDPOINTS]) + more


def _job_status(found: Object, _: datetime) -> str:
    true = {one["type"] for one in at(found, "status.conditions") or () if one.get("status") == "True"}
    order = (
        ("Complete", "Complete"),
        ("Failed", "Failed"),
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
        ("SuccessCriteriaMet", "SuccessCriteriaMet"),
    )
    going = "Terminating" if at(found, "metadata.deletionTimestamp") else "Running"
    return next((told for name, told in order if name in true), going)


def _completions(found: Object, _: datetime) -> str:
    wanted, parallel = at(found, "spec.completions"), at(found, "spec.parallelism") or 0
    done = at(found, "status.succeeded") or 0
    if wanted is not None:
        return f"{done}/{wanted}"
    return f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"


def _job_duration(found: Object, now: datetime) -> str:
    begin, end = at(found, "status.startTime"), at(found, "status.completionTime")
    return span(begin, end, now) if begin else ""


def _event_seen(found: Object, now: datetime) -> str:
    series = at(found, "series.lastObservedTime")
    return since(series or found.get("lastTimestamp") or found.get("eventTime") or None, now, "<unknown>")


def _event_object(found: Object, _: datetime) -> str:
    about = found.get("involvedObject") or found.get("regarding") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def _role(found: Object, _: datetime) -> str:
    return f"{at(found, 'roleRef.kind')}/{at(found, 'roleRef.name')}"


def _subjects(kind: str) -> Cell:
    def cell(found: Object, _: datetime) -> str:
        rows = [row for row in found.get("subjects") or () if row.get("kind") == kind]
        return ", ".join(
            f"{row['namespace']}/{row['name']}" if row.get("namespace") else str(row["name"]) for row in rows
        )

    return cell


def _slice_addresses(found: Object, _: datetime) -> str:
    return _joined(address for one in found.get("endpoints") or () for address in one.get("addresses") or ())


_NAME: Final = Column("Name", field("metadata.name"), format="name")
_AGE: Final = Column("Age", age)
_WIDE: Final = (
    Column("Containers", _containers("name"), priority=1),
    Column("Images", _containers("image"), priority=1),
)
_SELECTOR: Final = Column("Selector", _labels("spec.selector"), priority=1)
_SUBJECTS: Final = (
    Column("Role", _role),
    _AGE,
    Column("Users", _subjects("User"), priority=1),
    Column("Groups", _subjects("Group"), priority=1),
    Column("ServiceAccounts", _subjects("ServiceAccount"), priority=1),
)
_NODE_INFO: Final = "status.nodeInfo"


def _count(name: str, path: str) -> Column:
    return Column(name, field(path, 0), "integer")


BY_KIND: Final[dict[str, tuple[Column, ...]]] = {
    "ClusterRole": (Column("Created At", field("metadata.creationTimestamp")),),
    "ClusterRoleBinding": _SUBJECTS,
    "ConfigMap": (Column("Data", _size("data", "binaryData"), "integer"), _AGE),
    "CronJob": (
        Column("Schedule", field("spec.schedule")),
        Column("Timezone", field("spec.timeZone", _NONE)),
        Column("Suspend", lambda found, _: str(bool(at(found, "spec.suspend")))),
        Column("Active", _size("status.active"), "integer"),
        Column("Last Schedule", lambda found, now: since(at(found, "status.lastScheduleTime"), now, _NONE)),
        _AGE,
    ),
    "CustomResourceDefinition": (Column("Created At", field("metadata.creationTimestamp")),),
    "DaemonSet": (
        _count("Desired", "status.desiredNumberScheduled"),
        _count("Current", "status.currentNumberScheduled"),
        _count("Ready", "status.numberReady"),
        _count("Up-to-date", "status.updatedNumberScheduled"),
        _count("Available", "status.numberAvailable"),
        Column("Node Selector", _labels("spec.template.spec.nodeSelector")),
        _AGE,
        *_WIDE,
        _SELECTOR,
    ),
    "Deployment": (
        Column("Ready", _ratio("status.readyReplicas", "spec.replicas")),
        _count("Up-to-date", "status.updatedReplicas"),
        _count("Available", "status.availableReplicas"),
        _AGE,
        *_WIDE,
        _SELECTOR,
    ),
    "Endpoints": (Column("Endpoints", _endpoints), _AGE),
    "EndpointSlice": (
        Column("AddressType", field("addressType")),
        Column("Ports", lambda found, _: _joined(port.get("port", "") for port in found.get("ports") or ())),
        Column("Endpoints", _slice_addresses),
        _AGE,
    ),
    "Job": (
        Column("Status", _job_status),
        Column("Completions", _completions),
        Column("Duration", _job_duration),
        _AGE,
        *_WIDE,
        _SELECTOR,
    ),
    "Lease": (Column("Holder", field("spec.holderIdentity")), _AGE),
    "Namespace": (Column("Status", field("status.phase")), _AGE),
    "NetworkPolicy": (Column("Pod-Selector", _labels("spec.podSelector")), _AGE),
    "Node": (
        Column("Status", _node_status),
        Column("Roles", _roles),
        _AGE,
        Column("Version", field(f"{_NODE_INFO}.kubeletVersion")),
        Column("Internal-IP", _address("InternalIP"), priority=1),
        Column("External-IP", _address("ExternalIP"), priority=1),
        Column("OS-Image", field(f"{_NODE_INFO}.osImage", "<unknown>"), priority=1),
        Column("Kernel-Version", field(f"{_NODE_INFO}.kernelVersion", "<unknown>"), priority=1),
        Column("Container-Runtime", field(f"{_NODE_INFO}.containerRuntimeVersion", "<unknown>"), priority=1),
    ),
    "PersistentVolume": (
        Column("Capacity", field("spec.capacity.storage")),
        Column("Access Modes", lambda found, _: _joined(at(found, "spec.accessModes") or ())),
        Column("Reclaim Policy", field("spec.persistentVolumeReclaimPolicy")),
        Column("Status", field("status.phase")),
        Column("StorageClass", field("spec.storageClassName")),
        _AGE,
    ),
    "PersistentVolumeClaim": (
        Column("Status", field("status.phase")),
        Column("Volume", field("spec.volumeName")),
        Column("Capacity", field("status.capacity.storage")),
        Column("Access Modes", lambda found, _: ",".join(at(found, "status.accessModes") or ())),
        Column("StorageClass", field("spec.storageClassName")),
        _AGE,
    ),
    "Pod": (
        Column("Ready", pod_columns.ready),
        Column("Status", pod_columns.status),
        Column("Restarts", pod_columns.restarts),
        _AGE,
        Column("IP", field("status.podIP", _NONE), priority=1),
        Column("Node", field("spec.nodeName", _NONE), priority=1),
        Column("Nominated Node", field("status.nominatedNodeName", _NONE), priority=1),
        Column("Readiness Gates", pod_columns.gates, priority=1),
    ),
    "PodDisruptionBudget": (
        Column("Min Available", field("spec.minAvailable", "N/A")),
        Column("Max Unavailable", field("spec.maxUnavailable", "N/A")),
        _count("Allowed Disruptions", "status.disruptionsAllowed"),
        _AGE,
    ),
    "PriorityClass": (
        Column("Value", field("value"), "integer"),
        Column("Global-Default", lambda found, _: bool(found.get("globalDefault")), "boolean"),
        _AGE,
        Column("PreemptionPolicy", field("preemptionPolicy")),
    ),
    "ReplicaSet": (
        _count("Desired", "spec.replicas"),
        _count("Current", "status.replicas"),
        _count("Ready", "status.readyReplicas"),
        _AGE,
        *_WIDE,
        _SELECTOR,
    ),
    "Role": (Column("Created At", field("metadata.creationTimestamp")),),
    "RoleBinding": _SUBJECTS,
    "RuntimeClass": (Column("Handler", field("handler")), _AGE),
    "Secret": (Column("Type", field("type")), Column("Data", _size("data"), "integer"), _AGE),
    "Service": (
        Column("Type", field("spec.type")),
        Column("Cluster-IP", field("spec.clusterIP", _NONE)),
        Column("External-IP", field("spec.externalName", _NONE)),
        Column("Port(s)", _ports),
        _AGE,
        _SELECTOR,
    ),
    "ServiceAccount": (Column("Secrets", _size("secrets"), "integer"), _AGE),
    "StatefulSet": (Column("Ready", _ratio("status.readyReplicas", "spec.replicas")), _AGE, *_WIDE),
    "StorageClass": (
        Column("Provisioner", field("provisioner")),
        Column("ReclaimPolicy", field("reclaimPolicy", "Delete")),
        Column("VolumeBindingMode", field("volumeBindingMode", "Immediate")),
        Column("AllowVolumeExpansion", lambda found, _: bool(found.get("allowVolumeExpansion"))),
        _AGE,
    ),
}

EVENT: Final = (
    Column("Last Seen", _event_seen),
    Column("Type", field("type")),
    Column("Reason", field("reason")),
    Column("Object", _event_object),
    Column("Subobject", field("involvedObject.fieldPath"), priority=1),
    Column(
        "Source", lambda found, _: at(found, "source.component") or found.get("reportingComponent") or "", priority=1
    ),
    Column("Message", lambda found, _: str(found.get("message") or found.get("note") or "").strip()),
    Column("First Seen", lambda found, now: since(found.get("firstTimestamp"), now, "<unknown>"), priority=1),
    Column("Count", field("count", 1), priority=1),
    Column("Name", field("metadata.name"), format="name", priority=1),
)


def columns_of(kind: str) -> tuple[Column, ...]:
    """Return the columns of a built-in kind."""
    return EVENT if kind == "Event" else (_NAME, *BY_KIND.get(kind, (_AGE,)))
