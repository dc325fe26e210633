"""A causal language model as arithmetic sees it: what its layers are made of, in parameters and widths.

`estimate.parameters` reads a shape from a configuration; memory and layouts are computed from the shape alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attention:
    """Self-attention of one layer.

    `head_dim` is the width of a query and a key, `value_dim` of a value. `kv_width` is what the KV cache keeps for one
    token, in numbers (2 x kv_heads x head_dim; less with latent attention). `window` is the reach of sliding-window
    attention in tokens, None where all are seen. `parameters` counts projections, their biases, norms of queries and
    keys, and sinks. A layer without softmax attention (linear attention, a state space) has `softmax` False.
    """

    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int
    kv_width: int
    parameters: int
    window: int | None = None
    softmax: bool = True


@dataclass(frozen=True, slots=True)
class Mlp:
    """A feed-forward part of one layer, or a shared expert: `width` is its intermediate size."""

    width: int
    gated: bool
    parameters: int


@dataclass(frozen=True, slots=True)
class Experts:
    """The routed experts of one layer: `each` is one of them, `per_token` how many of the `count` see a token."""

    count: int
    per_token: int
    each: Mlp
    router_parameters: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One block. `mlp` is the dense part or the shared experts; `norm_parameters` are of its norms."""

    attention: Attention
    mlp: Mlp | None
    experts: Experts | None
    norm_parameters: int

    @property
    def parameters(self) -> int:
        """All of them."""
        return self.dense_parameters + self.routed_parameters

    @property
    def dense_parameters(self) -> int:
        """All but those of routed experts: what data parallelism shards as a whole."""
        router = self.experts.router_parameters if self.experts else 0
        return self.attention.parameters + (self.mlp.parameters if self.mlp else 0) + router + self.norm_parameters

    @property
    def routed_parameters(self) -> int:
        """Those of the routed experts."""
        return self.experts.count * self.experts.each.parameters if self.experts else 0

    @property
    def active_parameters(self) -> int:
        """Those that one token meets."""
        routed = self.experts.per_token * self.experts.each.parameters if self.experts else 0
        return self.dense_parameters + routed


@dataclass(frozen=True, slots=True)
class Tower:
    """What a multimodal model has beside its language model: `vision`, `audio`, `projector`."""

    name: str
    parameters: int


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A whole model. `head_parameters` is 0 where the output head is the embedding (`tied`).

    `other_parameters` are the final norm, learned positions, and whatever stands outside the layers (a vision tower).
    `max_positions` is the longest sequence that the configuration names. `towers` itemises what of `other_parameters`
    is not of the language model; none where there is nothing such, or where only the language model is counted.
    """

    model_type: str
    hidden: int
    layers: tuple[Layer, ...]
    vocabulary: int
    embedding_parameters: int
    head_parameters: int
    other_parameters: int
    tied: bool
    max_positions: int | None = None
    towers: tuple[Tower, ...] = ()

    @property
    def language_parameters(self) -> int:
        """How many parameters the language model has."""
        return self.parameters - sum(tower.parameters for tower in self.towers)

    @property
    def parameters(self) -> int:
        """The exact number of parameters."""
        return self._outside + sum(layer.parameters for layer in self.layers)

    @property
    def active_parameters(self) -> int:
        """How many of them one token meets, embedding and head included."""
        return self._outside + sum(layer.active_parameters for layer in self.layers)

    @property
    def _outside(self) -> int:
        return self.embedding_parameters + self.head_parameters + self.other_parameters
