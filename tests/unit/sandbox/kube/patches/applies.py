"""Deployments to apply, and who applies them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hpctl.sandbox.kube.builtins import BUILT_IN
from hpctl.sandbox.kube.patches.managed import stamped
from hpctl.sandbox.kube.patches.patch import patched
from hpctl.sandbox.kube.resources import Object, PatchType, Resource
from hpctl.sandbox.kube.schemas.rules import KindRules

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
RULES = KindRules(lambda: ())


def resource(kind: str) -> Resource:
    return next(one for one in BUILT_IN if one.kind == kind)


DEPLOYMENT = resource("Deployment")


def deployment(*containers: Object, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": list(containers)}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", **({"labels": labels} if labels else {})},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec},
    }


def container(name: str = "web", **fields: Any) -> Object:
    return {"name": name, "image": "nginx:1", **fields}


def apply(live: Object | None, config: Object, manager: str, *, force: bool = False, now: datetime = NOW) -> Object:
    """Apply, and complete the result as the API does."""
    new = patched(
        DEPLOYMENT,
        live,
        config,
        PatchType.APPLY,
        shape=RULES.shape(DEPLOYMENT),
        now=now,
        manager=manager,
        force=force,
    )
    return RULES.default(DEPLOYMENT, new)


def update(live: Object | None, new: Object, manager: str, *, now: datetime = NOW, subresource: str = "") -> Object:
    """Create or update, completed and stamped as the API does."""
    whole = RULES.default(DEPLOYMENT, new)
    shape = RULES.shape(DEPLOYMENT)
    return stamped(live, whole, shape=shape, manager=manager, now=now, subresource=subresource)


def fields_of(body: Object, manager: str, operation: str = "Apply") -> Any:
    rows = body["metadata"].get("managedFields", ())
    return next((row["fieldsV1"] for row in rows if (row["manager"], row["operation"]) == (manager, operation)), None)


def managers(body: Object) -> list[tuple[str, str]]:
    return [(row["manager"], row["operation"]) for row in body["metadata"].get("managedFields", ())]
