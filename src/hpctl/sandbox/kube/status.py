"""The API's refusals, as `Status` objects (Kubernetes API conventions, "Response Status Kind")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hpctl.sandbox.kube.resources import Object, Resource


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with an object: a `StatusCause`, such as FieldValueRequired at `spec.containers`."""

    reason: str
    message: str
    field: str


class StatusError(Exception):
    """A refusal: HTTP code, reason and message, and what it is about."""

    def __init__(
        self, code: int, reason: str, message: str, *, details: dict[str, Any] | None = None, headers: Any = None
    ) -> None:
        """Say what is refused, in Kubernetes' words."""
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.details, self.headers = details or {}, dict(headers or {})

    @property
    def status(self) -> Object:
        """The `Status` object."""
        told: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        details = {"details": self.details} if self.details else {}
        return {**told, "message": self.message, "reason": self.reason, **details, "code": self.code}


def not_found(resource: Resource, name: str) -> StatusError:
    """Return the refusal for an object that is not there."""
    message = f'{resource.qualified} "{name}" not found'
    return StatusError(404, "NotFound", message, details=_about(resource, name))


def no_such_path() -> StatusError:
    """Return the refusal for a path that leads to nothing."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(resource: Resource, name: str) -> StatusError:
    """Return the refusal for an object whose name is in use."""
    message = f'{resource.qualified} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, details=_about(resource, name))


def conflict(resource: Resource, name: str, why: str) -> StatusError:
    """Return the refusal for a change of something that has changed meanwhile."""
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return StatusError(409, "Conflict", message, details=_about(resource, name))


def invalid(resource: Resource, name: str, causes: Iterable[Cause]) -> StatusError:
    """Return the refusal for an object that breaks its kind's rules."""
    found = tuple(causes)
    told = [f"{cause.field}: {cause.message}" for cause in found]
    whole = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    subject = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    causes_told = [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in found]
    details = {"name": name, "group": resource.group, "kind": resource.kind, "causes": causes_told}
    return StatusError(422, "Invalid", f'{subject} "{name}" is invalid: {whole}', details=details)


def bad_request(message: str) -> StatusError:
    """Return the refusal for a request that makes no sense."""
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    """Return the refusal for somebody who is not known."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(message: str, *, details: dict[str, Any] | None = None) -> StatusError:
    """Return the refusal for somebody who may not do this."""
    return StatusError(403, "Forbidden", message, details=details)


def expired(message: str) -> StatusError:
    """Return the refusal for a resource version or continue token that is too old."""
    return StatusError(410, "Expired", message)


def not_here(what: str) -> StatusError:
    """Return the refusal for a part of Kubernetes that the sandbox does not have."""
    return StatusError(501, "NotImplemented", f"{what}: the hpctl sandbox does not have this part of Kubernetes")


def _about(resource: Resource, name: str) -> dict[str, Any]:
    return {"name": name, "group": resource.group, "kind": resource.plural}
