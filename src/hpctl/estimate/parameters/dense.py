"""Llama and its like: RMS norms, grouped-query attention, a gated feed-forward part."""

from __future__ import annotations

from hpctl.estimate.parameters.blocks import attention, gated, heads_of, plain, stack, untied, whole
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.windows import by_kind, everywhere
from hpctl.estimate.shape import ModelShape


@family(
    "llama",
    "granite",
    "smollm3",
    "ernie4_5",
    "internlm",
    "internlm2",
    "internlm3",
    "Yi",
    "yi",
    "iquestcoder",
    "cwm",
    "emu3_text_model",
)
def llama(keys: Keys) -> ModelShape:
    """One switch for the biases of attention, one for those of the feed-forward part."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias", "use_bias", "bias")
    mlp = gated(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias", "use_bias"))
    return whole(
        keys, stack(keys, attention(of, qkv_bias=biased, out_bias=biased), mlp, 2 * of.hidden), outside=of.hidden
    )


@family("mistral", "ministral", "ministral3", "baichuan", "minicpm")
def mistral(keys: Keys) -> ModelShape:
    """Without biases, all layers with the same window (Ministral: as each layer's kind says)."""
    of = heads_of(keys)
    mlp = gated(of.hidden, keys.number("intermediate_size"))
    reaches = by_kind(keys, period=1) if keys.words("layer_types") else everywhere(keys)
    return whole(keys, stack(keys, attention(of), mlp, 2 * of.hidden, reaches), outside=of.hidden)


@family("phi3")
def phi3(keys: Keys) -> ModelShape:
    """As Mistral; queries, keys and values are one matrix, and so are gate and up (Phi-3, Phi-3.5, Phi-4)."""
    return mistral(keys)


@family("exaone")
def exaone(keys: Keys) -> ModelShape:
    """EXAONE 3 and 3.5: Llama's widths under names of their own (`num_layers`)."""
    return mistral(keys)


@family("helium")
def helium(keys: Keys) -> ModelShape:
    """Helium 1: Llama, whose output of attention is a square of the model's width, without a bias."""
    of = heads_of(keys)
    square = of.hidden * (of.hidden - of.queries)
    mlp = gated(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
    mixer = attention(of, qkv_bias=keys.flag("attention_bias"), extra=square)
    return whole(keys, stack(keys, mixer, mlp, 2 * of.hidden), outside=of.hidden)


@family("seed_oss")
def seed_oss(keys: Keys) -> ModelShape:
    """Llama with biases of queries, keys and values apart from that of the output."""
    of = heads_of(keys)
    mixer = attention(of, qkv_bias=keys.flag("attention_bias"), out_bias=keys.flag("attention_out_bias"))
    mlp = gated(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
    return whole(keys, stack(keys, mixer, mlp, 2 * of.hidden), outside=of.hidden)


@family("arcee")
def arcee(keys: Keys) -> ModelShape:
    """Llama whose feed-forward part has no gate."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    mlp = plain(of.hidden, keys.number("intermediate_size"), bias=keys.flag("mlp_bias"))
    return whole(
        keys, stack(keys, attention(of, qkv_bias=biased, out_bias=biased), mlp, 2 * of.hidden), outside=of.hidden
    )


@family("glm", "chatglm")
def glm(keys: Keys) -> ModelShape:
    """GLM-4-9B and ChatGLM: biases of queries, keys and values."""
    return _glm(keys, norms=2)


@family("glm4", "glm4v_text")
def glm4(keys: Keys) -> ModelShape:
    """GLM-4-0414 and the language model of GLM-4.1V: two more norms, behind attention and feed-forward part."""
    return _glm(keys, norms=4)


def _glm(keys: Keys, norms: int) -> ModelShape:
    of = heads_of(keys)
    biased = keys.flag("attention_bias", "add_qkv_bias", otherwise=keys.model_type == "glm4v_text")
    mlp = gated(of.hidden, keys.number("intermediate_size", "ffn_hidden_size"))
    return whole(keys, stack(keys, attention(of, qkv_bias=biased), mlp, norms * of.hidden), outside=of.hidden)


@family("cohere", "cohere2")
def cohere(keys: Keys) -> ModelShape:
    """Command R: attention and feed-forward part side by side behind one norm; all biases are one switch."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias")
    normed = of.queries + of.keys if keys.flag("use_qk_norm") else 0
    mixer = attention(of, qkv_bias=biased, out_bias=biased, extra=normed)
    reaches = by_kind(keys, period=4) if keys.model_type == "cohere2" else ()
    return whole(
        keys,
        stack(keys, mixer, gated(of.hidden, keys.number("intermediate_size")), of.hidden, reaches),
        outside=of.hidden,
    )


@family("bitnet")
def bitnet(keys: Keys) -> ModelShape:
    """Norms inside: of what leaves attention, and of what leaves the gate."""
    of = heads_of(keys)
    width = keys.number("intermediate_size")
    biased = keys.flag("attention_bias")
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    return whole(keys, stack(keys, mixer, gated(of.hidden, width), 3 * of.hidden + width), outside=of.hidden)


@family("mllama_text_model")
def mllama(keys: Keys) -> ModelShape:
    """The language model of Llama 3.2 Vision: some layers attend to the picture, with norms and two gates of their own.

    The embedding has eight tokens more than the head: those of the picture. The class never ties the two.
    """
    of = heads_of(keys)
    mlp = gated(of.hidden, keys.number("intermediate_size"))
    layers = stack(keys, attention(of), mlp, 2 * of.hidden)
    crossing = stack(keys, attention(of, extra=2 * of.head_dim + 2), mlp, 2 * of.hidden)
    chosen = set(keys.numbers("cross_attention_layers") or (3, 8, 13, 18, 23, 28, 33, 38))
    mixed = [crossing[index] if index in chosen else one for index, one in enumerate(layers)]
    return whole(untied(keys), mixed, outside=of.hidden, embeddings=keys.number("vocab_size") + 8)


@family("qwen")
def qwen_first(keys: Keys) -> ModelShape:
    """The first Qwen: `intermediate_size` is the width of gate and up together."""
    of = heads_of(keys)
    mlp = gated(of.hidden, keys.number("intermediate_size") // 2)
    return whole(keys, stack(keys, attention(of, qkv_bias=True), mlp, 2 * of.hidden), outside=of.hidden)
