"""SkyPilot's configuration with contexts added: what the person has, comments and order, stays as it is.

Source of the format: SkyPilot 0.14.1, `sky/utils/schemas.py` (`get_config_schema`).
"""

from __future__ import annotations

import io
import re
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from hpctl.errors import Problem, SpecError

_WIDE: Final = 1 << 30
_DEEP: Final = 100
_DASH: Final = re.compile(r"^( *)[\w.-]+:[ \t]*(?:#.*)?\n\1( *)- ", re.MULTILINE)
_HINT: Final = "SkyPilot's keys: https://docs.skypilot.co/en/latest/reference/config.html"


def allowed(name: str, text: str, context: str, current: str | None, patience_s: int) -> str:
    """Return the text with a context allowed, and with so long to wait for its pods where nothing is said of that.

    Where no contexts are named SkyPilot takes the current one: then it comes along, so that it stays allowed.

    Raises:
        SpecError: it is no configuration of SkyPilot's; with line and column.
    """
    root = _load(name, text)
    kubernetes = _mapping(name, root, "kubernetes")
    new = _allow(name, kubernetes, context, current)
    limited = _limit(name, kubernetes, context, patience_s)
    if not (new or limited):
        return text
    stream = io.StringIO()
    _yaml(text).dump(root, stream)
    return stream.getvalue()


def _allow(name: str, kubernetes: CommentedMap, context: str, current: str | None) -> bool:
    found = kubernetes.get("allowed_contexts")
    if found == "all":
        return False
    if found is None:
        kubernetes["allowed_contexts"] = CommentedSeq(dict.fromkeys(filter(None, (current, context))))
        return True
    if not isinstance(found, CommentedSeq):
        raise _refusal(name, kubernetes, "allowed_contexts", "is neither a list of contexts nor `all`")
    if context in found:
        return False
    found.append(context)
    return True


def _limit(name: str, kubernetes: CommentedMap, context: str, seconds: int) -> bool:
    configs = _mapping(name, kubernetes, "context_configs")
    ours = _mapping(name, configs, context)
    if "provision_timeout" in ours or "provision_timeout" in kubernetes:
        _drop_empty(configs, context)
        _drop_empty(kubernetes, "context_configs")
        return False
    ours["provision_timeout"] = seconds
    return True


def _mapping(name: str, parent: CommentedMap, key: str) -> CommentedMap:
    if parent.get(key) is None:
        parent[key] = CommentedMap()
    if not isinstance(parent[key], CommentedMap):
        raise _refusal(name, parent, key, "is no mapping")
    found: CommentedMap = parent[key]
    return found


def _drop_empty(parent: CommentedMap, key: str) -> None:
    if not parent[key]:
        del parent[key]


def _load(name: str, text: str) -> CommentedMap:
    try:
        root: Any = _yaml(text).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = ", ".join(filter(None, (error.context, error.problem)))
        raise _problem(name, mark.line if mark else 0, mark.column if mark else 0, "", told) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise _problem(name, 0, 0, "", "is no YAML") from error
    if root is None:
        return CommentedMap()
    if not isinstance(root, CommentedMap):
        raise _problem(name, 0, 0, "", "is no mapping")
    return root


def _refusal(name: str, parent: CommentedMap, key: str, told: str) -> SpecError:
    line, column = parent.lc.key(key)
    return _problem(name, line, column, key, f"`{key}` {told}")


def _problem(name: str, line: int, column: int, path: str, told: str) -> SpecError:
    problem = Problem(name, line + 1, column + 1, path, told)
    return SpecError(f"`{name}` is no configuration of SkyPilot's", (problem,), hint=_HINT)


def _yaml(text: str) -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    yaml.max_depth = _DEEP
    offset = len(dash[2]) if (dash := _DASH.search(text)) else 2
    yaml.indent(mapping=2, sequence=2 + offset, offset=offset)
    return yaml
