"""Exact parameter counts from a configuration alone.

A function a family, declared by model type, counts what the family's class in transformers 5.23.0 would hold (or, for
code that lives beside the weights, what the published checkpoint holds): no buffers, no multi-token-prediction layers.
A multimodal model is counted with its towers where these are declared too, else its language model alone. What is not
declared is refused by name.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from hpctl.catalog.nearest import nearest
from hpctl.estimate.parameters.declare import FAMILIES, Count
from hpctl.estimate.parameters.keys import keys_of
from hpctl.estimate.parameters.places import PLACES
from hpctl.estimate.parameters.refusals import refusal, refused_types
from hpctl.estimate.parameters.unknown import UnknownModelError
from hpctl.estimate.shape import ModelShape, Tower
from hpctl.spec.model_config import ModelConfig

__all__ = ["UnknownModelError", "known_model_types", "refused_types", "shape_of"]

_ENCODERS = ("vision_config", "audio_config")


def shape_of(config: ModelConfig) -> ModelShape:
    """Count a model.

    Raises UnknownModelError for a model type that no family declares, SpecError for a configuration that does not say
    what is needed.
    """
    language = _count(config)(keys_of(config))
    towers = _towers(config, language)
    beside = sum(tower.parameters for tower in towers)
    return replace(language, towers=towers, other_parameters=language.other_parameters + beside)


def known_model_types() -> tuple[str, ...]:
    """All model types that can be counted, in alphabetical order."""
    return tuple(sorted(PLACES))


def _count(config: ModelConfig) -> Count:
    """Find the family's function; its module declares it as it is imported."""
    place = PLACES.get(config.model_type)
    if place is None:
        raise _unknown(config)
    import_module(f"{__name__}.{place}")
    return FAMILIES[config.model_type]


def _towers(config: ModelConfig, language: ModelShape) -> tuple[Tower, ...]:
    if not any(config.raw.get(name) for name in _ENCODERS):
        return ()
    from hpctl.estimate.parameters.towers import towers_of

    return towers_of(config, language.hidden)


def _unknown(config: ModelConfig) -> UnknownModelError:
    reason = refusal(config.model_type)
    why = f": {reason}" if reason else ""
    close = nearest(config.model_type, known_model_types())
    alike = f"the nearest are {', '.join(f'`{one}`' for one in close)}; " if close else ""
    hint = f"{alike}another architecture's formula is not taken in its place, since the count would be wrong"
    return UnknownModelError(
        f"the parameters of the architecture `{config.model_type}` of `{config.name}` cannot be counted{why}", hint=hint
    )
