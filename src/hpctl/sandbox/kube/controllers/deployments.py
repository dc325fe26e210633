"""The controller of Deployments (apps/v1): a ReplicaSet for each template, and the way from the old to the new.

Source: kubernetes 1.33, pkg/controller/deployment. The Deployments of AWS's Helm chart and of EKS add-ons are there by
name alone: their status says that they run, and they have no pods.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.controllers.conditions import condition_of, since, with_condition
from hpctl.sandbox.kube.controllers.daemonsets import is_stand_in
from hpctl.sandbox.kube.controllers.job_pods import phase_of
from hpctl.sandbox.kube.controllers.owners import controlled_by, is_going, key_of, owned, owner_keys
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.controllers.templates import digest
from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.resources import PatchType
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object

MANAGER: Final = "deployment-controller"
HASH: Final = "pod-template-hash"
REVISION: Final = "deployment.kubernetes.io/revision"
_PARTS: Final = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
_ENDED: Final = frozenset({"Failed", "Succeeded"})


class Deployments:
    """Scales the newest ReplicaSet up and the others down, within what the strategy allows."""

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._api = api
        self._deployments = api.resource("apps/v1", "Deployment")
        self._sets, self._pods = api.resource("apps/v1", "ReplicaSet"), api.resource("v1", "Pod")
        self._recorder = Recorder(api, MANAGER)
        self.watches = (self._deployments, self._sets, self._pods)

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the Deployment itself, that of a ReplicaSet, or that of a pod's ReplicaSet when the pod is gone."""
        match event.resource.kind:
            case "Deployment":
                yield key_of(event.object)
            case "ReplicaSet":
                yield from owner_keys(event, self._deployments)
            case _ if event.change == "DELETED":
                # Recreate waits for the last old pod to be gone.
                for key in owner_keys(event, self._sets):
                    yield from self._above(key)

    def _above(self, key: Key) -> Iterator[Key]:
        for each in self._api.list(self._sets, key[0], fields=f"metadata.name={key[1]}"):
            for owner in each["metadata"].get("ownerReferences") or ():
                yield key[0], owner["name"]

    def reconcile(self, key: Key) -> float | None:
        """Bring a Deployment nearer to what is wished."""
        try:
            found = self._api.get(self._deployments, *key)
        except StatusError:
            return None
        if is_going(found):
            return None
        if is_stand_in(found):
            self._save(found, _running_by_name(found))
            return None
        sets = sorted(owned(self._api, self._sets, found), key=_revision)
        new = next(
            (each for each in sets if each["metadata"]["labels"].get(HASH) == digest(found["spec"]["template"])), None
        )
        old = [each for each in sets if each is not new]
        if not found["spec"].get("paused"):
            new = self._newest(found, new, old)
            self._roll(found, new, old)
            self._forget(found, old)
        elif new is not None:
            self._scale(found, new, int(found["spec"].get("replicas", 1)))
        return self._tell(key)

    def _newest(self, found: Object, new: Object | None, old: list[Object]) -> Object:
        """Return the ReplicaSet of the template, made when it is not there, with the highest revision."""
        highest = max(map(_revision, old), default=0)
        if new is None:
            revision = highest + 1
            new = self._create(found, revision)
        elif (revision := _revision(new)) <= highest:
            revision = highest + 1
            self._annotate(self._sets, new, revision)
        if _revision(found) != revision:
            self._annotate(self._deployments, found, revision)
        return new

    def _create(self, found: Object, revision: int) -> Object:
        metadata, spec = found["metadata"], found["spec"]
        template, mark = copy.deepcopy(spec["template"]), {HASH: digest(spec["template"])}
        told = template.setdefault("metadata", {})
        told["labels"] = {**(told.get("labels") or {}), **mark}
        selector = copy.deepcopy(spec["selector"])
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), **mark}
        body: Object = {
            "metadata": {
                "name": f"{metadata['name']}-{mark[HASH]}",
                "labels": told["labels"],
                "annotations": {REVISION: str(revision)},
                "ownerReferences": [controlled_by(found)],
            },
            "spec": {
                "replicas": 0,
                "selector": selector,
                "template": template,
                "minReadySeconds": spec.get("minReadySeconds", 0),
            },
        }
        return self._api.create(self._sets, metadata["namespace"], body, manager=MANAGER)

    def _annotate(self, resource: Any, found: Object, revision: int) -> None:
        namespace, name = key_of(found)
        patch = {"metadata": {"annotations": {REVISION: str(revision)}}}
        self._api.patch(resource, namespace, name, patch, manager=MANAGER, kind=PatchType.MERGE)

    def _roll(self, found: Object, new: Object, old: list[Object]) -> None:
        strategy, wanted = found["spec"].get("strategy") or {}, int(found["spec"].get("replicas", 1))
        living = [each for each in old if each["spec"]["replicas"] or self._has_pods(each)]
        if strategy.get("type") == "Recreate":
            for each in living:
                self._scale(found, each, 0)
            if not living:
                self._scale(found, new, wanted)
            return
        rolling = strategy.get("rollingUpdate") or {}
        surge = _part(rolling.get("maxSurge", "25%"), wanted, math.ceil)
        lacking = _part(rolling.get("maxUnavailable", "25%"), wanted, math.floor)
        if not surge and not lacking:
            lacking = 1
        total = sum(each["spec"]["replicas"] for each in (new, *old))
        grown = min(wanted, new["spec"]["replicas"] + max(0, wanted + surge - total))
        self._scale(found, new, grown)
        self._shrink(found, new, [each for each in old if each["spec"]["replicas"]], wanted - lacking, grown)

    def _shrink(self, found: Object, new: Object, old: list[Object], least: int, target: int) -> None:
        """Scale old ReplicaSets down as far as enough pods stay available; what is not ready goes first."""
        ready = _available(new)
        spare = sum(map(_available, old)) + min(ready, target) - least
        for each in old:
            idle = each["spec"]["replicas"] - _available(each)
            gone = idle + max(0, min(spare, _available(each)))
            spare -= gone - idle
            self._scale(found, each, max(0, each["spec"]["replicas"] - gone))

    def _scale(self, found: Object, each: Object, count: int) -> None:
        if each["spec"]["replicas"] == count:
            return
        namespace, name = key_of(each)
        way = "up" if count > each["spec"]["replicas"] else "down"
        old = each["spec"]["replicas"]
        patch = {"spec": {"replicas": count}}
        self._api.patch(self._sets, namespace, name, patch, manager=MANAGER, kind=PatchType.MERGE)
        self._recorder.normal(found, "ScalingReplicaSet", f"Scaled {way} replica set {name} from {old} to {count}")

    def _has_pods(self, each: Object) -> bool:
        return any(phase_of(pod) not in _ENDED for pod in owned(self._api, self._pods, each))

    def _forget(self, found: Object, old: list[Object]) -> None:
        idle = [each for each in old if not each["spec"]["replicas"] and not each.get("status", {}).get("replicas")]
        for each in idle[: max(0, len(idle) - found["spec"].get("revisionHistoryLimit", 10))]:
            namespace, name = key_of(each)
            self._api.delete(self._sets, namespace, name)

    def _tell(self, key: Key) -> float | None:
        found = self._api.get(self._deployments, *key)
        sets, wanted = owned(self._api, self._sets, found), int(found["spec"].get("replicas", 1))
        mark = digest(found["spec"]["template"])
        numbers = {
            "replicas": sum(each.get("status", {}).get("replicas", 0) for each in sets),
            "updatedReplicas": sum(
                each.get("status", {}).get("replicas", 0)
                for each in sets
                if each["metadata"]["labels"].get(HASH) == mark
            ),
            "readyReplicas": sum(each.get("status", {}).get("readyReplicas", 0) for each in sets),
            "availableReplicas": sum(map(_available, sets)),
        }
        numbers["unavailableReplicas"] = max(0, wanted - numbers["availableReplicas"])
        status: Object = {name: count for name, count in numbers.items() if count}
        status["observedGeneration"] = found["metadata"].get("generation", 1)
        rows = self._conditions(found, numbers, f"{found['metadata']['name']}-{mark}")
        self._save(found, {**status, "conditions": rows})
        left = self._left({**found, "status": {"conditions": rows}})
        return left or None

    def _conditions(self, found: Object, numbers: dict[str, int], newest: str) -> list[Object]:
        wanted, rows = int(found["spec"].get("replicas", 1)), (found.get("status") or {}).get("conditions") or ()
        rolling = (found["spec"].get("strategy") or {}).get("rollingUpdate") or {}
        lacking = _part(rolling.get("maxUnavailable", "25%"), wanted, math.floor)
        for condition in (
            _availability(enough=numbers["availableReplicas"] >= wanted - lacking),
            self._progress(found, numbers, newest),
        ):
            old = condition_of(found, condition["type"])
            moment: str = timestamp(self._api.now)
            if old is not None and old["reason"] == condition["reason"]:
                moment = str(condition.get("lastUpdateTime") or old["lastUpdateTime"])
            rows = with_condition(rows, condition | {"lastUpdateTime": moment}, self._api.now)
        return list(rows)

    def _progress(self, found: Object, numbers: dict[str, int], newest: str) -> Object:
        wanted, status = int(found["spec"].get("replicas", 1)), found.get("status") or {}
        row: Object = {"type": "Progressing", "status": "True"}
        if numbers["updatedReplicas"] == numbers["availableReplicas"] == numbers["replicas"] == wanted:
            words = f'ReplicaSet "{newest}" has successfully progressed.'
            return row | {"reason": "NewReplicaSetAvailable", "message": words}
        left = self._left(found)
        if any(status.get(name, 0) != count for name, count in numbers.items()):
            moved = {"lastUpdateTime": timestamp(self._api.now)}
        elif left is not None and left <= 0:
            words = f'ReplicaSet "{newest}" has timed out progressing.'
            return row | {"status": "False", "reason": "ProgressDeadlineExceeded", "message": words}
        else:
            moved = {}
        return row | {"reason": "ReplicaSetUpdated", "message": f'ReplicaSet "{newest}" is progressing.', **moved}

    def _left(self, found: Object) -> float | None:
        """Return the seconds in which a rollout must go on, 0 when it is called stuck; None when there is none."""
        row = condition_of(found, "Progressing")
        if row is None or row["reason"] == "NewReplicaSetAvailable":
            return None
        if row["reason"] == "ProgressDeadlineExceeded":
            return 0.0
        return float(found["spec"].get("progressDeadlineSeconds", 600) - since(row["lastUpdateTime"], self._api.now))

    def _save(self, found: Object, status: Object) -> None:
        if status != found.get("status"):
            namespace, _ = key_of(found)
            changed = {**found, "status": status}
            self._api.update(self._deployments, namespace, changed, manager=MANAGER, subresource="status")


def _running_by_name(found: Object) -> Object:
    count = int(found["spec"].get("replicas", 1))
    numbers = {name: count for name in _PARTS[:-1] if count}
    return {**numbers, "observedGeneration": found["metadata"].get("generation", 1)}


def _availability(*, enough: bool) -> Object:
    told = ("MinimumReplicasAvailable", "has") if enough else ("MinimumReplicasUnavailable", "does not have")
    message = f"Deployment {told[1]} minimum availability."
    return {"type": "Available", "status": str(enough), "reason": told[0], "message": message}


def _available(each: Object) -> int:
    return int(each.get("status", {}).get("availableReplicas", 0))


def _revision(found: Object) -> int:
    return int((found["metadata"].get("annotations") or {}).get(REVISION, 0))


def _part(told: object, whole: int, rounded: Any) -> int:
    """Return a number, or a percentage of a whole."""
    text = str(told)
    return int(rounded(whole * int(text[:-1]) / 100)) if text.endswith("%") else int(text)
