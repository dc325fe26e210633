"""How a family declares that it can be counted."""

from __future__ import annotations

from collections.abc import Callable

from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.shape import ModelShape

Count = Callable[[Keys], ModelShape]

FAMILIES: dict[str, Count] = {}
"""Model type → its function; filled as the modules of families are imported."""


def family(*model_types: str) -> Callable[[Count], Count]:
    """Declare a function to be the count of these model types."""

    def declare(count: Count) -> Count:
        FAMILIES.update(dict.fromkeys(model_types, count))
        return count

    return declare
