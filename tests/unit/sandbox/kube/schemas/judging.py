"""Objects as a cluster's rules complete and judge them."""

from __future__ import annotations

from typing import Any

from hpctl.sandbox.kube.builtins import BUILT_IN
from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas.rules import KindRules

RULES = KindRules(lambda: ())


def resource(kind: str) -> Resource:
    return next(one for one in BUILT_IN if one.kind == kind)


def completed(kind: str, body: Object) -> Object:
    return RULES.default(resource(kind), body)


def faults(kind: str, body: Object, old: Object | None = None) -> list[str]:
    """Return what is wrong, as `field: message`."""
    judged = RULES.faults(resource(kind), completed(kind, body), None if old is None else completed(kind, old))
    return [f"{cause.field}: {cause.message}" for cause in judged]


def container(name: str = "main", **fields: Any) -> Object:
    return {"name": name, "image": "busybox:1", **fields}


def pod(*containers: Object, name: str = "one", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"containers": list(containers) or [container()], **spec}}


def job(template: Object | None = None, **spec: Any) -> Object:
    inner = template or {"spec": {"restartPolicy": "Never", "containers": [container()]}}
    return {"metadata": {"name": "work", "uid": "0-1-2"}, "spec": {"template": inner, **spec}}


def deployment(**spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container()]}}
    whole = {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return {"metadata": {"name": "web"}, "spec": whole}
