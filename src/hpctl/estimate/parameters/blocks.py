"""What layers are made of, counted: projections, attention, feed-forward parts, experts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hpctl.errors import SpecError
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.shape import Attention, Experts, Layer, Mlp, ModelShape

_MOST_LAYERS = 10_000
"""Far above any model; each layer is held in memory."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The widths of self-attention; `hidden` is the model's own."""

    hidden: int
    heads: int
    kv_heads: int
    head_dim: int

    @property
    def queries(self) -> int:
        """The width of all queries: not always the model's."""
        return self.heads * self.head_dim

    @property
    def keys(self) -> int:
        """The width of all keys, and of all values."""
        return self.kv_heads * self.head_dim


def heads_of(keys: Keys) -> Heads:
    """Read the widths: as many key heads as heads, and the model's width shared among them, where nothing else is said.

    Raises SpecError when the numbers cannot be.
    """
    hidden = keys.number("hidden_size", "n_embd", "d_model", "n_embed")
    heads = max(keys.number("num_attention_heads", "n_head", "n_heads", "num_heads"), 1)
    kv_heads = keys.number("num_key_value_heads", otherwise=heads)
    return Heads(hidden, heads, kv_heads, keys.number("head_dim", otherwise=hidden // heads))


def layer_count(keys: Keys) -> int:
    """How many layers there are; SpecError above what any model could have."""
    count = keys.number("num_hidden_layers", "n_layer", "n_layers", "num_layers")
    if count > _MOST_LAYERS:
        raise SpecError(f"`num_hidden_layers` of `{keys.origin}` is {count}, more than {_MOST_LAYERS}")
    return count


def linear(inputs: int, outputs: int, *, bias: bool = False) -> int:
    """Count a projection."""
    return inputs * outputs + (outputs if bias else 0)


def attention(of: Heads, *, qkv_bias: bool = False, out_bias: bool = False, extra: int = 0) -> Attention:
    """Count grouped-query attention; `extra` are norms of queries and keys, sinks, gates."""
    count = (
        linear(of.hidden, of.queries, bias=qkv_bias)
        + 2 * linear(of.hidden, of.keys, bias=qkv_bias)
        + linear(of.queries, of.hidden, bias=out_bias)
    )
    return Attention(
        heads=of.heads,
        kv_heads=of.kv_heads,
        head_dim=of.head_dim,
        value_dim=of.head_dim,
        kv_width=2 * of.keys,
        parameters=count + extra,
    )


def without_softmax(parameters: int) -> Attention:
    """Make what mixes tokens without keys and values of each: a state space, linear attention, a convolution."""
    return Attention(heads=0, kv_heads=0, head_dim=0, value_dim=0, kv_width=0, parameters=parameters, softmax=False)


def gated(hidden: int, width: int, *, bias: bool = False) -> Mlp:
    """Count the three projections of a gated feed-forward part."""
    count = 2 * linear(hidden, width, bias=bias) + linear(width, hidden, bias=bias)
    return Mlp(width=width, gated=True, parameters=count)


def plain(hidden: int, width: int, *, bias: bool = False) -> Mlp:
    """Count the two projections of a feed-forward part without a gate."""
    count = linear(hidden, width, bias=bias) + linear(width, hidden, bias=bias)
    return Mlp(width=width, gated=False, parameters=count)


def experts(hidden: int, count: int, per_token: int, each: Mlp, *, router_extra: int = 0) -> Experts:
    """Make routed experts, with a router of one row an expert; `router_extra` are its biases."""
    return Experts(count=count, per_token=per_token, each=each, router_parameters=hidden * count + router_extra)


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed-forward side of one layer: a dense part or shared experts, and routed experts."""

    mlp: Mlp | None = None
    experts: Experts | None = None


def layer(mixer: Attention, feed: Feed, norms: int) -> Layer:
    """Make one layer, with so many parameters of norms."""
    return Layer(attention=mixer, mlp=feed.mlp, experts=feed.experts, norm_parameters=norms)


def stack(
    keys: Keys, mixer: Attention, feed: Feed | Mlp, norms: int, reaches: Sequence[int | None] = ()
) -> list[Layer]:
    """Make all layers alike but for the reach of their attention."""
    side = Feed(mlp=feed) if isinstance(feed, Mlp) else feed
    count = layer_count(keys)
    windows = reaches or (None,) * count
    kinds = {window: layer(replace(mixer, window=window), side, norms) for window in set(windows)}
    return [kinds[window] for window in windows]


def untied(keys: Keys) -> Keys:
    """Give the keys of a class that never ties its head, whatever the configuration says."""
    return replace(keys, said={**keys.said, "tie_word_embeddings": False})


def whole(
    keys: Keys, layers: Sequence[Layer], *, outside: int, head_bias: int = 0, embeddings: int | None = None
) -> ModelShape:
    """Put the model together.

    `outside` counts what stands beside layers, embedding and head; `embeddings` is the number of embedded tokens where
    it is not the vocabulary.
    """
    hidden = keys.number("hidden_size", "n_embd", "d_model", "n_embed")
    vocabulary = keys.number("vocab_size", "padded_vocab_size")
    tied = keys.flag("tie_word_embeddings")
    return ModelShape(
        model_type=keys.model_type,
        hidden=hidden,
        layers=tuple(layers),
        vocabulary=vocabulary,
        embedding_parameters=hidden * (embeddings or vocabulary),
        head_parameters=(0 if tied else hidden * vocabulary) + head_bias,
        other_parameters=outside,
        tied=tied,
        max_positions=keys.optional("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"),
    )
