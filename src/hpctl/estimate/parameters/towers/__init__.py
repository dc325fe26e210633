"""What multimodal models have beside their language model: encoders of pictures and sound, and projectors."""

from __future__ import annotations

from hpctl.catalog.model_defaults import defaults_of
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.towers import gemma4, own, projected
from hpctl.estimate.parameters.towers.declare import TOWERS, USUAL, Parts
from hpctl.estimate.parameters.towers.encoders import is_counted
from hpctl.estimate.shape import Tower
from hpctl.spec.model_config import ModelConfig

__all__ = ["counted_wholes", "encoder_types", "towers_of"]

_DECLARING = (gemma4, own, projected)
_CHOSEN = frozenset(name for name, count in TOWERS.items() if count.__module__ == projected.__name__)
"""Models that may have one of several encoders."""


def towers_of(config: ModelConfig, text_hidden: int) -> tuple[Tower, ...]:
    """Count what stands beside the language model of this width.

    Empty where there is nothing, or where it cannot be counted: then the language model alone is.
    """
    outer = config.raw.get("model_type")
    count = TOWERS.get(outer) if isinstance(outer, str) else None
    if count is None or not isinstance(outer, str):
        return ()
    parts = Parts(Keys(config.origin, outer, config.raw, defaults_of(outer)), text_hidden)
    if not (parts.has("vision_config") or parts.has("audio_config")):
        return ()
    if outer in _CHOSEN and not is_counted(parts.encoder("vision_config", USUAL[outer])):
        return ()
    return count(parts)


def counted_wholes() -> tuple[str, ...]:
    """Model types that are counted with all that they have, in alphabetical order."""
    return tuple(sorted(TOWERS))


def encoder_types() -> tuple[str, ...]:
    """The types of the encoders in them, whose defaults are needed."""
    chosen = {"siglip2_vision_model", "gemma4_audio", "glm4v_moe_vision", *(f"{name}_vision" for name in TOWERS)}
    return tuple(sorted(chosen | set(USUAL.values())))
