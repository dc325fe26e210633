"""A cluster in virtual time: its real API in memory, some controllers, and a hand that plays the kubelet."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hpctl.sandbox.kube import bootstrap
from hpctl.sandbox.kube.api import ClusterApi
from hpctl.sandbox.kube.controllers.loop import Controller, Loop
from hpctl.sandbox.kube.garbage import Garbage
from hpctl.sandbox.kube.kinds import CUSTOM_RESOURCES
from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.objects import Objects, Record
from hpctl.sandbox.kube.resources import Change, Object, PatchType, Resource
from hpctl.sandbox.kube.schemas.rules import KindRules
from hpctl.sandbox.kube.store import Store
from tests.unit.sandbox.kube.virtual import VirtualLoop

START = datetime(2026, 8, 1, 12, tzinfo=UTC)


class Stage:
    """What a test of controllers stands on."""

    def __init__(self, *controllers: Callable[[Any], Controller]) -> None:
        self.loop = VirtualLoop()
        objects = Objects(Store(":memory:"))
        rules = KindRules(lambda: objects.every(CUSTOM_RESOURCES).values())
        self.api = ClusterApi(objects, rules, self._now, Random(1), "")  # noqa: S311 - names that repeat
        bootstrap.fill(self.api)
        self._born: dict[str, int] = {}
        objects.follow(self._told)
        self._tasks = [self.loop.create_task(Garbage(self.api).run())]
        if controllers:
            self.start(Loop(self.api, [make(self.api) for make in controllers]).run())

    def _now(self) -> datetime:
        return START + timedelta(seconds=self.loop.time())

    def _told(self, record: Record) -> None:
        if record.change is Change.ADDED:
            self._born[record.object["metadata"]["uid"]] = len(self._born)

    def start(self, work: Any) -> None:
        """Let something work until the end."""
        self._tasks.append(self.loop.create_task(work))

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self.loop.close()

    def wait(self, seconds: float = 1.0) -> None:
        """Let time pass; a controller that broke breaks the test."""
        self.loop.let_pass(seconds)
        for task in self._tasks:
            if task.done():
                task.result()

    @property
    def seconds(self) -> float:
        return self.loop.time()

    def kind(self, name: str) -> Resource:
        """Return the resource of a kind, of its last version."""
        served = reversed(self.api.kinds.every())
        return next(each for each in served if each.kind == name and each.group != "events.k8s.io")

    def create(self, body: Object, namespace: str = "default") -> Object:
        resource = self.kind(body["kind"])
        return self.api.create(resource, namespace if resource.namespaced else None, body, manager="test")

    def get(self, kind: str, name: str) -> Object:
        resource = self.kind(kind)
        return self.api.get(resource, "default" if resource.namespaced else None, name)

    def change(self, kind: str, name: str, patch: Object, subresource: str = "") -> Object:
        resource = self.kind(kind)
        namespace = "default" if resource.namespaced else None
        return self.api.patch(
            resource, namespace, name, patch, manager="test", kind=PatchType.MERGE, subresource=subresource
        )

    def delete(self, kind: str, name: str, grace_s: int | None = None) -> None:
        resource = self.kind(kind)
        self.api.delete(resource, "default" if resource.namespaced else None, name, grace_s=grace_s)

    def names(self, kind: str) -> list[str]:
        """Return the names of what there is of a kind, without what is there from the start."""
        found = (each["metadata"] for each in self.api.list(self.kind(kind)))
        return [metadata["name"] for metadata in found if metadata["uid"] in self._born]

    def pods(self) -> list[Object]:
        """Return the pods, the oldest first."""
        return sorted(self.api.list(self.kind("Pod")), key=self._age)

    def _age(self, found: Object) -> int:
        return self._born[found["metadata"]["uid"]]

    def events(self, kind: str, name: str) -> list[tuple[str, str, str]]:
        """Return type, reason and message of what is told about an object, the oldest first."""
        rows = sorted(self.api.list(self.kind("Event")), key=self._age)
        return [
            (row["type"], row["reason"], row["message"])
            for row in rows
            if (row["involvedObject"]["kind"], row["involvedObject"]["name"]) == (kind, name)
        ]

    def conditions(self, kind: str, name: str) -> dict[str, tuple[str, str]]:
        """Return status and reason of an object's conditions by type."""
        rows = self.get(kind, name).get("status", {}).get("conditions") or ()
        return {row["type"]: (row["status"], row.get("reason", "")) for row in rows}

    def run(self, name: str, *, ready: bool = True) -> None:
        """Let a pod run, as the kubelet would tell it."""
        condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": timestamp(self.api.now)}
        self.change("Pod", name, {"status": {"phase": "Running", "conditions": [condition]}}, "status")

    def end(self, name: str, code: int = 0, *, restarts: int = 0) -> None:
        """Let all containers of a pod end with a code."""
        ended = {"exitCode": code, "finishedAt": timestamp(self.api.now)}
        rows = [
            {"name": container["name"], "restartCount": restarts, "state": {"terminated": ended}}
            for container in self.get("Pod", name)["spec"]["containers"]
        ]
        phase = "Failed" if code else "Succeeded"
        self.change("Pod", name, {"status": {"phase": phase, "containerStatuses": rows, "conditions": []}}, "status")


@contextmanager
def staged(*controllers: Callable[[Any], Controller]) -> Iterator[Stage]:
    """Build a stage and clear it away."""
    stage = Stage(*controllers)
    try:
        yield stage
    finally:
        stage.close()


def template(name: str = "main", **spec: Any) -> Object:
    """Return a pod template with one container."""
    body = {"containers": [{"name": name, "image": "image", "command": ["true"]}], "restartPolicy": "Never"}
    return {"metadata": {"labels": {"app": "x"}}, "spec": copy.deepcopy(body) | spec}
