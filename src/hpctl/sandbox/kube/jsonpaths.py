"""As much of kubectl's JSONPath as the columns of CRDs use: members, indexes, slices and comparisons.

Source: Kubernetes documentation, "JSONPath Support"; a column's path has no braces.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

_STEP: Final = re.compile(
    r"""\.(?P<name>[^.\[\]]+(?:\\.[^.\[\]]+)*)
      | \['(?P<quoted>[^']+)'\]
      | \[(?P<slice>-?\d*:-?\d*)\]
      | \[(?P<index>-?\d+|\*)\]
      | \[\?\(@\.(?P<key>[^=\s]+)\s*==\s*(?P<value>"[^"]*"|'[^']*'|\S+?)\)\]""",
    re.VERBOSE,
)


def looked_up(found: Any, path: str) -> list[Any]:
    """Return all that a path leads to, nothing when it cannot be read."""
    values, position = [found], 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return []
        values = [one for value in values for one in _taken(value, step)]
        position = step.end()
    return [value for value in values if value is not None]


def _taken(value: Any, step: re.Match[str]) -> list[Any]:
    if name := step["name"] or step["quoted"]:
        return [value.get(name.replace("\\", ""))] if isinstance(value, dict) else []
    if not isinstance(value, list):
        return []
    if step["key"]:
        wanted = _literal(step["value"])
        return [one for one in value if looked_up(one, f".{step['key']}") == [wanted]]
    if step["slice"]:
        begin, end = (int(part) if part else None for part in step["slice"].split(":"))
        return value[begin:end]
    index = step["index"]
    return value if index == "*" else value[int(index) :][:1]


def _literal(text: str) -> Any:
    if text[0] in "\"'":
        return text[1:-1]
    try:
        return json.loads(text)
    except ValueError:
        return text
