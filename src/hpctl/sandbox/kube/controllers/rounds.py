"""What the controllers of jobs share: whom a change concerns, and a look at one job that ends with its new status."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hpctl.sandbox.kube.controllers.conditions import is_true, since, with_condition
from hpctl.sandbox.kube.controllers.owners import is_going, key_of, owner_keys
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object, Resource


class Keeper:
    """Looks after the objects of one kind, whenever they change or something that they control does."""

    resource: ClassVar[Resource]
    manager: ClassVar[str]

    def __init__(self, api: Api, *controlled: Resource) -> None:
        """Take the cluster's API, and the kinds of what is controlled."""
        self._api = api
        self._recorder = Recorder(api, self.manager)
        self.watches = (self.resource, *controlled)

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the object itself, or the one that controls what has changed."""
        if event.resource.kind == self.resource.kind:
            yield key_of(event.object)
        else:
            yield from owner_keys(event, self.resource)

    def _found(self, key: Key) -> Object | None:
        """Return an object that is there and stays."""
        try:
            found = self._api.get(self.resource, *key)
        except StatusError:
            return None
        return None if is_going(found) else found


class Round:
    """One look at one job: its status as it becomes, and what is made for it."""

    def __init__(self, api: Api, recorder: Recorder, resource: Resource, job: Object) -> None:
        """Take the job, and the resource that it is of."""
        self._api, self._recorder, self._resource, self._job = api, recorder, resource, job
        self._status: Object = dict(job.get("status") or {})

    def _is(self, kind: str) -> bool:
        return is_true({"status": self._status}, kind)

    def _set(self, kind: str, reason: str, message: str, *, status: str = "True") -> None:
        condition = {"type": kind, "status": status, "reason": reason, "message": message}
        self._status["conditions"] = self._with(self._status.get("conditions") or (), condition)

    def _with(self, conditions: Iterable[Object], condition: Object) -> list[Object]:
        """Return conditions with a new one among them."""
        return with_condition(conditions, condition, self._api.now)

    def _make(self, resource: Resource, wanted: Object, reason: str) -> None:
        """Create something; a refusal is told with this reason, and tried again later."""
        try:
            self._api.create(resource, self._job["metadata"]["namespace"], wanted, manager=self._recorder.component)
        except StatusError as error:
            self._recorder.warning(self._job, reason, f"Error creating: {error.message}")
            raise

    def _save(self) -> None:
        if self._status != self._job.get("status"):
            namespace, _ = key_of(self._job)
            changed = {**self._job, "status": self._status}
            self._api.update(self._resource, namespace, changed, manager=self._recorder.component, subresource="status")

    def _expire(self, ttl_s: float | None, ended: str | None) -> float | None:
        """Delete the job when it has been over for long enough; returns in how many seconds that is, if ever."""
        if ttl_s is None or ended is None:
            return None
        left = ttl_s - since(ended, self._api.now)
        if left > 0:
            return left
        namespace, name = key_of(self._job)
        uid = self._job["metadata"]["uid"]
        self._api.delete(self._resource, namespace, name, propagation="Foreground", uid=uid)
        return None
