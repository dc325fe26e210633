"""How objects go: at once, or marked first, until finalizers and a pod's kubelet have done their part."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.status import Cause, conflict, forbidden, invalid

if TYPE_CHECKING:
    from datetime import datetime

    from hpctl.sandbox.kube.resources import Object, Resource

FOREGROUND: Final = "foregroundDeletion"
ORPHAN: Final = "orphan"
CUSTOM_CLEANUP: Final = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer of a CRD whose objects have to go first."""

_DEFAULT_GRACE_S: Final = 30
_BY_PROPAGATION: Final = {"Foreground": FOREGROUND, "Orphan": ORPHAN, "Background": None}
_FOR_GOOD: Final = ("default", "kube-system", "kube-public")
_ENDED: Final = ("Succeeded", "Failed")


def refuse_for_good(resource: Resource, name: str) -> None:
    """Refuse (403) to delete a namespace that every cluster has (the admission plug-in NamespaceLifecycle)."""
    if resource.qualified == "namespaces" and name in _FOR_GOOD:
        told = f'namespaces "{name}" is forbidden: this namespace may not be deleted'
        raise forbidden(told, details={"name": name, "kind": resource.plural})


def refuse_other(resource: Resource, current: Object, uid: str | None, version: str | None) -> None:
    """Refuse (409) to delete an object that is not the one that was meant."""
    metadata = current["metadata"]
    for field, meant in (("uid", uid), ("resourceVersion", version)):
        if meant and meant != metadata.get(field):
            word = "UID" if field == "uid" else "ResourceVersion"
            told = f"{word} in precondition: {meant}, {word} in object meta: {metadata.get(field, '')}"
            raise conflict(resource, metadata["name"], f"Precondition failed: {told}")


def marked(resource: Resource, current: Object, propagation: str | None, grace_s: int | None, now: datetime) -> Object:
    """Return the object as it is once it is going; `propagation` None leaves its finalizers as they are."""
    metadata = dict(current["metadata"])
    finalizers = list(metadata.get("finalizers") or [])
    if propagation is not None:
        added = _BY_PROPAGATION[propagation]
        finalizers = [name for name in finalizers if name not in {FOREGROUND, ORPHAN}] + ([added] if added else [])
    if resource.kind == "CustomResourceDefinition" and CUSTOM_CLEANUP not in finalizers:
        finalizers += [] if "deletionTimestamp" in metadata else [CUSTOM_CLEANUP]
    grace = _grace(resource, current, grace_s)
    if "deletionTimestamp" not in metadata or grace < metadata.get("deletionGracePeriodSeconds", 0):
        metadata["deletionTimestamp"] = timestamp(now + timedelta(seconds=grace))
        metadata["deletionGracePeriodSeconds"] = grace
    metadata.pop("finalizers", None)
    going = {**current, "metadata": metadata | ({"finalizers": finalizers} if finalizers else {})}
    if resource.qualified == "namespaces":
        going["status"] = {**(current.get("status") or {}), "phase": "Terminating"}
    return going


def may_go(resource: Resource, going: Object) -> bool:
    """Whether nothing holds an object any more that is going."""
    metadata = going["metadata"]
    held = bool(metadata.get("finalizers")) or metadata.get("deletionGracePeriodSeconds", 0) > 0
    return not held and not (resource.qualified == "namespaces" and (going.get("spec") or {}).get("finalizers"))


def refuse_new_finalizers(resource: Resource, draft: Object, current: Object) -> None:
    """Refuse (422) a finalizer that comes when its object is going already."""
    if "deletionTimestamp" not in current["metadata"]:
        return
    before = set(current["metadata"].get("finalizers") or ())
    new = [name for name in draft["metadata"].get("finalizers") or () if name not in before]
    if new:
        listed = ", ".join(f'"{name}"' for name in new)
        told = (
            f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}"
        )
        cause = Cause("FieldValueForbidden", f"Forbidden: {told}", "metadata.finalizers")
        raise invalid(resource, current["metadata"]["name"], [cause])


def _grace(resource: Resource, current: Object, asked: int | None) -> int:
    """Return the seconds that a pod's processes have; whatever nobody runs has none."""
    if resource.qualified != "pods":
        return 0
    spec, status = current.get("spec") or {}, current.get("status") or {}
    if not spec.get("nodeName") or status.get("phase") in _ENDED:
        return 0
    given = spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE_S) if asked is None else asked
    return max(int(given), 0)
