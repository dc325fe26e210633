"""An API whose objects are taken as they come: what its tests need of schemas, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from hpctl.sandbox.kube.api import ClusterApi
from hpctl.sandbox.kube.objects import Objects
from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas.shape import ANYTHING, Shape
from hpctl.sandbox.kube.status import Cause
from hpctl.sandbox.kube.store import Store

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class PlainRules:
    """Every object is in order, but for one that says itself that it is not."""

    def shape(self, resource: Resource) -> Shape:
        return ANYTHING

    def default(self, resource: Resource, body: Object) -> Object:
        return body

    def faults(self, resource: Resource, body: Object, old: Object | None) -> Iterable[Cause]:
        if body.get("spec") == "wrong":
            yield Cause("FieldValueInvalid", "Invalid value: it says so", "spec")

    def unknown_fields(self, resource: Resource, body: Object) -> Iterable[str]:
        return ()

    def openapi_v2(self) -> Object:
        return {}

    def openapi_v3(self) -> Mapping[str, Object]:
        return {}


@dataclass
class Clock:
    """A clock that stands until a test moves it."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at


def plain_api(store: Store | None = None, *, clock: Clock | None = None, window: int = 1000) -> ClusterApi:
    """Return the API of a cluster with the namespace `default`."""
    api = ClusterApi(Objects(store or Store(":memory:"), window), PlainRules(), clock or Clock(), Random(7))  # noqa: S311 - a seed
    namespaces = api.resource("v1", "Namespace")
    if not api.list(namespaces):
        api.create(namespaces, None, {"metadata": {"name": "default"}}, manager="test")
    return api
