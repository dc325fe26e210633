"""What the API itself writes into `metadata`, and what nobody else may change there."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.status import Cause, StatusError, bad_request, conflict, invalid

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

# Without vowels and without what looks alike (k8s.io/apimachinery/pkg/util/rand).
_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_RANDOM_LENGTH: Final = 5
_LONGEST_PREFIX: Final = 63 - _RANDOM_LENGTH
_NOTHING: Final[tuple[object, ...]] = (None, [], {})
_SYSTEM: Final = ("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "uid")
_MODIFIED: Final = "the object has been modified; please apply your changes to the latest version and try again"


def timestamp(now: datetime) -> str:
    """Return a moment as `metav1.Time` shows it."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def begun(resource: Resource, namespace: str | None, body: Object, now: datetime, random: Random) -> Object:
    """Return a copy of what somebody wants to create, with the metadata of a new object; raises StatusError."""
    draft = addressed(resource, namespace, body)
    metadata = draft["metadata"]
    if metadata.pop("resourceVersion", None):
        raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
    for name in (*_SYSTEM, "selfLink", "managedFields"):
        metadata.pop(name, None)
    if not metadata.get("name") and metadata.get("generateName"):
        letters = "".join(random.choice(_LETTERS) for _ in range(_RANDOM_LENGTH))
        metadata["name"] = metadata["generateName"][:_LONGEST_PREFIX] + letters
    if not metadata.get("name"):
        missing = Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")
        raise invalid(resource, "", [missing])
    uid = uuid.UUID(int=random.getrandbits(128), version=4)
    return {**draft, "metadata": metadata | {"uid": str(uid), "creationTimestamp": timestamp(now)}}


def addressed(resource: Resource, namespace: str | None, body: Object) -> Object:
    """Return a copy of an object that says what it is and where, and is refused (400) when it says otherwise."""
    for field, right in (("apiVersion", resource.api_version), ("kind", resource.kind)):
        if (told := body.get(field)) not in {None, "", right}:
            raise bad_request(_other(resource, body) if field == "kind" else f"{_other(resource, body)} ({told})")
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise bad_request("json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta")
    draft: Object = copied({"apiVersion": resource.api_version, "kind": resource.kind, **body})
    metadata_given = draft.get("metadata") or {}
    draft["metadata"] = {name: value for name, value in metadata_given.items() if value not in _NOTHING}
    if resource.namespaced:
        if metadata.get("namespace") not in {None, "", namespace}:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        draft["metadata"]["namespace"] = namespace or metadata.get("namespace") or "default"
    else:
        draft["metadata"].pop("namespace", None)
    return draft


def continued(resource: Resource, draft: Object, current: Object) -> Object:
    """Return a changed object with all of the metadata that changes cannot touch; raises StatusError (409)."""
    metadata, before = draft["metadata"], current["metadata"]
    name = before["name"]
    if metadata.get("resourceVersion") not in {None, "", before["resourceVersion"]}:
        raise conflict(resource, name, _MODIFIED)
    if metadata.get("uid") not in {None, "", before["uid"]}:
        told = f"UID in precondition: {metadata['uid']}, UID in object meta: {before['uid']}"
        raise conflict(resource, name, f"Precondition failed: {told}")
    kept = {field: before[field] for field in (*_SYSTEM, "resourceVersion") if field in before}
    free = {field: value for field, value in metadata.items() if field not in {*_SYSTEM, "selfLink"}}
    return {**draft, "metadata": {**free, **kept}}


def copied(found: Any) -> Any:
    """Return a copy of what JSON can say; several times as fast as `copy.deepcopy`."""
    if isinstance(found, dict):
        return {name: copied(value) for name, value in found.items()}
    return [copied(value) for value in found] if isinstance(found, list | tuple) else found


def refuse_other_name(name: str, wanted: str) -> None:
    """Refuse (400) an object that is called otherwise than its path says."""
    if name != wanted:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({wanted})")


def same(one: Object, other: Object) -> bool:
    """Whether two states of an object are alike but for what the API stamps on each change."""
    return _unstamped(one) == _unstamped(other)


def _unstamped(found: Object) -> Object:
    metadata = {
        name: value for name, value in found["metadata"].items() if name not in {"managedFields", "resourceVersion"}
    }
    fields: list[Any] = [
        {name: value for name, value in entry.items() if name != "time"}
        for entry in found["metadata"].get("managedFields") or ()
    ]
    return {**found, "metadata": metadata | {"managedFields": fields}}


def _other(resource: Resource, body: Object) -> str:
    given = f"{body.get('apiVersion', '')}, Kind={body.get('kind', '')}"
    wanted = f"{resource.api_version}, Kind={resource.kind}"
    return f"{given} in body does not match the resource of the request ({wanted})"
