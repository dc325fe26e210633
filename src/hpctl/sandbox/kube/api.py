"""One cluster's API without the wire: what may become of its objects, and who is told (`ports.Api`)."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from hpctl.sandbox.kube import customs, deletion, preparing
from hpctl.sandbox.kube.kinds import CUSTOM_RESOURCES, Kinds, counts_generations, is_custom, kept, shown, stored
from hpctl.sandbox.kube.metadata import addressed, begun, continued, refuse_other_name, same
from hpctl.sandbox.kube.objects import Key, Objects, Record
from hpctl.sandbox.kube.patches.managed import stamped
from hpctl.sandbox.kube.patches.patch import patched
from hpctl.sandbox.kube.ports import Schemas
from hpctl.sandbox.kube.resources import Change, Event, Object, PatchType, Resource
from hpctl.sandbox.kube.selectors import Selector, selector
from hpctl.sandbox.kube.status import already_exists, invalid, no_such_path, not_found

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from datetime import datetime
    from random import Random

    from hpctl.sandbox.kube.schemas.shape import Shape


class Rules(Schemas, Protocol):
    """What objects look like, and how their parts merge."""

    def shape(self, resource: Resource) -> Shape:
        """Return how objects of a resource are made up."""


class ClusterApi:
    """The API of one cluster over its objects; all of it in one thread, and nothing in it waits."""

    def __init__(
        self, objects: Objects, rules: Rules, clock: Callable[[], datetime], random: Random, authority: str = ""
    ) -> None:
        """Serve these objects as `rules` say.

        `clock` tells the time (UTC), `random` draws identifiers; `authority` is the server's certificate authority
        (PEM), which each namespace tells its pods.
        """
        self.objects, self.kinds, self.rules, self.authority = objects, Kinds(), rules, authority
        self._clock, self.random = clock, random
        for definition in objects.every(CUSTOM_RESOURCES).values():
            self.kinds.serve(definition["metadata"]["name"], customs.resources(definition))

    @property
    def now(self) -> datetime:
        """The current time (UTC)."""
        return self._clock()

    def resource(self, api_version: str, kind: str) -> Resource:
        """Return a resource that is served now; raises StatusError (404)."""
        found = self.kinds.of_kind(api_version, kind)
        if found is None:
            raise no_such_path()
        return found

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """Return an object; raises StatusError (404)."""
        return shown(resource, self.kept(resource, namespace, name))

    def list(
        self, resource: Resource, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> tuple[Object, ...]:
        """Return the objects of one namespace or of all that match both selectors, in the order of their names."""
        chosen = self.selector(resource, labels, fields)
        return chosen_of(self.objects.every(kept(resource)), resource, namespace, chosen)

    def selector(self, resource: Resource, labels: str, fields: str) -> Selector:
        """Read the selectors of a resource; raises StatusError (400)."""
        return selector(resource, labels, fields, customs.selectable(self.definition(resource), resource))

    def definition(self, resource: Resource) -> Object | None:
        """Return the CRD of a custom resource, None of a built-in one."""
        return self.objects.get(CUSTOM_RESOURCES, ("", resource.qualified)) if is_custom(resource) else None

    def create(
        self, resource: Resource, namespace: str | None, body: Object, *, manager: str, dry_run: bool = False
    ) -> Object:
        """Create an object and return it as it is stored."""
        draft = begun(resource, namespace, body, self.now, self.random)
        draft = self._born(resource, draft)
        draft = stamped(None, draft, shape=self.rules.shape(resource), manager=manager, now=self.now)
        return self._added(resource, draft, dry_run=dry_run)

    def update(
        self,
        resource: Resource,
        namespace: str | None,
        body: Object,
        *,
        manager: str,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Object:
        """Replace an object; with `status` as subresource only its status, without it all but that.

        With `finalize` the body is a namespace, and its own finalizers count alone.
        """
        name = (body.get("metadata") or {}).get("name") or ""
        current = self.get(resource, namespace, name)
        draft = continued(resource, addressed(resource, namespace, body), current)
        self._require_version(resource, body)
        return self._changed(resource, current, draft, manager, subresource, dry_run=dry_run)

    def patch(  # noqa: PLR0913 - a PATCH has that many
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Mapping[str, object] | Sequence[object],
        *,
        manager: str,
        kind: PatchType,
        subresource: str = "",
        force: bool = False,
        dry_run: bool = False,
        look: Callable[[Object], None] = lambda _: None,
    ) -> Object:
        """Patch an object; an apply creates it when it is not there. `look` sees it as patched, and may refuse it."""
        applies = kind is PatchType.APPLY
        if applies and not subresource and self.objects.get(kept(resource), _key(resource, namespace, name)) is None:
            return self._applied(resource, namespace, name, patch, manager, look, dry_run=dry_run)
        current = self.get(resource, namespace, name)
        draft = patched(
            resource,
            current,
            patch,
            kind,
            shape=self.rules.shape(resource),
            now=self.now,
            manager=manager,
            subresource=subresource,
            force=force,
        )
        look(draft)
        refuse_other_name(draft.get("metadata", {}).get("name", ""), name)
        draft = continued(resource, addressed(resource, namespace, draft), current)
        return self._changed(resource, current, draft, "" if applies else manager, subresource, dry_run=dry_run)

    def delete(  # noqa: PLR0913 - a DELETE has that many
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        propagation: str | None = "Background",
        grace_s: int | None = None,
        uid: str | None = None,
        version: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Delete an object, or mark it as going: finalizers and a pod's kubelet come first. `grace_s` 0: now."""
        current = self.kept(resource, namespace, name)
        deletion.refuse_for_good(resource, name)
        deletion.refuse_other(resource, current, uid, version)
        going = deletion.marked(resource, current, propagation, grace_s, self.now)
        if dry_run:
            return shown(resource, current)
        if deletion.may_go(resource, going):
            return shown(resource, self.remove(resource, going))
        return shown(resource, current if same(going, current) else self.put(resource, going))

    def bind(self, namespace: str, pod: str, node: str) -> Object:
        """Bind a pod to a node, as `pods/binding` does; raises StatusError (409) when it is bound, or going."""
        pods = self.resource("v1", "Pod")
        bound = preparing.bound(pods, self.kept(pods, namespace, pod), node, self.now)
        return self.put(pods, bound)

    async def watch(self, *resources: Resource) -> AsyncIterator[Event]:
        """Yield what there is as ADDED, and then each change, in order, until the loop ends; nothing is left out."""
        asked = {kept(resource): resource for resource in resources}
        pending = deque(
            Event(Change.ADDED, resource, found)
            for place, resource in asked.items()
            for found in self._sorted(place, resource)
        )
        news = asyncio.Event()

        def tell(record: Record) -> None:
            if resource := asked.get(record.kept):
                before = None if record.before is None else shown(resource, record.before)
                pending.append(Event(record.change, resource, shown(resource, record.object), before))
                news.set()

        unfollow = self.objects.follow(tell)
        try:
            while True:
                while pending:
                    yield pending.popleft()
                news.clear()
                await news.wait()
        finally:
            unfollow()

    def kept(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """Return an object as it is kept; raises StatusError (404)."""
        found = self.objects.get(kept(resource), _key(resource, namespace, name))
        if found is None:
            raise not_found(resource, name)
        return found

    def put(self, resource: Resource, found: Object) -> Object:
        """Keep an object that has been judged."""
        kept_now = self.objects.put(kept(resource), found)
        if kept(resource) == CUSTOM_RESOURCES:
            self.kinds.serve(found["metadata"]["name"], customs.resources(kept_now))
        return kept_now

    def remove(self, resource: Resource, found: Object) -> Object:
        """Forget an object that may go."""
        metadata = found["metadata"]
        if kept(resource) == CUSTOM_RESOURCES:
            self.kinds.serve(metadata["name"], ())
        return self.objects.remove(kept(resource), (metadata.get("namespace", ""), metadata["name"]), found)

    def _sorted(self, place: tuple[str, str], resource: Resource) -> tuple[Object, ...]:
        return chosen_of(self.objects.every(place), resource, None, Selector())

    def _born(self, resource: Resource, draft: Object) -> Object:
        preparing.refuse_idle(resource, self.definition(resource))
        preparing.refuse_place(self, resource, draft)
        if counts_generations(resource):
            draft["metadata"]["generation"] = 1
        draft = preparing.begun(self, resource, draft)
        draft = preparing.completed(self, resource, self.rules.default(resource, draft))
        self._judge(resource, draft, None)
        return draft

    def _applied(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Mapping[str, object] | Sequence[object],
        manager: str,
        look: Callable[[Object], None],
        *,
        dry_run: bool,
    ) -> Object:
        shape = self.rules.shape(resource)
        new = patched(resource, None, patch, PatchType.APPLY, shape=shape, now=self.now, manager=manager)
        look(new)
        managed = (new.get("metadata") or {}).get("managedFields") or []
        if "uid" in new["metadata"]:
            deletion.refuse_other(resource, {"metadata": {"name": name, "uid": ""}}, new["metadata"]["uid"], None)
        refuse_other_name(new["metadata"].setdefault("name", name), name)
        draft = self._born(resource, begun(resource, namespace, new, self.now, self.random))
        return self._added(resource, _with(draft, managedFields=managed), dry_run=dry_run)

    def _added(self, resource: Resource, draft: Object, *, dry_run: bool) -> Object:
        draft = stored(resource, draft)
        metadata = draft["metadata"]
        if self.objects.get(kept(resource), (metadata.get("namespace", ""), metadata["name"])) is not None:
            raise already_exists(resource, metadata["name"])
        if dry_run:
            return shown(resource, draft)
        new = self.put(resource, draft)
        preparing.followed(self, resource, new)
        return shown(resource, new)

    def _changed(
        self, resource: Resource, current: Object, draft: Object, manager: str, subresource: str, *, dry_run: bool
    ) -> Object:
        draft = preparing.confined(resource, draft, current, subresource)
        draft = preparing.completed(self, resource, self.rules.default(resource, draft), current)
        self._judge(resource, draft, current)
        deletion.refuse_new_finalizers(resource, draft, current)
        if counts_generations(resource) and preparing.wish(resource, draft) != preparing.wish(resource, current):
            draft = _with(draft, generation=current["metadata"].get("generation", 0) + 1)
        if manager:
            shape = self.rules.shape(resource)
            draft = stamped(current, draft, shape=shape, manager=manager, now=self.now, subresource=subresource)
        if same(draft, current):
            return current
        if dry_run:
            return draft
        draft = stored(resource, draft)
        if "deletionTimestamp" in draft["metadata"] and deletion.may_go(resource, draft):
            return shown(resource, self.remove(resource, self.put(resource, draft)))
        return shown(resource, self.put(resource, draft))

    def _judge(self, resource: Resource, draft: Object, old: Object | None) -> None:
        if causes := tuple(self.rules.faults(resource, draft, old)):
            raise invalid(resource, draft["metadata"]["name"], causes)

    def _require_version(self, resource: Resource, body: Object) -> None:
        if preparing.updates_blindly(resource) or body["metadata"].get("resourceVersion"):
            return
        raise invalid(resource, body["metadata"]["name"], [preparing.NO_VERSION])


def chosen_of(
    found: Mapping[Key, Object], resource: Resource, namespace: str | None, chosen: Selector
) -> tuple[Object, ...]:
    """Return those of some kept objects that are in a namespace (None: in any) and selected, by namespace and name."""
    keys = sorted(key for key in found if namespace is None or key[0] == namespace)
    objects = (shown(resource, found[key]) for key in keys)
    return tuple(one for one in objects if chosen.matches(one))


def _key(resource: Resource, namespace: str | None, name: str) -> Key:
    return ((namespace or "default") if resource.namespaced else "", name)


def _with(found: Object, **metadata: object) -> Object:
    return {**found, "metadata": {**found["metadata"], **metadata}}
