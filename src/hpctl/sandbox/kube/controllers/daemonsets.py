"""The controller of DaemonSets (apps/v1): one pod on each node that one is for.

The DaemonSets of AWS's Helm chart and of EKS add-ons have no programs here that could run: they carry an annotation
that says so, their status counts the nodes that they are for, and they have no pods.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.affinity import selects, untolerated
from hpctl.sandbox.kube.controllers.conditions import is_true
from hpctl.sandbox.kube.controllers.owners import controlled_by, is_going, key_of, owned, owner_keys
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.controllers.templates import digest
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object

MANAGER: Final = "daemonset-controller"
STAND_IN: Final = "sandbox.hpctl/stand-in"
"""The annotation of workloads that are there by name alone: nothing runs for them."""
_HASH: Final = "controller-revision-hash"
_REPELLING: Final = ("NoSchedule", "NoExecute")
# Kubernetes documentation, "DaemonSet", "Taints and tolerations".
_TOLERATIONS: Final = tuple(
    {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
    for name, effect in (
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    )
)
_FAILED: Final = frozenset({"Failed", "Succeeded"})


def is_stand_in(found: Object) -> bool:
    """Whether nothing runs for a workload."""
    return (found["metadata"].get("annotations") or {}).get(STAND_IN) == "true"


def daemon_selects(daemon: Object, node: Object) -> bool:
    """Whether a DaemonSet wants a pod on a node."""
    pod = _as_pod(daemon)
    return selects(pod, node) and untolerated(pod, node, _REPELLING) is None


def _as_pod(daemon: Object) -> Object:
    spec = daemon["spec"]["template"]["spec"]
    tolerations = [*(spec.get("tolerations") or ()), *_TOLERATIONS]
    # The scheduler's own taint for silence keeps nobody of these off.
    tolerations.append({"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoSchedule"})
    return {"metadata": daemon["metadata"], "spec": {**spec, "tolerations": tolerations}}


class DaemonSets:
    """Creates and deletes the pods of DaemonSets, and counts them."""

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._api = api
        self._daemons = api.resource("apps/v1", "DaemonSet")
        self._pods, self._nodes = api.resource("v1", "Pod"), api.resource("v1", "Node")
        self._recorder = Recorder(api, MANAGER)
        self.watches = (self._daemons, self._pods, self._nodes)

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the DaemonSet itself, that of a pod, or all when a node changes."""
        match event.resource.kind:
            case "DaemonSet":
                yield key_of(event.object)
            case "Pod":
                yield from owner_keys(event, self._daemons)
            case _ if event.before is None or event.change == "DELETED" or _of(event.object) != _of(event.before):
                yield from map(key_of, self._api.list(self._daemons))

    def reconcile(self, key: Key) -> None:
        """Bring the pods of a DaemonSet to the nodes that they are for."""
        try:
            daemon = self._api.get(self._daemons, *key)
        except StatusError:
            return
        if is_going(daemon):
            return
        wanted = {
            node["metadata"]["name"]: node for node in self._api.list(self._nodes) if daemon_selects(daemon, node)
        }
        if is_stand_in(daemon):
            ready = sum(is_true(node, "Ready") for node in wanted.values())
            self._tell(daemon, len(wanted), len(wanted), ready, len(wanted))
            return
        self._fill(daemon, wanted)
        pods = self._placed(daemon)
        updated = digest(daemon["spec"]["template"])
        right = [pod for name, pod in pods.items() if name in wanted]
        ready = sum(is_true(pod, "Ready") for pod in right)
        fresh = sum(pod["metadata"]["labels"].get(_HASH) == updated for pod in right)
        self._tell(daemon, len(wanted), len(right), ready, fresh, len(pods) - len(right))

    def _fill(self, daemon: Object, wanted: dict[str, Object]) -> None:
        pods, updated = self._placed(daemon), digest(daemon["spec"]["template"])
        for name, pod in pods.items():
            if name not in wanted or pod.get("status", {}).get("phase") in _FAILED:
                self._delete(daemon, pod)
        for name in wanted:
            if name not in pods:
                self._create(daemon, name, updated)
        if (daemon["spec"].get("updateStrategy") or {}).get("type") == "OnDelete":
            return
        old = [pod for pod in pods.values() if pod["metadata"]["labels"].get(_HASH) != updated]
        # One at a time, which is the default `maxUnavailable`.
        if old and all(is_true(pod, "Ready") or pod in old for pod in pods.values()):
            self._delete(daemon, old[0])

    def _placed(self, daemon: Object) -> dict[str, Object]:
        """Return the pods by the node that each is for; one that goes still holds its place."""
        return {_place(pod): pod for pod in owned(self._api, self._pods, daemon)}

    def _create(self, daemon: Object, node: str, updated: str) -> None:
        metadata, template = daemon["metadata"], copy.deepcopy(daemon["spec"]["template"])
        told = template.get("metadata") or {}
        spec = template["spec"]
        affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
        field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
        affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": [field]}
        spec["tolerations"] = [*(spec.get("tolerations") or ()), *map(dict, _TOLERATIONS)]
        pod: Object = {
            "metadata": {
                "generateName": f"{metadata['name']}-",
                "labels": {**(told.get("labels") or {}), _HASH: updated},
                "annotations": dict(told.get("annotations") or {}),
                "ownerReferences": [controlled_by(daemon)],
            },
            "spec": spec,
        }
        made = self._api.create(self._pods, metadata["namespace"], pod, manager=MANAGER)
        self._recorder.normal(daemon, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    def _delete(self, daemon: Object, pod: Object) -> None:
        if is_going(pod):
            return
        namespace, name = key_of(pod)
        self._api.delete(self._pods, namespace, name, uid=pod["metadata"]["uid"])
        self._recorder.normal(daemon, "SuccessfulDelete", f"Deleted pod: {name}")

    def _tell(self, daemon: Object, desired: int, current: int, ready: int, updated: int, misplaced: int = 0) -> None:
        status: Object = {
            "currentNumberScheduled": current,
            "desiredNumberScheduled": desired,
            "numberMisscheduled": misplaced,
            "numberReady": ready,
            "observedGeneration": daemon["metadata"].get("generation", 1),
            "updatedNumberScheduled": updated,
            "numberAvailable": ready,
            "numberUnavailable": desired - ready,
        }
        kept = {name: value for name, value in status.items() if value or name in _ALWAYS}
        if kept != daemon.get("status"):
            namespace, _ = key_of(daemon)
            changed = {**daemon, "status": kept}
            self._api.update(self._daemons, namespace, changed, manager=MANAGER, subresource="status")


_ALWAYS: Final = frozenset({"currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady"})


def _place(pod: Object) -> str:
    (term,) = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    return str(term["matchFields"][0]["values"][0])


def _of(node: Object) -> object:
    return node["metadata"].get("labels"), node["spec"], is_true(node, "Ready")
