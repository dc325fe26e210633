"""Fields that a kind does not have: reported for strict decoding, and of custom resources pruned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hpctl.sandbox.kube.schemas.shape import Shape


def unknown_fields(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of fields that a shape does not have, such as `spec.containers[0].imagee`."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_fields(shape.item, item, f"{path}[{index}]")
    elif isinstance(value, dict) and is_closed(shape):
        for name, part in value.items():
            inner, here = shape.field(name), f"{path}.{name}" if path else name
            if inner is None:
                yield here
            else:
                yield from unknown_fields(inner, part, here)


def pruned(shape: Shape, value: Any) -> Any:
    """Return a value without the fields that its shape does not have."""
    if isinstance(value, list):
        return [pruned(shape.item, item) for item in value]
    if not isinstance(value, dict) or not is_closed(shape):
        return value
    known = ((name, shape.field(name), part) for name, part in value.items())
    return {name: pruned(inner, part) for name, inner, part in known if inner is not None}


def is_closed(shape: Shape) -> bool:
    """Whether a shape says which fields there are; of built-in kinds some are free JSON."""
    schema = shape.schema
    return bool(shape.custom or schema.get("properties") or schema.get("additionalProperties"))
