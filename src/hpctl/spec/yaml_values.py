"""Plain words of YAML as Kubernetes' and SkyPilot's readers understand them.

Both read YAML 1.1: `yes` is a boolean, `010` is eight, `1e3` is a text for one and a number for the other. Sources:
the YAML 1.1 type repository; PyYAML 6 `resolver.py` and `constructor.py`; sigs.k8s.io/yaml.
"""

from __future__ import annotations

import math
import re
from typing import Final

from hpctl.spec.nodes import MappingNode, Node, ScalarNode, SequenceNode

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset(word for base in ("yes", "true", "on") for word in (base, base.title(), base.upper()))
_FALSE = frozenset(word for base in ("no", "false", "off") for word in (base, base.title(), base.upper()))
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9_]*)", re.ASCII)
_OCTAL = re.compile(r"[-+]?0[0-7_]+", re.ASCII)
_HEXADECIMAL = re.compile(r"[-+]?0x[0-9a-fA-F_]+", re.ASCII)
_BINARY = re.compile(r"[-+]?0b[01_]+", re.ASCII)
_SEXAGESIMAL = re.compile(r"[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+", re.ASCII)
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?", re.ASCII)
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+", re.ASCII)
_SEXAGESIMAL_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*", re.ASCII)
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)", re.ASCII)
_NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN"})
_MOST_DIGITS = 400
"""Longer words stay texts: nobody counts so far, and reading them takes long."""

Scalar = str | int | float | bool | None


def is_null(node: Node) -> bool:
    """Tell whether nothing is written."""
    return isinstance(node, ScalarNode) and node.plain and node.text in _NULL


def plain(node: Node) -> object:
    """Read a tree as kubectl does; what JSON cannot hold (infinity) stays a text."""
    match node:
        case MappingNode():
            return {entry.key: plain(entry.value) for entry in node.entries}
        case SequenceNode():
            return [plain(item) for item in node.items]
        case ScalarNode():
            value = scalar(node.text) if node.plain else node.text
            if node.plain and _EXPONENT.fullmatch(node.text):
                value = float(node.text)
            return node.text if isinstance(value, float) and not math.isfinite(value) else value


def scalar(word: str) -> Scalar:
    """Read one plain word by YAML 1.1, as PyYAML does (dates stay texts: written out they are the same)."""
    if word in _NULL:
        return None
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if len(word) > _MOST_DIGITS:
        return word
    number = _integer(word)
    return _fraction(word) if number is None else number


def as_python_text(node: ScalarNode) -> str:
    """Say what SkyPilot makes of a value that is to be a text: the value's Python form (`True`, `1.1`, `8`)."""
    value = scalar(node.text) if node.plain else node.text
    return node.text if value is None else str(value)


def _integer(word: str) -> int | None:
    digits = word.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    magnitude = digits.lstrip("+-")
    if _DECIMAL.fullmatch(word):
        return sign * int(magnitude)
    if not magnitude.strip("0") and _OCTAL.fullmatch(word):
        return 0
    for pattern, base in ((_BINARY, 2), (_HEXADECIMAL, 16), (_OCTAL, 8)):
        if pattern.fullmatch(word):
            return _based(magnitude, base, sign)
    return sign * int(_sixties(magnitude)) if _SEXAGESIMAL.fullmatch(word) else None


def _based(magnitude: str, base: int, sign: int) -> int | None:
    digits = magnitude[2:] if base in {2, 16} else magnitude
    return sign * int(digits, base) if digits else None


def _fraction(word: str) -> float | str:
    if _FLOAT.fullmatch(word):
        return float(word.replace("_", ""))
    if _SEXAGESIMAL_FLOAT.fullmatch(word):
        sign = -1 if word.startswith("-") else 1
        return sign * _sixties(word.replace("_", "").lstrip("+-"))
    if _INFINITE.fullmatch(word):
        return -math.inf if word.startswith("-") else math.inf
    return math.nan if word in _NOT_A_NUMBER else word


def _sixties(magnitude: str) -> float:
    value = 0.0
    for part in magnitude.split(":"):
        value = value * 60 + float(part)
    return value
