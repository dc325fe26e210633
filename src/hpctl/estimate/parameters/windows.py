"""How far each layer's attention reaches back."""

from __future__ import annotations

from collections.abc import Iterable

from hpctl.errors import SpecError
from hpctl.estimate.parameters.blocks import layer_count
from hpctl.estimate.parameters.keys import Keys

_NEAR = frozenset({"sliding_attention", "chunked_attention"})


def each_layer(keys: Keys, *names: str, usual: Iterable[str] = ()) -> tuple[str, ...]:
    """Tell the kind of each layer, as is said under one of `names`, else `usual`.

    Raises SpecError when there are more or fewer kinds than layers.
    """
    said, count = keys.words(*names), layer_count(keys)
    if said and len(said) != count:
        raise SpecError(f"`{names[0]}` of `{keys.origin}` tells of {len(said)} layers, but the model has {count}")
    kinds = said or tuple(usual)
    if len(kinds) != count:
        hint = "give the `config.json` as it stands beside the model's weights"
        raise SpecError(f"`{keys.origin}` does not say `{names[0]}` of the model", hint=hint)
    return kinds


def everywhere(keys: Keys) -> list[int | None]:
    """Every layer reaches as far as `sliding_window` says, or over all."""
    return [keys.optional("sliding_window")] * layer_count(keys)


def as_told(keys: Keys, usual: Iterable[str]) -> list[int | None]:
    """Give the window to the layers that are told to be near, by `layer_types` or else `usual`."""
    window = keys.optional("sliding_window")
    return [window if kind in _NEAR else None for kind in each_layer(keys, "layer_types", usual=usual)]


def by_kind(keys: Keys, *, period: int, reach: str = "sliding_window") -> list[int | None]:
    """Follow `layer_types`; without them every `period`-th layer sees all tokens, the others `reach` of them."""
    window = keys.optional(reach)
    if keys.words("layer_types"):
        kinds = each_layer(keys, "layer_types")
        return [window if kind in _NEAR else None for kind in kinds]
    every = keys.optional("sliding_window_pattern", "_sliding_window_pattern") or max(period, 1)
    return [window if (index + 1) % every else None for index in range(layer_count(keys))]


def upper_layers(keys: Keys) -> list[int | None]:
    """Give a window to the layers from `max_window_layers` on, if `use_sliding_window` says so (Qwen2, Qwen3)."""
    count = layer_count(keys)
    if not keys.flag("use_sliding_window"):
        return [None] * count
    first = keys.number("max_window_layers", otherwise=count)
    return [keys.optional("sliding_window") if index >= first else None for index in range(count)]
