"""The verbs of Kubernetes over HTTP: get, list, watch, create, update, patch, delete and deletecollection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube import media, subresources
from hpctl.sandbox.kube.answers import frames, of_list, of_object, respond
from hpctl.sandbox.kube.asked import Asked, an_object, dry_run, required_manager
from hpctl.sandbox.kube.kinds import kept
from hpctl.sandbox.kube.lists import page
from hpctl.sandbox.kube.metadata import refuse_other_name
from hpctl.sandbox.kube.resources import PatchType
from hpctl.sandbox.kube.status import StatusError, bad_request
from hpctl.sandbox.kube.watching import asked as watch_asked
from hpctl.sandbox.kube.watching import events

if TYPE_CHECKING:
    from aiohttp import web

    from hpctl.sandbox.kube.resources import Object, Resource

_CREATED: Final = 201
_JSON: Final = "application/json"
# Whose deletion is answered with the object even when it has gone (`ReturnDeletedObject` of its store).
_TOLD_WHEN_GONE: Final = frozenset({"PersistentVolume", "PersistentVolumeClaim", "Pod", "Service", "ServiceAccount"})


async def get(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Answer with an object."""
    where = asked.place
    if where.subresource == "scale":
        return respond(asked, subresources.scale_of(asked.cluster.api, resource, where))
    return of_object(asked, resource, asked.cluster.api.get(resource, where.namespace, where.name))


async def listed(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Answer with a page of objects."""
    found = page(asked.cluster.api, resource, asked.place.namespace, asked.query)
    return of_list(asked, resource, found)


async def watched(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Answer with the changes of objects, one on each line, until the time is over or the client has gone."""
    from aiohttp import web

    watch = watch_asked(asked.cluster.api, resource, asked.place.namespace, asked.query)
    frame, content_type = frames(asked, resource)
    response = web.StreamResponse(headers={"Content-Type": content_type, "Cache-Control": "no-cache, private"})
    response.enable_chunked_encoding()
    await response.prepare(asked.request)
    async for told, found in events(asked.cluster.api, watch):
        await response.write(frame(told, found))
    await response.write_eof()
    return response


async def create(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Create the object in the body."""
    body = await asked.body()
    where = asked.place
    asked.look(resource, body)
    made = asked.cluster.api.create(resource, where.namespace, body, manager=asked.manager, dry_run=asked.dry_run)
    return of_object(asked, resource, made, code=_CREATED)


async def update(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Replace an object, or its status or scale, by the one in the body."""
    body, where, api = await asked.body(), asked.place, asked.cluster.api
    metadata = body.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise bad_request("json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta")
    refuse_other_name(metadata.setdefault("name", where.name), where.name)
    if where.subresource == "scale":
        return respond(asked, subresources.scaled(asked, resource, body))
    asked.look(resource, body)
    changed = api.update(
        resource,
        where.namespace,
        body,
        manager=asked.manager,
        subresource=where.subresource,
        dry_run=asked.dry_run,
    )
    return of_object(asked, resource, changed)


async def patch(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Patch an object, or its status or scale; an apply may create it."""
    where, api = asked.place, asked.cluster.api
    kind = _patch_type(asked.request.headers.get("Content-Type", ""))
    change = media.parsed(await asked.raw(), yaml=kind is PatchType.APPLY)
    if not isinstance(change, list if kind is PatchType.JSON else dict):
        raise bad_request(f"error decoding patch: a {kind} is expected")
    if where.subresource == "scale":
        return respond(asked, subresources.scale_patched(asked, resource, change, kind))
    new = (key := _key(resource, asked)) not in api.objects.every(kept(resource))
    manager = required_manager(asked) if kind is PatchType.APPLY else asked.manager
    changed = api.patch(
        resource,
        where.namespace,
        where.name,
        change,
        manager=manager,
        kind=kind,
        subresource=where.subresource,
        force=asked.query.get("force", "") in {"1", "true"},
        dry_run=asked.dry_run,
        look=lambda found: asked.look(resource, found),
    )
    return of_object(asked, resource, changed, code=_CREATED if new and key[1] else 200)


async def delete(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Delete an object, or mark it as going."""
    where, api, options = asked.place, asked.cluster.api, await _delete_options(asked)
    gone = api.delete(resource, where.namespace, where.name, **_how(asked, options))
    there = api.objects.get(kept(resource), _key(resource, asked))
    if there is None and resource.kind not in _TOLD_WHEN_GONE:
        details = {"name": where.name, "group": resource.group, "kind": resource.plural, "uid": gone["metadata"]["uid"]}
        details = {name: value for name, value in details.items() if value}
        done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        return respond(asked, done)
    return of_object(asked, resource, gone)


async def delete_all(asked: Asked, resource: Resource) -> web.StreamResponse:
    """Delete all objects that are selected."""
    options, api = await _delete_options(asked), asked.cluster.api
    found = page(api, resource, asked.place.namespace, asked.query)
    how = _how(asked, options)
    for one in found.items:
        metadata = one["metadata"]
        if metadata["name"] in {key[1] for key in api.objects.every(kept(resource))}:
            api.delete(resource, metadata.get("namespace"), metadata["name"], **how)
    return of_list(asked, resource, found)


def _patch_type(content_type: str) -> PatchType:
    media_type = content_type.partition(";")[0].strip()
    try:
        return PatchType(media_type)
    except ValueError as error:
        raise media.unsupported(tuple(PatchType)) from error


async def _delete_options(asked: Asked) -> Object:
    body = await asked.raw()
    if not body:
        return {}
    content_type = asked.request.headers.get("Content-Type", _JSON)
    return an_object(media.read(body, content_type))


def _how(asked: Asked, options: Object) -> dict[str, Any]:
    policy = options.get("propagationPolicy") or asked.query.get("propagationPolicy")
    if policy not in {None, "Background", "Foreground", "Orphan"}:
        raise _invalid(f'Unsupported value: "{policy}": supported values: "Background", "Foreground", "Orphan"')
    orphans = options.get("orphanDependents", asked.query.get("orphanDependents"))
    if orphans is not None and policy:
        raise _invalid(f'Invalid value: "{policy}": orphanDependents and deletionPropagation cannot be both set')
    grace = options.get("gracePeriodSeconds", asked.query.get("gracePeriodSeconds"))
    policy = "Orphan" if orphans in {True, "true", "1"} else policy
    meant = options.get("preconditions") or {}
    return {
        "propagation": policy,
        "grace_s": None if grace is None else _seconds(grace),
        "uid": meant.get("uid"),
        "version": meant.get("resourceVersion"),
        "dry_run": dry_run(asked, options),
    }


def _invalid(told: str) -> StatusError:
    details = {"group": "meta.k8s.io", "kind": "DeleteOptions"}
    return StatusError(
        422, "Invalid", f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: {told}', details=details
    )


def _seconds(given: Any) -> int:
    try:
        return int(json.loads(str(given)))
    except (TypeError, ValueError) as error:
        raise bad_request(f"gracePeriodSeconds: Invalid value: {given}") from error


def _key(resource: Resource, asked: Asked) -> tuple[str, str]:
    return (asked.place.namespace or "" if resource.namespaced else "", asked.place.name)
