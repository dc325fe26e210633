"""GPT-2 and the decoders of its time: layer norms, no gate, biases nearly everywhere."""

from __future__ import annotations

from dataclasses import replace

from hpctl.estimate.parameters.blocks import Heads, attention, heads_of, plain, stack, whole
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.shape import ModelShape


@family("gpt2", "gpt-sw3", "gpt_bigcode")
def gpt2(keys: Keys) -> ModelShape:
    """Learned positions; StarCoder 1 has one key and value for all heads."""
    of = heads_of(keys)
    if keys.model_type == "gpt_bigcode":
        of = replace(of, kv_heads=1 if keys.flag("multi_query", otherwise=True) else of.heads)
    mlp = plain(of.hidden, keys.number("n_inner", otherwise=4 * of.hidden), bias=True)
    positions = of.hidden * keys.number("n_positions")
    mixer = attention(of, qkv_bias=True, out_bias=True)
    return whole(keys, stack(keys, mixer, mlp, 4 * of.hidden), outside=2 * of.hidden + positions)


@family("gpt_neo")
def gpt_neo(keys: Keys) -> ModelShape:
    """Learned positions; of attention only the output has a bias; a window in every second layer."""
    of = heads_of(keys)
    width = keys.number("intermediate_size", otherwise=4 * of.hidden)
    layers = stack(keys, attention(of, out_bias=True), plain(of.hidden, width, bias=True), 4 * of.hidden)
    positions = of.hidden * keys.number("max_position_embeddings")
    return whole(keys, layers, outside=2 * of.hidden + positions)


@family("gptj", "codegen")
def gptj(keys: Keys) -> ModelShape:
    """One norm for both sides; biases in the feed-forward part and the head."""
    of = heads_of(keys)
    mlp = plain(of.hidden, keys.number("n_inner", otherwise=4 * of.hidden), bias=True)
    layers = stack(keys, attention(of), mlp, 2 * of.hidden)
    return whole(keys, layers, outside=2 * of.hidden, head_bias=keys.number("vocab_size"))


@family("gpt_neox")
def gpt_neox(keys: Keys) -> ModelShape:
    """GPT-NeoX and Pythia: a switch for the biases of attention."""
    of = heads_of(keys)
    biased = keys.flag("attention_bias", otherwise=True)
    mlp = plain(of.hidden, keys.number("intermediate_size"), bias=True)
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    return whole(keys, stack(keys, mixer, mlp, 4 * of.hidden), outside=2 * of.hidden)


@family("bloom")
def bloom(keys: Keys) -> ModelShape:
    """A layer norm of the embedding too."""
    of = heads_of(keys)
    mixer = attention(of, qkv_bias=True, out_bias=True)
    mlp = plain(of.hidden, 4 * of.hidden, bias=True)
    return whole(keys, stack(keys, mixer, mlp, 4 * of.hidden), outside=4 * of.hidden)


@family("opt")
def opt(keys: Keys) -> ModelShape:
    """Learned positions, two more than the longest sequence; the 350M model embeds into a width of its own."""
    of = heads_of(keys)
    biased = keys.flag("enable_bias", otherwise=True)
    norm = 2 * of.hidden if keys.flag("layer_norm_elementwise_affine", otherwise=True) else 0
    mlp = plain(of.hidden, keys.number("ffn_dim"), bias=biased)
    layers = stack(keys, attention(of, qkv_bias=biased, out_bias=biased), mlp, 2 * norm)
    last = keys.flag("do_layer_norm_before", otherwise=True) and not keys.flag("_remove_final_layer_norm")
    positions = of.hidden * (keys.number("max_position_embeddings") + 2)
    narrow = keys.number("word_embed_proj_dim", otherwise=of.hidden)
    bridges = 2 * of.hidden * narrow if narrow != of.hidden else 0
    shape = whole(keys, layers, outside=positions + bridges + (norm if last else 0))
    vocabulary = shape.vocabulary * narrow
    return replace(shape, embedding_parameters=vocabulary, head_parameters=0 if shape.tied else vocabulary)


@family("mpt")
def mpt(keys: Keys) -> ModelShape:
    """No biases at all."""
    of = heads_of(keys)
    mlp = plain(of.hidden, of.hidden * keys.number("expansion_ratio", otherwise=4))
    return whole(keys, stack(keys, attention(of), mlp, 2 * of.hidden), outside=of.hidden)


@family("RefinedWeb", "RefinedWebModel")
def refined_web(keys: Keys) -> ModelShape:
    """Falcon 40B and 7B under their first names: the former says no more of its groups than how many there are."""
    said = {"tie_word_embeddings": True, "new_decoder_architecture": keys.model_type == "RefinedWeb", **keys.said}
    return falcon(replace(keys, said=said))


@family("falcon")
def falcon(keys: Keys) -> ModelShape:
    """The 7B has one key for all heads and one norm; 40B and 180B have groups and two norms; the RW models biases."""
    of = _falcon_heads(keys)
    biased = keys.flag("bias")
    mlp = plain(of.hidden, keys.number("ffn_hidden_size", otherwise=4 * of.hidden), bias=biased)
    mixer = attention(of, qkv_bias=biased, out_bias=biased)
    return whole(keys, stack(keys, mixer, mlp, _falcon_norms(keys) * 2 * of.hidden), outside=2 * of.hidden)


def _falcon_heads(keys: Keys) -> Heads:
    of = heads_of(keys)
    if keys.flag("new_decoder_architecture"):
        return replace(of, kv_heads=keys.number("num_kv_heads", "n_head_kv", otherwise=of.heads))
    return replace(of, kv_heads=1 if keys.flag("multi_query", otherwise=True) else of.heads)


def _falcon_norms(keys: Keys) -> int:
    if keys.flag("new_decoder_architecture"):
        return keys.number("num_ln_in_parallel_attn", otherwise=2)
    return 1 if keys.flag("parallel_attn", otherwise=True) else 2
