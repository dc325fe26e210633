"""What becomes of the pods of nodes that do not answer or are gone: taint eviction and the collector of lost pods.

Source: kubernetes 1.33, pkg/controller/{tainteviction,podgc,nodelifecycle}. Kubernetes waits 40 s before it gives up
the pods of a node that is gone; here they are given up at once, because HyperPod's time runs faster too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.affinity import tolerates
from hpctl.sandbox.kube.controllers.conditions import is_true, since, with_condition
from hpctl.sandbox.kube.controllers.owners import is_going, key_of
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.controllers.scheduler import FINISHED
from hpctl.sandbox.kube.resources import PatchType
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object

MANAGER: Final = "node-controller"
_GONE: Final = {"reason": "DeletionByPodGC", "message": "PodGC: node no longer exists"}
_EVICTED: Final = {
    "reason": "DeletionByTaintManager",
    "message": "Taint manager: deleting due to NoExecute taint",
}


class Lifecycle:
    """Looks at a node's pods when the node changes, and at a pod when it gets a node."""

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._api = api
        self._pods, self._nodes = api.resource("v1", "Pod"), api.resource("v1", "Node")
        self._recorder = Recorder(api, MANAGER)
        self.watches = (self._pods, self._nodes)

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the pods that are on what changes."""
        if event.resource.kind == "Pod":
            if event.change != "DELETED" and event.object["spec"].get("nodeName"):
                yield key_of(event.object)
        elif event.before is None or event.change == "DELETED" or _matters(event.object) != _matters(event.before):
            name = event.object["metadata"]["name"]
            yield from map(key_of, self._api.list(self._pods, fields=f"spec.nodeName={name}"))

    def reconcile(self, key: Key) -> float | None:
        """Give up a pod whose node is gone, and evict one whose node has a taint that it bears no longer."""
        pod = self._found(key)
        if pod is None or not pod["spec"].get("nodeName"):
            return None
        try:
            node = self._api.get(self._nodes, None, pod["spec"]["nodeName"])
        except StatusError:
            self._give_up(pod)
            return None
        if not is_true(node, "Ready"):
            self._mark_not_ready(pod)
        left = _left(pod, node, self)
        if left is None or is_going(pod) or pod.get("status", {}).get("phase") in FINISHED:
            return None
        if left > 0:
            return left
        namespace, name = key
        self._recorder.normal(pod, "TaintManagerEviction", f"Marking for deletion Pod {namespace}/{name}")
        self._disrupt(pod, _EVICTED)
        self._api.delete(self._pods, namespace, name, uid=pod["metadata"]["uid"])
        return None

    def since(self, moment: str) -> float:
        """Return how many seconds have passed since a moment."""
        return since(moment, self._api.now)

    def _found(self, key: Key) -> Object | None:
        try:
            return self._api.get(self._pods, *key)
        except StatusError:
            return None

    def _give_up(self, pod: Object) -> None:
        namespace, name = key_of(pod)
        ended = {} if pod.get("status", {}).get("phase") in FINISHED else {"phase": "Failed"}
        self._disrupt(pod, _GONE, **ended)
        self._api.delete(self._pods, namespace, name, grace_s=0, uid=pod["metadata"]["uid"])

    def _mark_not_ready(self, pod: Object) -> None:
        if is_true(pod, "Ready"):
            self._change(pod, {"type": "Ready", "status": "False"})
            self._recorder.warning(pod, "NodeNotReady", "Node is not ready")

    def _disrupt(self, pod: Object, why: Object, **status: str) -> None:
        self._change(pod, {"type": "DisruptionTarget", "status": "True", **why}, **status)

    def _change(self, pod: Object, condition: Object, **status: str) -> None:
        namespace, name = key_of(pod)
        rows = with_condition(pod.get("status", {}).get("conditions") or (), condition, self._api.now)
        patch = {"status": {"conditions": rows, **status}}
        self._api.patch(self._pods, namespace, name, patch, manager=MANAGER, kind=PatchType.MERGE, subresource="status")


def _matters(node: Object) -> object:
    return node["spec"].get("taints"), is_true(node, "Ready")


def _left(pod: Object, node: Object, clock: Lifecycle) -> float | None:
    """Return after how many seconds a pod must leave a node, None when it may stay."""
    waits = [
        allowed - clock.since(taint["timeAdded"]) if "timeAdded" in taint else allowed
        for taint in node["spec"].get("taints") or ()
        if taint["effect"] == "NoExecute" and (allowed := _allowed(pod, taint)) is not None
    ]
    return min(waits, default=None)


def _allowed(pod: Object, taint: Object) -> float | None:
    """Return how many seconds a pod bears a taint, None when for ever."""
    found = [each for each in pod["spec"].get("tolerations") or () if tolerates(each, taint)]
    if not found:
        return 0.0
    return min((float(each["tolerationSeconds"]) for each in found if "tolerationSeconds" in each), default=None)
