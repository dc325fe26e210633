"""What stands beside a field of a spec: AWS's name for it, one line about it, and what a change of it does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class UpdatePolicy(StrEnum):
    """What changing a field does to a cluster that exists."""

    IN_PLACE = "in place"
    REPLACES_GROUP = "replaces the group"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Member:
    """The declaration of one field, as metadata in its annotation.

    `aws` is the member's name in AWS's request, None for what only hpctl knows. `description` is one
    line for the reference and for editors. `update` is the policy; within nested fields the outermost
    policy that is not "in place" holds.
    """

    aws: str | None
    description: str
    update: UpdatePolicy

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Carry the description and the policy into the JSON Schema."""
        return {**handler(core_schema), "description": self.description, "x-update-policy": self.update.value}


@cache
def members(model: type[BaseModel]) -> Mapping[str, Member]:
    """Map each field of `model` to its Member, in the order of the fields."""
    return MappingProxyType({name: _declared(info.metadata, model, name) for name, info in model.model_fields.items()})


def _declared(metadata: list[object], model: type[BaseModel], name: str) -> Member:
    for item in metadata:
        if isinstance(item, Member):
            return item
    message = f"{model.__name__}.{name} declares no Member"
    raise TypeError(message)
