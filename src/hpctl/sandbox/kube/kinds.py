"""What a cluster serves at the moment: the built-in resources, and those that its CRDs define."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.builtins import BUILT_IN, WITH_GENERATION
from hpctl.sandbox.kube.crds.kueue_parts import GROUP
from hpctl.sandbox.kube.crds.kueue_versions import STORED, converted
from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.status import no_such_path

if TYPE_CHECKING:
    from hpctl.sandbox.kube.objects import Kept

_BUILT_IN: Final = frozenset(BUILT_IN)
_TWO_FACED: Final = {("events.k8s.io", "events"): ("", "events")}
"""What is kept under another group: events have two APIs and one store."""
# The members that the two APIs of events name differently (k8s.io/kubernetes/pkg/apis/events/v1/conversion.go).
_EVENT_NAMES: Final = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedCount": "count",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedSource": "source",
}
_CORE_NAMES: Final = {core: new for new, core in _EVENT_NAMES.items()}
CUSTOM_RESOURCES: Final = ("apiextensions.k8s.io", "customresourcedefinitions")


class Kinds:
    """The resources of one cluster; custom ones come and go by the name of their CRD."""

    def __init__(self) -> None:
        """Serve the built-in ones."""
        self._customs: dict[str, tuple[Resource, ...]] = {}
        self._index()

    def every(self) -> tuple[Resource, ...]:
        """Return all resources, built-in ones first."""
        return tuple(self._by_plural.values())

    def named(self, group: str, version: str, plural: str) -> Resource:
        """Return the resource at a path; raises StatusError (404)."""
        found = self._by_plural.get((group, version, plural))
        if found is None:
            raise no_such_path()
        return found

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """Return the resource of a kind, or None when it is not served."""
        return self._by_kind.get((api_version, kind))

    def serve(self, definition: str, resources: tuple[Resource, ...]) -> None:
        """Serve the resources of a CRD from now on, and no others of it."""
        self._customs[definition] = resources
        self._index()

    def _index(self) -> None:
        customs = [resource for resources in self._customs.values() for resource in resources]
        served = (*BUILT_IN, *customs)
        self._by_plural = {(served.group, served.version, served.plural): served for served in served}
        self._by_kind = {(served.api_version, served.kind): served for served in served}


def is_custom(resource: Resource) -> bool:
    """Whether a CRD defines this resource."""
    return resource not in _BUILT_IN


def counts_generations(resource: Resource) -> bool:
    """Whether objects of this resource have `metadata.generation`."""
    return is_custom(resource) or resource.kind in WITH_GENERATION


def kept(resource: Resource) -> Kept:
    """Return what a resource's objects are kept under."""
    place = resource.group, resource.plural
    return _TWO_FACED.get(place, place)


def shown(resource: Resource, found: Object) -> Object:
    """Return a kept object as this resource shows it."""
    if resource.group == GROUP:
        return converted(found, resource.api_version)
    return found if found.get("apiVersion") == resource.api_version else _renamed(resource, found, _CORE_NAMES)


def stored(resource: Resource, given: Object) -> Object:
    """Return an object of this resource as it is kept."""
    if resource.group == GROUP:
        return converted(given, STORED)
    return _renamed(resource, given, _EVENT_NAMES) if (resource.group, resource.plural) in _TWO_FACED else given


def _renamed(resource: Resource, found: Object, names: dict[str, str]) -> Object:
    if (resource.group, resource.plural) not in _TWO_FACED:
        return {**found, "apiVersion": resource.api_version}
    renamed = {names.get(name, name): value for name, value in found.items()}
    version = "v1" if names is _EVENT_NAMES else resource.api_version
    return {**renamed, "apiVersion": version}
