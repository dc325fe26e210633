"""The wire: who is let in, what they may do, and where a request goes; refusals are `Status` objects."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube import discovery, media, openapi, reviews, streams, subresources, verbs
from hpctl.sandbox.kube.answers import refused, respond
from hpctl.sandbox.kube.asked import Asked, Served
from hpctl.sandbox.kube.builtins import ELSEWHERE, SUBRESOURCES_ELSEWHERE
from hpctl.sandbox.kube.requests import Place, attributes, place, verb
from hpctl.sandbox.kube.resources import Attributes, User
from hpctl.sandbox.kube.status import StatusError, forbidden, no_such_path, not_here, unauthorized

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp import web

    from hpctl.sandbox.kube.resources import Resource

# Whom EKS lets look whether a cluster is alive (EKS user guide, "Kubernetes 1.32": anonymous authentication).
_HEALTH: Final = ("/healthz", "/livez", "/readyz")
_VERBS: Final[Mapping[str, Callable[[Asked, Resource], Awaitable[web.StreamResponse]]]] = {
    "get": verbs.get,
    "list": verbs.listed,
    "watch": verbs.watched,
    "create": verbs.create,
    "update": verbs.update,
    "patch": verbs.patch,
    "delete": verbs.delete,
    "deletecollection": verbs.delete_all,
}
_PATHS: Final = ("/api", "/api/v1", "/apis", "/openapi/v2", "/openapi/v3", "/version")
_ON_STATUS: Final = frozenset({"get", "update", "patch"})
_ON_ONE: Final = frozenset({"get", "update", "patch", "delete"})
_ON_ALL: Final = frozenset({"list", "watch", "create", "deletecollection"})
_log = logging.getLogger(__name__)


async def answer(request: web.Request, cluster: Served, path: str) -> web.StreamResponse:
    """Answer a request to a cluster; `path` is the part below its endpoint."""
    warnings: list[str] = []
    try:
        where = place(path)
        if path.startswith(_HEALTH):
            return _text("ok")
        asked = Asked(request, cluster, _user(request, cluster), where, warnings)
        _authorize(asked)
        return await (_of_resource(asked) if where.plural else _of_path(asked))
    except StatusError as error:
        return refused(error, warnings)
    except ConnectionError:
        raise
    except Exception:  # noqa: BLE001 - a defect is one request's, and its client's to be told
        _log.exception("%s %s", request.method, path)
        told = "an error on the server has prevented the request from succeeding"
        return refused(StatusError(500, "InternalError", f"Internal error occurred: {told}"), warnings)


def _user(request: web.Request, cluster: Served) -> User:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    user = cluster.access.user(token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        raise unauthorized()
    return _impersonated(request, cluster, user)


def _impersonated(request: web.Request, cluster: Served, user: User) -> User:
    name, groups = request.headers.get("Impersonate-User"), request.headers.getall("Impersonate-Group", [])
    if not name:
        return user
    wishes = [Attributes("impersonate", resource="users", name=name)]
    wishes += [Attributes("impersonate", resource="groups", name=group) for group in groups]
    for wish in wishes:
        if not cluster.access.decide(user, wish).allowed:
            raise forbidden(_words(user, wish, f'{wish.resource} "{wish.name}"'))
    return User(name, (*groups, "system:authenticated"))


def _authorize(asked: Asked) -> None:
    wish = attributes(asked.request.method, asked.place, asked.query)
    decision = asked.cluster.access.decide(asked.user, wish)
    if decision.allowed:
        return
    reason = f": {decision.reason}" if decision.reason else ""
    if not wish.resource:
        told = f'forbidden: User "{asked.user.name}" cannot {wish.verb} path "{wish.path}"{reason}'
        raise forbidden(told, details={})
    subject = asked.place.qualified + (f' "{wish.name}"' if wish.name else "")
    details = {"name": wish.name, "group": wish.group, "kind": wish.resource}
    details = {name: value for name, value in details.items() if value}
    raise forbidden(_words(asked.user, wish, subject) + reason, details=details)


def _words(user: User, wish: Attributes, subject: str) -> str:
    what = wish.resource + (f"/{wish.subresource}" if wish.subresource else "")
    where = f'in the namespace "{wish.namespace}"' if wish.namespace else "at the cluster scope"
    doing = f'User "{user.name}" cannot {wish.verb} resource "{what}" in API group "{wish.group}" {where}'
    return f"{subject} is forbidden: {doing}"


async def _of_resource(asked: Asked) -> web.StreamResponse:
    where, method = asked.place, asked.request.method
    resource = _resource(asked, where)
    if where.rest:
        raise no_such_path()
    action = verb(method, where, asked.query)
    if where.subresource not in {"", "status", "scale", "finalize"}:
        return await _beside(asked, resource, method)
    allowed = (set(resource.verbs) & (_ON_ONE if where.name else _ON_ALL)) if not where.subresource else _ON_STATUS
    if action not in allowed or (action == "create" and where.namespace is None and resource.namespaced):
        raise _method_not_allowed()
    if resource.verbs == ("create",):
        return respond(asked, reviews.reviewed(asked, resource, await asked.body()), 201)
    return await _VERBS[action](asked, resource)


async def _beside(asked: Asked, resource: Resource, method: str) -> web.StreamResponse:
    match asked.place.subresource, method:
        case "log", "GET":
            return await streams.log(asked, resource)
        case "exec", "GET" | "POST":
            return await streams.execute(asked, resource)
        case "portforward", "GET" | "POST":
            return await streams.forward(asked, resource)
        case "binding", "POST":
            return respond(asked, subresources.bind(asked, await asked.body()), 201)
        case "eviction", "POST":
            return respond(asked, subresources.evict(asked, resource, await asked.body()), 201)
        case _:
            raise _method_not_allowed()


def _resource(asked: Asked, where: Place) -> Resource:
    try:
        found = asked.cluster.api.kinds.named(where.group, where.version, where.plural)
    except StatusError:
        if (where.group, where.plural) in ELSEWHERE:
            raise not_here(f"{asked.request.method} {where.path}") from None
        raise
    if where.subresource and where.subresource not in found.subresources:
        if (where.plural, where.subresource) in SUBRESOURCES_ELSEWHERE and not where.group:
            raise not_here(f"{asked.request.method} {where.path}")
        raise no_such_path()
    in_namespace = where.namespace is not None and (where.group, where.plural) != ("", "namespaces")
    if in_namespace != found.namespaced and (in_namespace or where.name):
        raise no_such_path()
    return found


async def _of_path(asked: Asked) -> web.StreamResponse:
    path = asked.place.path
    if asked.request.method not in {"GET", "HEAD"}:
        raise _method_not_allowed() if path in _PATHS else no_such_path()
    match path.strip("/").split("/"):
        case ["version"]:
            return respond(asked, _version(asked.cluster.version()))
        case ["openapi", *rest]:
            return openapi.answer(asked, tuple(rest))
        case ["api" | "apis", *rest]:
            return _discovered(asked, path.strip("/").partition("/")[0], rest)
        case [""]:
            paths = {*_PATHS, *_HEALTH, *_group_paths(asked.cluster.api.kinds.every())}
            return respond(asked, {"paths": sorted(paths)})
        case _:
            raise no_such_path()


def _discovered(asked: Asked, root: str, rest: list[str]) -> web.StreamResponse:
    served = asked.cluster.api.kinds.every()
    match root, rest:
        case _, []:
            form = media.wanted(asked.request.headers.get("Accept", ""), discovery.AGGREGATED)
            old = discovery.core(asked.request.host) if root == "api" else discovery.groups(served)
            body = discovery.aggregated(served, root) if form.kind else old
            return respond(asked, body, form=form)
        case "api", [version]:
            return respond(asked, discovery.resources(served, "", version))
        case "apis", [group]:
            return respond(asked, discovery.group(served, group))
        case "apis", [group, version]:
            return respond(asked, discovery.resources(served, group, version))
        case _:
            raise no_such_path()


def _group_paths(served: tuple[Resource, ...]) -> set[str]:
    named = {(one.group, one.version) for one in served if one.group}
    return {path for group, version in named for path in (f"/apis/{group}", f"/apis/{group}/{version}")}


def _version(version: str) -> dict[str, str]:
    major, _, minor = version.partition(".")
    told = f"v{version}.1-eks-sandbox"
    empty = {"gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": ""}
    return {"major": major, "minor": minor, "gitVersion": told, **empty, "compiler": "", "platform": "linux/amd64"}


def _method_not_allowed() -> StatusError:
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def _text(told: str) -> web.Response:
    from aiohttp import web

    return web.Response(text=told)
