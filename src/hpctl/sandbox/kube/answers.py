"""Answers: objects, lists and changes in the form that a client wants them in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.kube import media
from hpctl.sandbox.kube.tables import columns, partial, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from hpctl.sandbox.kube.asked import Asked
    from hpctl.sandbox.kube.lists import Page
    from hpctl.sandbox.kube.media import Form
    from hpctl.sandbox.kube.resources import Object, Resource
    from hpctl.sandbox.kube.status import StatusError

_PARTIAL = "PartialObjectMetadata"


def respond(asked: Asked, body: Any, code: int = 200, form: Form | None = None) -> web.Response:
    """Answer with a body as it is."""
    form = form or media.wanted(_plain(asked.request.headers.get("Accept", "")))
    return _response(form.written(body), code, form.content_type, asked.warnings)


def of_object(asked: Asked, resource: Resource, found: Object, code: int = 200) -> web.Response:
    """Answer with one object."""
    form = _wanted(asked)
    match form.kind:
        case "Table":
            metadata = {"resourceVersion": found["metadata"].get("resourceVersion", "")}
            body = _table(asked, resource, [found], metadata)
        case "":
            body = found
        case _:
            body = partial(found)
    return respond(asked, body, code, form)


def of_list(asked: Asked, resource: Resource, found: Page) -> web.Response:
    """Answer with a page of a list."""
    form = _wanted(asked)
    match form.kind:
        case "Table":
            body = _table(asked, resource, found.items, found.metadata)
        case "":
            named = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
            body = {**named, "metadata": found.metadata, "items": found.items}
        case _:
            named = {"kind": f"{_PARTIAL}List", "apiVersion": "meta.k8s.io/v1"}
            body = {**named, "metadata": found.metadata, "items": [partial(one) for one in found.items]}
    return respond(asked, body, form=form)


def frames(asked: Asked, resource: Resource) -> tuple[Callable[[str, Any], bytes], str]:
    """Return what writes one change, and the content type of them all."""
    form = _wanted(asked)

    def shown(told: str, found: Object) -> Object:
        if told == "ERROR" or not form.kind:
            return found
        if form.kind == "Table":
            metadata = {"resourceVersion": found["metadata"].get("resourceVersion", "")}
            return _table(asked, resource, () if told == "BOOKMARK" else (found,), metadata)
        return partial(found)

    def frame(told: str, found: Any) -> bytes:
        event = {"type": told, "object": shown(told, found)}
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    return frame, f"{form.content_type};stream=watch" if form.kind else form.content_type


def refused(error: StatusError, warnings: list[str]) -> web.Response:
    """Answer with a refusal."""
    response = _response(media.Form().written(error.status), error.code, "application/json", warnings)
    response.headers.update(error.headers)
    return response


def _wanted(asked: Asked) -> Form:
    return media.wanted(asked.request.headers.get("Accept", ""))


def _plain(accept: str) -> str:
    """What is no object of a kind has one form alone: a table of it cannot be had."""
    return ",".join(part for part in accept.split(",") if "as=" not in part) or "*/*"


def _table(asked: Asked, resource: Resource, items: Any, metadata: dict[str, Any]) -> Object:
    api = asked.cluster.api
    shown = columns(resource, api.definition(resource))
    return table(items, shown, api.now, metadata, asked.query.get("includeObject", ""))


def _response(body: bytes, code: int, content_type: str, warnings: list[str]) -> web.Response:
    from aiohttp import web

    response = web.Response(body=body, status=code, headers={"Content-Type": content_type})
    response.headers["Cache-Control"] = "no-cache, private"
    for told in dict.fromkeys(warnings):
        quoted = told.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response
