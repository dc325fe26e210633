"""The four patches of Kubernetes, each by its content type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from hpctl.sandbox.kube.resources import Object, PatchType, Resource
from hpctl.sandbox.kube.schemas.shape import Shape


def patched(
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
    raise NotImplementedError
