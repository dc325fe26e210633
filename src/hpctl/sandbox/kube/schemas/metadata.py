"""Whether an object's metadata will do (k8s.io/apimachinery, pkg/api/validation/objectmeta.go)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas import names
from hpctl.sandbox.kube.schemas.causes import forbidden, invalid, mistyped, required, too_long
from hpctl.sandbox.kube.status import Cause

_ANNOTATIONS_BYTES: Final = 256 * 1024
IMMUTABLE: Final = "field is immutable"
_PATH_SEGMENTS: Final = frozenset({"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"})
_JUDGES: Final[Mapping[str, names.Judge]] = {
    "Namespace": names.label,
    "Service": names.dns_1035_label,
    **dict.fromkeys(_PATH_SEGMENTS, names.path_segment),
}
# So that the names of its Jobs fit (kubernetes/pkg/apis/batch/validation).
_CRON_JOB: Final = 52


def metadata_faults(resource: Resource, body: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with the metadata of an object of any kind."""
    metadata = body.get("metadata") or {}
    yield from _name_faults(resource, str(metadata.get("name") or ""))
    for key, value in _map(metadata, "labels"):
        yield from label_faults("metadata.labels", key, value)
    size = 0
    for key, value in _map(metadata, "annotations"):
        if fault := names.qualified(key.lower()):
            yield invalid("metadata.annotations", key, fault)
        if not isinstance(value, str):
            yield mistyped(f"metadata.annotations.{key}", value, "must be a string")
        size += len(key.encode()) + len(str(value).encode())
    if size > _ANNOTATIONS_BYTES:
        yield too_long("metadata.annotations", _ANNOTATIONS_BYTES)
    yield from _finalizer_faults(metadata)
    yield from _owner_faults(metadata)
    if old is not None and old["metadata"].get("name") != metadata.get("name"):
        yield invalid("metadata.name", metadata.get("name"), IMMUTABLE)


def label_faults(path: str, key: str, value: Any) -> Iterator[Cause]:
    """Yield what is wrong with one label."""
    if fault := names.qualified(key):
        yield invalid(path, key, fault)
    if not isinstance(value, str):
        yield mistyped(f"{path}.{key}", value, "must be a string")
    elif fault := names.label_value(value):
        yield invalid(path, value, fault)


def _name_faults(resource: Resource, name: str) -> Iterator[Cause]:
    judge = names.subdomain if "." in resource.group and _is_custom(resource) else _JUDGES.get(resource.kind)
    if fault := (judge or names.subdomain)(name):
        yield invalid("metadata.name", name, fault)
    if resource.kind == "CronJob" and len(name) > _CRON_JOB:
        yield invalid("metadata.name", name, f"must be no more than {_CRON_JOB} characters")


def _is_custom(resource: Resource) -> bool:
    return not resource.group.endswith(".k8s.io")


def _map(metadata: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    found = metadata.get(name)
    return list(found.items()) if isinstance(found, dict) else []


def _finalizer_faults(metadata: Mapping[str, Any]) -> Iterator[Cause]:
    for finalizer in metadata.get("finalizers") or ():
        if fault := names.qualified(str(finalizer)):
            yield invalid("metadata.finalizers", finalizer, fault)


def _owner_faults(metadata: Mapping[str, Any]) -> Iterator[Cause]:
    owners = metadata.get("ownerReferences") or ()
    for index, owner in enumerate(owners):
        path = f"metadata.ownerReferences[{index}]"
        if not owner.get("apiVersion"):
            yield invalid(f"{path}.apiVersion", "", "version must not be empty")
        for field in ("kind", "name", "uid"):
            if not owner.get(field):
                yield invalid(f"{path}.{field}", "", "must not be empty")
        if owner.get("kind") == "Event" and owner.get("apiVersion") == "v1":
            yield invalid(path, owner, "is disallowed from being an owner")
    if len([owner for owner in owners if owner.get("controller")]) > 1:
        told = "Only one reference can have Controller set to true."
        yield invalid("metadata.ownerReferences", owners, told)


def unchanged(path: str, new: Any, old: Any) -> Iterator[Cause]:
    """Yield a fault when what never changes has changed."""
    if new != old:
        yield invalid(path, new, IMMUTABLE)


def still(path: str, new: Any, old: Any, why: str) -> Iterator[Cause]:
    """Yield a fault when what must not change has changed."""
    if new != old:
        yield forbidden(path, why)


def named(path: str, value: Any, judge: names.Judge) -> Iterator[Cause]:
    """Yield what is wrong with a name that must be there."""
    if not value:
        yield required(path)
    elif fault := judge(value):
        yield invalid(path, value, fault)
