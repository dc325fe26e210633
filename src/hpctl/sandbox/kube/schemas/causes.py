"""What is wrong with a field, in the API server's words (k8s.io/apimachinery, pkg/util/validation/field)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hpctl.sandbox.kube.status import Cause


def required(field: str, detail: str = "") -> Cause:
    """Return that a field is missing."""
    return Cause("FieldValueRequired", f"Required value: {detail}" if detail else "Required value", field)


def invalid(field: str, value: Any, detail: str) -> Cause:
    """Return that a field's value will not do."""
    return Cause("FieldValueInvalid", f"Invalid value: {told(value)}: {detail}", field)


def mistyped(field: str, value: Any, detail: str) -> Cause:
    """Return that a field's value is of another type."""
    return Cause("FieldValueTypeInvalid", f"Invalid value: {told(value)}: {detail}", field)


def unsupported(field: str, value: Any, supported: Iterable[Any]) -> Cause:
    """Return that a field's value is none of those that there are."""
    known = ", ".join(told(one) for one in sorted(supported, key=str))
    return Cause("FieldValueNotSupported", f"Unsupported value: {told(value)}: supported values: {known}", field)


def duplicate(field: str, value: Any) -> Cause:
    """Return that a value that must be unique is not."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {told(value)}", field)


def not_found(field: str, value: Any) -> Cause:
    """Return that a field names something that is not there."""
    return Cause("FieldValueNotFound", f"Not found: {told(value)}", field)


def forbidden(field: str, detail: str) -> Cause:
    """Return that a field must not be set, or not be changed."""
    return Cause("FieldValueForbidden", f"Forbidden: {detail}", field)


def too_long(field: str, most: int) -> Cause:
    """Return that a field's value has too many bytes."""
    return Cause("FieldValueTooLong", f"Too long: may not be more than {most} bytes", field)


def too_many(field: str, count: int, most: int) -> Cause:
    """Return that a list has too many items."""
    return Cause("FieldValueTooMany", f"Too many: {count}: must have at most {most} items", field)


def told(value: Any) -> str:
    """Return a value as refusals show it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
