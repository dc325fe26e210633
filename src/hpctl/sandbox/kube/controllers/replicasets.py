"""The controller of ReplicaSets (apps/v1): as many pods as it says.

Source: kubernetes 1.33, pkg/controller/replicaset. Pods without an owner are not adopted.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.conditions import condition_of, is_true, since
from hpctl.sandbox.kube.controllers.job_pods import is_active
from hpctl.sandbox.kube.controllers.owners import controlled_by, is_going, key_of, owned, owner_keys
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object

MANAGER: Final = "replicaset-controller"
_PARTS: Final = ("availableReplicas", "fullyLabeledReplicas", "readyReplicas")


class ReplicaSets:
    """Creates pods until there are enough, and deletes those too many."""

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._api = api
        self._sets, self._pods = api.resource("apps/v1", "ReplicaSet"), api.resource("v1", "Pod")
        self._recorder = Recorder(api, MANAGER)
        self.watches = (self._sets, self._pods)

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the ReplicaSet itself, or that of a pod."""
        if event.resource.kind == "ReplicaSet":
            yield key_of(event.object)
        else:
            yield from owner_keys(event, self._sets)

    def reconcile(self, key: Key) -> float | None:
        """Bring the number of pods nearer to what is wished."""
        try:
            found = self._api.get(self._sets, *key)
        except StatusError:
            return None
        if not is_going(found):
            wanted = int(found["spec"].get("replicas", 1))
            active = self._active(found)
            for _ in range(wanted - len(active)):
                self._create(found)
            for pod in sorted(active, key=_worth)[: max(0, len(active) - wanted)]:
                self._delete(found, pod)
        return self._tell(found)

    def _active(self, found: Object) -> list[Object]:
        return [pod for pod in owned(self._api, self._pods, found) if is_active(pod)]

    def _create(self, found: Object) -> None:
        metadata, template = found["metadata"], copy.deepcopy(found["spec"]["template"])
        told = template.get("metadata") or {}
        pod: Object = {
            "metadata": {
                "generateName": f"{metadata['name']}-",
                "labels": dict(told.get("labels") or {}),
                "annotations": dict(told.get("annotations") or {}),
                "ownerReferences": [controlled_by(found)],
            },
            "spec": template["spec"],
        }
        try:
            made = self._api.create(self._pods, metadata["namespace"], pod, manager=MANAGER)
        except StatusError as error:
            self._recorder.warning(found, "FailedCreate", f"Error creating: {error.message}")
            raise
        self._recorder.normal(found, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    def _delete(self, found: Object, pod: Object) -> None:
        namespace, name = key_of(pod)
        self._api.delete(self._pods, namespace, name, uid=pod["metadata"]["uid"])
        self._recorder.normal(found, "SuccessfulDelete", f"Deleted pod: {name}")

    def _tell(self, found: Object) -> float | None:
        active, least = self._active(found), found["spec"].get("minReadySeconds", 0)
        ready = [pod for pod in active if is_true(pod, "Ready")]
        waits = [least - self._ready_for(pod) for pod in ready]
        labels = ((found["spec"]["template"].get("metadata") or {}).get("labels") or {}).items()
        status: Object = {
            "replicas": len(active),
            "readyReplicas": len(ready),
            "availableReplicas": sum(wait <= 0 for wait in waits),
            "fullyLabeledReplicas": sum(labels <= pod["metadata"]["labels"].items() for pod in active),
            "observedGeneration": found["metadata"].get("generation", 1),
        }
        kept = {name: value for name, value in status.items() if value or name not in _PARTS}
        if kept != found.get("status"):
            namespace, _ = key_of(found)
            self._api.update(self._sets, namespace, {**found, "status": kept}, manager=MANAGER, subresource="status")
        return min((wait for wait in waits if wait > 0), default=None)

    def _ready_for(self, pod: Object) -> float:
        condition = condition_of(pod, "Ready")
        moment = (condition or {}).get("lastTransitionTime")
        return since(moment, self._api.now) if moment else 0.0


def _worth(pod: Object) -> tuple[bool, bool, str]:
    """Return how much a pod is worth keeping: without a node least, then not ready, then the youngest."""
    newest = "".join(chr(0x10FFFF - ord(letter)) for letter in pod["metadata"]["creationTimestamp"])
    return bool(pod["spec"].get("nodeName")), is_true(pod, "Ready"), newest
