"""The OpenAPI documents, in both versions."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hpctl.sandbox.kube.answers import respond
from hpctl.sandbox.kube.status import no_such_path

if TYPE_CHECKING:
    from aiohttp import web

    from hpctl.sandbox.kube.asked import Asked


def answer(asked: Asked, path: tuple[str, ...]) -> web.Response:
    """Answer `/openapi/v2`, `/openapi/v3` and what that one points to; raises StatusError (404)."""
    match path:
        case ("v2",):
            return respond(asked, asked.cluster.schemas.openapi_v2())
        case ("v3",):
            documents = sorted(asked.cluster.schemas.openapi_v3())
            return respond(asked, {"paths": {name: {"serverRelativeURL": _address(asked, name)} for name in documents}})
        case ("v3", *rest):
            found = asked.cluster.schemas.openapi_v3().get("/".join(rest))
            if found is None:
                raise no_such_path()
            return respond(asked, found)
        case _:
            raise no_such_path()


def _address(asked: Asked, name: str) -> str:
    """Clients keep a document as long as its address is the same: the hash changes with any CRD."""
    definitions = asked.cluster.api.objects.every(("apiextensions.k8s.io", "customresourcedefinitions"))
    uids = "".join(f"{one['metadata']['uid']}{one['metadata'].get('generation')}" for one in definitions.values())
    return f"/openapi/v3/{name}?hash={hashlib.sha256(f'{name}{uids}'.encode()).hexdigest()[:32]}"
