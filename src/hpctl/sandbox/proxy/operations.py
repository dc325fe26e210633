"""The operation behind a REST request: the service model tells it by method, path and query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

_LABEL = re.compile(r"\\\{\w+(\\\+)?\\\}")


def rest_operation(service: str, method: str, path: str, query: str) -> str | None:
    """Return the name of the operation that these ask for (the path as it was sent), or None when none fits."""
    asked = set(parse_qsl(query, keep_blank_values=True))
    names = {name for name, _ in asked}
    fitting = (
        (len(wanted), -len(operation), operation)
        for operation, verb, pattern, wanted in _rest_operations(service)
        if verb == method
        and pattern.fullmatch(path.rstrip("/"))
        and all((name, value) in asked if value else name in names for name, value in wanted)
    )
    # The most said in the query wins; of PutObject and CopyObject, which look the same, the shortest.
    return max(fitting, default=(0, 0, None))[2]


@cache
def _rest_operations(service: str) -> tuple[tuple[str, str, re.Pattern[str], frozenset[tuple[str, str]]], ...]:
    try:
        model = Loader().load_service_model(service, "service-2")
    except UnknownServiceError:
        return ()
    return tuple(
        (name, operation["http"]["method"], *_template(operation, model["shapes"]))
        for name, operation in model["operations"].items()
    )


def _template(
    operation: Mapping[str, Any], shapes: Mapping[str, Any]
) -> tuple[re.Pattern[str], frozenset[tuple[str, str]]]:
    path, _, query = operation["http"].get("requestUri", "/").partition("?")
    pattern = _LABEL.sub(lambda label: ".+" if label[1] else "[^/]+", re.escape(path.rstrip("/")))
    asked = shapes[operation["input"]["shape"]] if "input" in operation else {}
    needed = frozenset(
        (member["locationName"], "")
        for name, member in asked.get("members", {}).items()
        if name in asked.get("required", ()) and member.get("location") == "querystring"
    )
    return re.compile(pattern), needed.union(parse_qsl(query, keep_blank_values=True))
