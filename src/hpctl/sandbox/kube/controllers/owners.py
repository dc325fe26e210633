"""Who controls an object, and what somebody controls (Kubernetes documentation, "Owners and Dependents")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object, Resource


def key_of(found: Object) -> Key:
    """Return the key of an object."""
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def controlled_by(owner: Object) -> Object:
    """Return the `ownerReference` that makes an object the owner's."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(found: Object) -> Object | None:
    """Return the reference to whoever controls an object."""
    owners: list[Object] = found["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)


def owned(api: Api, resource: Resource, owner: Object) -> list[Object]:
    """Return the objects that somebody controls, in the order of their names."""
    found = api.list(resource, owner["metadata"]["namespace"])
    uid = owner["metadata"]["uid"]
    return [each for each in found if (reference := controller_of(each)) is not None and reference["uid"] == uid]


def owner_keys(event: Event, owner: Resource) -> Iterator[Key]:
    """Yield the keys of those who control what changes, of one kind."""
    for found in (event.object, event.before):
        reference = controller_of(found) if found else None
        if reference is None or reference["kind"] != owner.kind:
            continue
        if reference["apiVersion"].rpartition("/")[0] == owner.group:
            yield event.object["metadata"]["namespace"], reference["name"]


def is_going(found: Object) -> bool:
    """Whether an object is marked as going."""
    return "deletionTimestamp" in found["metadata"]
