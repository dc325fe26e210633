"""What a request has that botocore's service model does not allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

from hpctl.catalog.patterns import matches


def operation_of(session: botocore.session.Session, service: str, operation: str) -> OperationModel:
    return session.get_service_model(service).operation_model(operation)


def violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Yield what botocore finds, and what it does not look at: enums, patterns, maxima."""
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        yield report.generate_report()
    yield from unseen(value, shape, path)


def unseen(value: Any, shape: Shape, path: str) -> Iterator[str]:
    match shape:
        case StructureShape():
            for key in value.keys() & shape.members.keys():
                yield from unseen(value[key], shape.members[key], f"{path}.{key}")
        case ListShape():
            for child in value:
                yield from unseen(child, shape.member, path)
        case _:
            yield from limits(value, shape, path)


def limits(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if (enum := shape.metadata.get("enum")) and value not in enum:
        yield f"{path}: {value} is not one of {enum}"
    if (pattern := shape.metadata.get("pattern")) and not matches(pattern, str(value)):
        yield f"{path}: {value} does not match {pattern}"
    size = value if isinstance(value, int) else len(str(value))
    if size > shape.metadata.get("max", size):
        yield f"{path}: {value} is above {shape.metadata['max']}"
