"""The four patches of Kubernetes, each by its content type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from hpctl.sandbox.kube.patches.applying import Application, applied
from hpctl.sandbox.kube.patches.documents import json_patched, merge_patched
from hpctl.sandbox.kube.patches.strategic import strategically_patched
from hpctl.sandbox.kube.resources import Object, PatchType, Resource
from hpctl.sandbox.kube.schemas.shape import Shape
from hpctl.sandbox.kube.status import StatusError, bad_request, not_found

_CUSTOM_TAKES = (PatchType.JSON, PatchType.MERGE, PatchType.APPLY)


def patched(  # noqa: PLR0913 - the parameters of a PATCH request
    resource: Resource,
    current: Object | None,
    patch: Mapping[str, object] | Sequence[object],
    kind: PatchType,
    *,
    shape: Shape,
    now: datetime,
    manager: str = "",
    subresource: str = "",
    force: bool = False,
) -> Object:
    """Return a new object: `current` as patched, neither defaulted nor judged; raises StatusError.

    `current` is None for an apply that creates. After an apply the managedFields are right; after any other patch,
    create or update `managed.stamped` makes them so, once the object has its defaults.
    """
    if shape.custom and kind not in _CUSTOM_TAKES:
        raise _unsupported()
    if kind is PatchType.APPLY and isinstance(patch, Mapping):
        return applied(current, dict(patch), Application(resource, shape, manager, now, subresource), force=force)
    if current is None:
        raise not_found(resource, "")
    match kind, patch:
        case PatchType.JSON, Sequence():
            return json_patched(current, list(patch))
        case PatchType.MERGE, Mapping():
            return merge_patched(current, patch)
        case PatchType.STRATEGIC, Mapping():
            return strategically_patched(shape, current, patch)
    wanted = "[]" if kind is PatchType.JSON else "map[string]interface {}"
    raise bad_request(f"error decoding patch: json: cannot unmarshal into Go value of type {wanted}")


def _unsupported() -> StatusError:
    taken = ", ".join(_CUSTOM_TAKES)
    message = f"the body of the request was in an unknown format - accepted media types include: {taken}"
    return StatusError(415, "UnsupportedMediaType", message)
