"""What is asked of the objects of one cluster: `ports.Schemas`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas.shape import Shape
from hpctl.sandbox.kube.status import Cause


class KindRules:
    """Built-in kinds, and custom ones as the CRDs of now define them."""

    def __init__(self, customs: Callable[[], Iterable[Object]]) -> None:
        """Take custom kinds from these CustomResourceDefinitions; they are asked for each time."""
        self._customs = customs

    def shape(self, resource: Resource) -> Shape:
        """Return how objects of a resource are made up: `patched` and `stamped` want it."""
        raise NotImplementedError

    def default(self, resource: Resource, body: Object) -> Object:
        """Return the object with its kind's defaults, and of a custom resource without what its schema prunes."""
        raise NotImplementedError

    def faults(self, resource: Resource, body: Object, old: Object | None) -> Iterable[Cause]:
        """Yield what is wrong with an object, as create (`old` is None) or update would say."""
        raise NotImplementedError

    def unknown_fields(self, resource: Resource, body: Object) -> Iterable[str]:
        """Yield the paths of fields that the kind does not have, for `fieldValidation` Strict and Warn."""
        raise NotImplementedError

    def warnings(self, resource: Resource, body: Object) -> Iterable[str]:
        """Yield what a `Warning` header says about an object that is taken, such as rules that are not judged here."""
        raise NotImplementedError

    def openapi_v2(self) -> Object:
        """Return the document of `/openapi/v2`."""
        raise NotImplementedError

    def openapi_v3(self) -> Mapping[str, Object]:
        """Return the documents of `/openapi/v3` by path, such as `apis/apps/v1`."""
        raise NotImplementedError
