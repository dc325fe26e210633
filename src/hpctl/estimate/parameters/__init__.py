"""Exact parameter counts from a configuration alone.

A function a family, declared by model type, counts what the family's class in transformers 5.23.0 would hold (or, for
code that lives beside the weights, what the published checkpoint holds): no buffers, no multi-token-prediction layers.
A multimodal model is counted with its towers where these are declared too, else its language model alone. What is not
declared is refused by name.
"""

from __future__ import annotations

from dataclasses import replace

from hpctl.catalog.nearest import nearest
from hpctl.estimate.parameters import (
    compressed,
    deepseek,
    dense,
    distinct,
    early,
    gemma,
    gemma4,
    gpt,
    hybrid,
    indexed,
    linears,
    longcat,
    mixture,
    nemotron_h,
    norms,
    qwen,
    recurrent,
    sinks,
    sparse,
    states,
    zamba,
)
from hpctl.estimate.parameters.declare import FAMILIES
from hpctl.estimate.parameters.keys import keys_of
from hpctl.estimate.parameters.refusals import refusal, refused_types
from hpctl.estimate.parameters.towers import towers_of
from hpctl.estimate.parameters.unknown import UnknownModelError
from hpctl.estimate.shape import ModelShape
from hpctl.spec.model_config import ModelConfig

__all__ = ["UnknownModelError", "known_model_types", "refused_types", "shape_of"]

_DECLARING = (
    compressed,
    deepseek,
    dense,
    distinct,
    early,
    gemma,
    gemma4,
    gpt,
    hybrid,
    indexed,
    linears,
    longcat,
    mixture,
    nemotron_h,
    norms,
    qwen,
    recurrent,
    sinks,
    sparse,
    states,
    zamba,
)
"""Named, so that importing them for their declarations is seen to be of use."""


def shape_of(config: ModelConfig) -> ModelShape:
    """Count a model.

    Raises UnknownModelError for a model type that no family declares, SpecError for a configuration that does not say
    what is needed.
    """
    count = FAMILIES.get(config.model_type)
    if count is None:
        raise _unknown(config)
    language = count(keys_of(config))
    towers = towers_of(config, language.hidden)
    beside = sum(tower.parameters for tower in towers)
    return replace(language, towers=towers, other_parameters=language.other_parameters + beside)


def known_model_types() -> tuple[str, ...]:
    """All model types that can be counted, in alphabetical order."""
    return tuple(sorted(FAMILIES))


def _unknown(config: ModelConfig) -> UnknownModelError:
    reason = refusal(config.model_type)
    why = f": {reason}" if reason else ""
    close = nearest(config.model_type, known_model_types())
    alike = f"the nearest are {', '.join(f'`{one}`' for one in close)}; " if close else ""
    hint = f"{alike}another architecture's formula is not taken in its place, since the count would be wrong"
    return UnknownModelError(
        f"the parameters of the architecture `{config.model_type}` of `{config.name}` cannot be counted{why}", hint=hint
    )
