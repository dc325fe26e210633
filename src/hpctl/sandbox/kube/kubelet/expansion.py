"""`$(NAME)` in a container's command, arguments and variables (Kubernetes, "Dependent Environment Variables")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# `$$` stands for `$`, and what has no closing bracket for itself.
_REFERENCE = re.compile(r"\$(?:\$|\((?P<name>[^)]*)\))")


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Return the text with its references replaced; one to a variable that is not there stays as it is."""

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        return "$" if name is None else variables.get(name, found[0])

    return _REFERENCE.sub(value, text)
