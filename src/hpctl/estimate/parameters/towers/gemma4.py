"""What Gemma 4 has beside its language model: an encoder of pictures, and of sound in the smaller ones."""

from __future__ import annotations

from hpctl.estimate.parameters.blocks import linear
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.towers.declare import Parts, beside
from hpctl.estimate.shape import Tower


@beside("gemma4", vision="gemma4_vision")
def gemma4(parts: Parts) -> tuple[Tower, ...]:
    """Count an encoder and a projection for each of the two that the configuration has."""
    towers = []
    projector = 0
    if parts.has("vision_config"):
        vision = parts.encoder("vision_config", "gemma4_vision")
        towers.append(Tower("vision", _vision(vision)))
        projector += linear(vision.number("hidden_size"), parts.text_hidden)
    if parts.has("audio_config"):
        audio = parts.encoder("audio_config", "gemma4_audio")
        towers.append(Tower("audio", _audio(audio)))
        projector += linear(audio.number("output_proj_dims", otherwise=1536), parts.text_hidden)
    return (*towers, Tower("projector", projector))


def _vision(keys: Keys) -> int:
    """Count patches, a table of positions for each side, and layers with four norms and norms of heads."""
    hidden, dim = keys.number("hidden_size"), keys.number("head_dim")
    heads, kv_heads = keys.number("num_attention_heads"), keys.number("num_key_value_heads")
    attending = 2 * linear(hidden, heads * dim) + 2 * linear(hidden, kv_heads * dim) + 2 * dim
    one = attending + 3 * linear(hidden, keys.number("intermediate_size")) + 4 * hidden
    table = 2 * keys.number("position_embedding_size", otherwise=10240) * hidden
    patch = linear(3 * keys.number("patch_size") ** 2, hidden)
    return patch + table + keys.number("num_hidden_layers") * one


def _audio(keys: Keys) -> int:
    """Count two convolutions over time and frequency, Conformer layers, and a projection."""
    hidden, kernel = keys.number("hidden_size"), keys.number("conv_kernel_size", otherwise=5)
    first, second = keys.numbers("subsampling_conv_channels") or (128, 32)
    before = 9 * first + first + 9 * first * second + second + linear(second * _FREQUENCIES // 4, hidden)
    feeding = 2 * (2 * linear(hidden, 4 * hidden) + 2 * hidden)
    attending = 5 * linear(hidden, hidden) + hidden // max(keys.number("num_attention_heads"), 1)
    convolving = linear(hidden, 2 * hidden) + linear(hidden, hidden) + hidden * kernel + 2 * hidden
    one = feeding + attending + convolving + 3 * hidden
    after = linear(hidden, keys.number("output_proj_dims", otherwise=1536), bias=True)
    return before + keys.number("num_hidden_layers") * one + after


_FREQUENCIES = 128
"""Rows of the spectrogram that comes in."""
