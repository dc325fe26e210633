"""AWS's patterns in Python: the service model writes them in Java's dialect."""

from __future__ import annotations

import re
from functools import cache

_MATCHABLE = 4096
"""Characters; some of AWS's patterns take quadratic time, so that longer text is judged by length alone."""

_SPACES = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_CATEGORIES = {r"\p{L}": r"\w", r"\p{N}": r"\w", r"\p{Z}": _SPACES}


def matches(pattern: str, text: str) -> bool:
    """Tell whether the whole of `text` matches AWS's `pattern`, as the service judges it."""
    return len(text) > _MATCHABLE or python_pattern(pattern).fullmatch(text) is not None


@cache
def python_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile AWS's pattern for Python's `re`; judge with `fullmatch`.

    Java's `\d`, `\w` and `\s` are ASCII, Python's are not; Python lacks `\p{L}`, `\p{N}` and `\p{Z}`.
    `\w` stands for the first two: it is letters, numbers and `_`, and the service model names them
    only beside `_`. Raises re.error for a dialect not met so far.
    """
    translated = pattern
    for category, text in _CATEGORIES.items():
        translated = translated.replace(category, text)
    return re.compile(translated, 0 if translated != pattern else re.ASCII)
