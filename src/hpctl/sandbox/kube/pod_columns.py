"""What `kubectl get pods` says of a pod: READY, STATUS and RESTARTS in one word each.

Source: printPod in kubernetes/pkg/printers/internalversion/printers.go (1.33).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.kube.durations import since

if TYPE_CHECKING:
    from datetime import datetime

    from hpctl.sandbox.kube.resources import Object


def ready(found: Object, _: datetime) -> str:
    """Return how many of its containers are ready."""
    wanted = len(found["spec"].get("containers") or ()) + len(_sidecars(found))
    rows = [*_statuses(found, "containerStatuses"), *_sidecar_statuses(found)]
    return f"{sum(bool(row.get('ready')) and 'running' in (row.get('state') or {}) for row in rows)}/{wanted}"


def status(found: Object, _: datetime) -> str:
    """Return the reason that says most about how it is."""
    told = found.get("status") or {}
    reason = told.get("reason") or told.get("phase") or "Unknown"
    gated = any(row.get("reason") == "SchedulingGated" for row in told.get("conditions") or ())
    reason = _initializing(found) or _containers(found, "SchedulingGated" if gated else reason)
    if "deletionTimestamp" in found["metadata"]:
        return "Unknown" if told.get("reason") == "NodeLost" else "Terminating"
    return str(reason)


def restarts(found: Object, now: datetime) -> str:
    """Return how often its containers were started anew, and when last."""
    rows = [*_statuses(found, "containerStatuses"), *_sidecar_statuses(found)]
    rows = _statuses(found, "initContainerStatuses") if _initializing(found) else rows
    count = sum(int(row.get("restartCount", 0)) for row in rows)
    ends = [str(end) for row in rows if (end := _terminated(row, "lastState").get("finishedAt"))]
    return f"{count} ({since(max(ends), now)} ago)" if count and ends else str(count)


def gates(found: Object, _: datetime) -> str:
    """Return how many of its readiness gates are open."""
    wanted = [gate["conditionType"] for gate in found["spec"].get("readinessGates") or ()]
    rows = (found.get("status") or {}).get("conditions") or ()
    true = {row["type"] for row in rows if row.get("status") == "True"}
    return f"{len(true & set(wanted))}/{len(wanted)}" if wanted else "<none>"


def _initializing(found: Object) -> str:
    """Return what is told while init containers have not all done their part, "" afterwards."""
    specs = found["spec"].get("initContainers") or ()
    for number, row in enumerate(_statuses(found, "initContainerStatuses")):
        end, waiting = _terminated(row, "state"), (row.get("state") or {}).get("waiting") or {}
        sidecar = row.get("name") in _sidecars(found)
        if end.get("exitCode") == 0 or (sidecar and row.get("started")):
            continue
        if end:
            return f"Init:{_end(end)}"
        why = str(waiting.get("reason") or "")
        return f"Init:{why}" if why not in {"", "PodInitializing"} else f"Init:{number}/{len(specs)}"
    return ""


def _containers(found: Object, reason: str) -> str:
    running = False
    for row in reversed(_statuses(found, "containerStatuses")):
        state = row.get("state") or {}
        if why := (state.get("waiting") or {}).get("reason"):
            reason = why
        elif end := _terminated(row, "state"):
            reason = _end(end)
        elif row.get("ready") and "running" in state:
            running = True
    if reason == "Completed" and running:
        rows = (found.get("status") or {}).get("conditions") or ()
        is_ready = any(row["type"] == "Ready" and row.get("status") == "True" for row in rows)
        return "Running" if is_ready else "NotReady"
    return reason


def _end(end: dict[str, Any]) -> str:
    if end.get("reason"):
        return str(end["reason"])
    return f"Signal:{end['signal']}" if end.get("signal") else f"ExitCode:{end.get('exitCode', 0)}"


def _terminated(row: dict[str, Any], state: str) -> dict[str, Any]:
    return (row.get(state) or {}).get("terminated") or {}


def _statuses(found: Object, field: str) -> list[dict[str, Any]]:
    return list((found.get("status") or {}).get(field) or ())


def _sidecars(found: Object) -> set[str]:
    specs = found["spec"].get("initContainers") or ()
    return {spec["name"] for spec in specs if spec.get("restartPolicy") == "Always"}


def _sidecar_statuses(found: Object) -> list[dict[str, Any]]:
    names = _sidecars(found)
    return [row for row in _statuses(found, "initContainerStatuses") if row.get("name") in names]
