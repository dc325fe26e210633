"""How an object is made of parts, and how its lists and maps merge: an OpenAPI schema, looked at from a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shape:
    """One node of a schema; `definitions` is what its references mean."""

    schema: Mapping[str, Any]
    definitions: Mapping[str, Any]
