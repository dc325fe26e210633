"""A small API in memory: what controllers and the kubelet ask of `ports.Api`, without schemas, access or a wire."""

from __future__ import annotations

import asyncio
import copy
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, cast

import jsonpatch

from hpctl.sandbox.kube.builtins import BUILT_IN
from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.resources import Change, Event, Object, PatchType, Resource
from hpctl.sandbox.kube.selectors import selector
from hpctl.sandbox.kube.status import already_exists, conflict, no_such_path, not_found

Place = tuple[str, str]


class FakeApi:
    """Objects by resource, namespace and name; `customs` are served beside the built-in resources."""

    def __init__(self, clock: Callable[[], datetime], *customs: Resource) -> None:
        self.clock = clock
        self.served = [*BUILT_IN, *customs]
        self._objects: defaultdict[Place, dict[tuple[str, str], Object]] = defaultdict(dict)
        self._versions = count(1)
        self._queues: list[tuple[set[Place], asyncio.Queue[Event]]] = []

    @property
    def now(self) -> datetime:
        return self.clock()

    def resource(self, api_version: str, kind: str) -> Resource:
        for served in self.served:
            if (served.api_version, served.kind) == (api_version, kind):
                return served
        raise no_such_path()

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        found = self._objects[_place(resource)].get((namespace or "", name))
        if found is None:
            raise not_found(resource, name)
        return found

    def list(
        self, resource: Resource, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> tuple[Object, ...]:
        chosen = selector(resource, labels, fields)
        rows = sorted(self._objects[_place(resource)].items())
        return tuple(found for (where, _), found in rows if namespace in {None, where} and chosen.matches(found))

    def create(self, resource: Resource, namespace: str | None, body: Object, *, manager: str) -> Object:
        number = next(self._versions)
        draft = {"apiVersion": resource.api_version, "kind": resource.kind, **copy.deepcopy(body)}
        metadata = draft["metadata"]
        if "name" not in metadata:
            metadata["name"] = f"{metadata['generateName']}{number:05}"
        if resource.namespaced:
            metadata["namespace"] = namespace
        metadata |= {"uid": f"uid-{number}", "creationTimestamp": timestamp(self.now), "generation": 1}
        key = metadata.get("namespace", ""), metadata["name"]
        if key in self._objects[_place(resource)]:
            raise already_exists(resource, metadata["name"])
        return self._put(resource, draft)

    def update(
        self, resource: Resource, namespace: str | None, body: Object, *, manager: str, subresource: str = ""
    ) -> Object:
        current = self.get(resource, namespace, body["metadata"]["name"])
        told = body["metadata"].get("resourceVersion")
        if told not in {None, current["metadata"]["resourceVersion"]}:
            raise conflict(resource, body["metadata"]["name"], "the object has been modified")
        if subresource == "status":
            return self._put(resource, {**current, "status": copy.deepcopy(body.get("status", {}))})
        kept = {"status": current["status"]} if "status" in current else {}
        draft = {**{name: value for name, value in copy.deepcopy(body).items() if name != "status"}, **kept}
        if draft.get("spec") != current.get("spec"):
            draft["metadata"]["generation"] = current["metadata"]["generation"] + 1
        going = current["metadata"].get("deletionTimestamp")
        if going and not draft["metadata"].get("finalizers") and not _waits_for_kubelet(resource, draft, None):
            return self._remove(resource, draft)
        return self._put(resource, draft)

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Mapping[str, object] | Sequence[object],
        *,
        manager: str,
        kind: PatchType,
        subresource: str = "",
    ) -> Object:
        current = copy.deepcopy(self.get(resource, namespace, name))
        if kind is PatchType.JSON:
            changed = jsonpatch.apply_patch(current, cast("Any", patch))
        elif kind is PatchType.MERGE:
            changed = _merged(current, patch)
        else:
            raise NotImplementedError(kind)
        changed["metadata"].pop("resourceVersion", None)
        return self.update(resource, namespace, changed, manager=manager, subresource=subresource)

    def bind(self, namespace: str, pod: str, node: str) -> Object:
        pods = self.resource("v1", "Pod")
        current = self.get(pods, namespace, pod)
        if current["spec"].get("nodeName"):
            raise conflict(pods, pod, f"pod {pod} is already assigned to node {current['spec']['nodeName']!r}")
        changed = copy.deepcopy(current)
        changed["spec"]["nodeName"] = node
        status = changed.setdefault("status", {})
        others = [each for each in status.get("conditions", ()) if each["type"] != "PodScheduled"]
        bound = {"type": "PodScheduled", "status": "True", "lastTransitionTime": timestamp(self.now)}
        status["conditions"] = [*others, bound]
        return self._put(pods, changed)

    def delete(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        propagation: str = "Background",
        grace_s: int | None = None,
        uid: str | None = None,
    ) -> Object:
        current = self.get(resource, namespace, name)
        if uid not in {None, current["metadata"]["uid"]}:
            raise conflict(resource, name, "Precondition failed: UID in precondition")
        if current["metadata"].get("finalizers") or _waits_for_kubelet(resource, current, grace_s):
            grace = 30 if grace_s is None else grace_s
            going = {"deletionTimestamp": timestamp(self.now), "deletionGracePeriodSeconds": grace}
            return self._put(resource, {**current, "metadata": {**current["metadata"], **going}})
        return self._remove(resource, current)

    async def watch(self, *resources: Resource) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        for resource in resources:
            for found in self.list(resource):
                queue.put_nowait(Event(Change.ADDED, resource, found))
        entry = ({_place(resource) for resource in resources}, queue)
        self._queues.append(entry)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.remove(entry)

    def _put(self, resource: Resource, draft: Object) -> Object:
        draft = {**draft, "metadata": {**draft["metadata"], "resourceVersion": str(next(self._versions))}}
        key = draft["metadata"].get("namespace", ""), draft["metadata"]["name"]
        before = self._objects[_place(resource)].get(key)
        self._objects[_place(resource)][key] = draft
        self._tell(Event(Change.MODIFIED if before else Change.ADDED, resource, draft, before))
        return draft

    def _remove(self, resource: Resource, found: Object) -> Object:
        key = found["metadata"].get("namespace", ""), found["metadata"]["name"]
        before = self._objects[_place(resource)].pop(key)
        self._tell(Event(Change.DELETED, resource, found, before))
        for kind in list(self.served):
            for each in self.list(kind):
                owners = [owner["uid"] for owner in each["metadata"].get("ownerReferences", ())]
                if found["metadata"]["uid"] in owners:
                    self.delete(kind, each["metadata"].get("namespace"), each["metadata"]["name"])
        return found

    def _tell(self, event: Event) -> None:
        for places, queue in self._queues:
            if _place(event.resource) in places:
                queue.put_nowait(event)


def _place(resource: Resource) -> Place:
    return resource.group, resource.plural


def _waits_for_kubelet(resource: Resource, found: Object, grace_s: int | None) -> bool:
    phase = found.get("status", {}).get("phase")
    runs = resource.kind == "Pod" and found["spec"].get("nodeName") and phase not in {"Succeeded", "Failed"}
    return bool(runs) and grace_s != 0


def _merged(current: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    changed = dict(current) if isinstance(current, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = _merged(changed.get(name), value)
    return changed
