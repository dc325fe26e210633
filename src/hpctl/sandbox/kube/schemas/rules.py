"""What is asked of the objects of one cluster: `ports.Schemas`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas import builtin, openapi
from hpctl.sandbox.kube.schemas.custom import CustomKind, has_rules, kind_of
from hpctl.sandbox.kube.schemas.custom_faults import custom_faults
from hpctl.sandbox.kube.schemas.decoding import decoded
from hpctl.sandbox.kube.schemas.judgement import built_in_faults
from hpctl.sandbox.kube.schemas.shape import ANYTHING, Shape
from hpctl.sandbox.kube.schemas.unknown import unknown_fields
from hpctl.sandbox.kube.status import Cause

_CRD = "CustomResourceDefinition"
_NOT_JUDGED = "x-kubernetes-validations: the hpctl sandbox keeps rules in CEL and does not evaluate them"


class KindRules:
    """Built-in kinds, and custom ones as the CRDs of now define them."""

    def __init__(self, customs: Callable[[], Iterable[Object]]) -> None:
        """Take custom kinds from these CustomResourceDefinitions; they are asked for each time."""
        self._customs = customs
        self._known: dict[Resource, CustomKind] = {}

    def shape(self, resource: Resource) -> Shape:
        """Return how objects of a resource are made up: `patched` and `stamped` want it."""
        if found := builtin.shape(resource.api_version, resource.kind):
            return found
        kind = self._custom(resource)
        return kind.shape if kind else ANYTHING

    def default(self, resource: Resource, body: Object) -> Object:
        """Return the object with its kind's defaults, and without what the kind does not have.

        Raises StatusError (400) for a built-in kind with a value of another type.
        """
        if (resource.api_version, resource.kind) in builtin.names():
            return decoded(resource, body)
        kind = self._custom(resource)
        return kind.completed(body) if kind else body

    def faults(self, resource: Resource, body: Object, old: Object | None) -> Iterable[Cause]:
        """Yield what is wrong with an object, as create (`old` is None) or update would say."""
        if (resource.api_version, resource.kind) in builtin.names():
            return built_in_faults(resource, body, old)
        kind = self._custom(resource)
        return custom_faults(resource, kind, body, old) if kind else ()

    def unknown_fields(self, resource: Resource, body: Object) -> Iterable[str]:
        """Yield the paths of fields that the kind does not have, for `fieldValidation` Strict and Warn."""
        return unknown_fields(self.shape(resource), body)

    def warnings(self, resource: Resource, body: Object) -> Iterable[str]:
        """Yield what a `Warning` header says about an object that is taken, such as rules that are not judged here."""
        if resource.kind == _CRD and has_rules(body):
            yield _NOT_JUDGED

    def openapi_v2(self) -> Object:
        """Return the document of `/openapi/v2`."""
        return openapi.version_2(self._customs())

    def openapi_v3(self) -> Mapping[str, Object]:
        """Return the documents of `/openapi/v3` by path, such as `apis/apps/v1`."""
        return openapi.version_3(self._customs())

    def _custom(self, resource: Resource) -> CustomKind | None:
        definition = next((one for one in self._customs() if one["metadata"]["name"] == resource.qualified), None)
        if definition is None:
            return None
        known = self._known.get(resource)
        if known is None or known.spec != definition["spec"]:
            known = self._known[resource] = kind_of(definition, resource)
        return known
