"""managedFields: who set which field of an object (Kubernetes documentation, "Server-Side Apply")."""

from __future__ import annotations

from datetime import datetime

from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.schemas.shape import Shape


def stamped(
    before: Object | None, after: Object, *, shape: Shape, manager: str, now: datetime, subresource: str = ""
) -> Object:
    """Return an object as created, updated or patched, with managedFields that own its changes to `manager`.

    `before` is the stored object (None: it is new), `after` what will be stored, defaults included.
    """
    raise NotImplementedError
