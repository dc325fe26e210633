"""The ground that every part of a spec stands on: frozen, no unknown keys, every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError


class SpecModel(BaseModel):
    """One structure of a spec.

    `aws_shape` is the structure's name in the SageMaker service model (empty where AWS has none).
    Of the fields in `exactly_one`, exactly one is given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)
    aws_shape: ClassVar[str] = ""
    exactly_one: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def shape_problems(cls, given: Mapping[str, object]) -> Iterator[InitErrorDetails]:
        """Yield what is wrong with which fields are `given` (null counts as not given)."""
        named = [field for field in cls.exactly_one if field in given]
        if cls.exactly_one and len(named) != 1:
            context = {"fields": cls.exactly_one, "given": tuple(named)}
            text = f"exactly one of {', '.join(cls.exactly_one)} is needed, not {len(named)}"
            error = PydanticCustomError("exactly_one", "{text}", {**context, "text": text})
            yield InitErrorDetails(type=error, loc=tuple(named[1:2]), input=None)

    @classmethod
    def settled(cls, data: Mapping[str, object]) -> Mapping[str, object]:
        """Bring another way of writing the same into the one that is kept."""
        return data

    @model_validator(mode="wrap")
    @classmethod
    def _judge_shape_and_fields(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Report a structure's own problems together with those of its fields, not after them."""
        found: list[InitErrorDetails] = []
        if isinstance(data, Mapping):
            data = cls.settled(data)
            found = list(cls.shape_problems({key: value for key, value in data.items() if value is not None}))
        try:
            model = handler(data)
        except ValidationError as error:
            if not found:
                raise
            raise ValidationError.from_exception_data(cls.__name__, [*found, *_repeated(error)]) from None
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        return model

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors of the fields that exclude each other."""
        schema = handler(core)
        if cls.exactly_one:
            target = handler.resolve_ref_schema(schema)
            target["oneOf"] = [{"required": [field]} for field in cls.exactly_one]
        return schema


def shape_problem(template: str, field: str) -> InitErrorDetails:
    """Make the problem of one field; `{names}` in the template are fields, shown as the file spells them."""
    error = PydanticCustomError("shape_rule", "{text}", {"template": template, "text": template})
    return InitErrorDetails(type=error, loc=(field,), input=None)


def _repeated(error: ValidationError) -> Iterator[InitErrorDetails]:
    for detail in error.errors(include_url=False):
        again = PydanticCustomError(detail["type"], "{text}", {**detail.get("ctx", {}), "text": detail["msg"]})
        yield InitErrorDetails(type=again, loc=detail["loc"], input=detail["input"])
