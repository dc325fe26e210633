"""How a multimodal model declares that what stands beside its language model can be counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hpctl.catalog.model_defaults import defaults_of
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.shape import Tower


@dataclass(frozen=True, slots=True)
class Parts:
    """A multimodal configuration in parts: its own keys, those of one encoder, and the language model's width."""

    outer: Keys
    text_hidden: int

    def encoder(self, name: str, usual: str) -> Keys:
        """Give the keys under `name`, of the type that they say; older ones say the outer type, which means `usual`."""
        found = self.outer.said.get(name)
        said = found if isinstance(found, Mapping) else {}
        own = said.get("model_type")
        kind = own if isinstance(own, str) and own != self.outer.model_type else usual
        return Keys(f"{self.outer.origin}, {name}", kind, said, defaults_of(kind) or defaults_of(usual))

    def has(self, name: str) -> bool:
        """Tell whether the configuration has the encoder `name` at all."""
        return isinstance(self.outer.said.get(name), Mapping)


Towers = Callable[[Parts], tuple[Tower, ...]]

TOWERS: dict[str, Towers] = {}
"""Model type of the whole → its function; filled as the modules are imported."""

USUAL: dict[str, str] = {}
"""Model type of the whole → that of its vision encoder where the configuration does not say it."""


def beside(*model_types: str, vision: str) -> Callable[[Towers], Towers]:
    """Declare a function to count what these models have beside the language model."""

    def declare(count: Towers) -> Towers:
        TOWERS.update(dict.fromkeys(model_types, count))
        USUAL.update(dict.fromkeys(model_types, vision))
        return count

    return declare
