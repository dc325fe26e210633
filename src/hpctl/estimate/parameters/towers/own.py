"""Models with a vision encoder of their own: Qwen, Llama, GLM, Gemma 4, Kimi."""

from __future__ import annotations

from hpctl.estimate.parameters.blocks import linear
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.parameters.towers.declare import Parts, beside
from hpctl.estimate.parameters.towers.encoders import block, patches, pixels
from hpctl.estimate.shape import Tower


@beside("qwen2_vl", vision="qwen2_vl_vision")
def qwen2_vl(parts: Parts) -> tuple[Tower, ...]:
    """Qwen2-VL: patches of two frames; neighbours are merged on the way out."""
    keys = parts.encoder("vision_config", "qwen2_vl_vision")
    dim, out = keys.number("embed_dim"), keys.number("hidden_size", otherwise=parts.text_hidden)
    layers = keys.number("depth") * block(dim, dim * keys.number("mlp_ratio", otherwise=4))
    return _merged(_frames(keys) * dim + layers, dim, out, keys, norm=2 * dim)


@beside("qwen2_5_vl", vision="qwen2_5_vl_vision")
def qwen2_5_vl(parts: Parts) -> tuple[Tower, ...]:
    """Qwen2.5-VL: gated feed-forward parts, norms without biases."""
    keys = parts.encoder("vision_config", "qwen2_5_vl_vision")
    hidden, width = keys.number("hidden_size"), keys.number("intermediate_size")
    one = 4 * linear(hidden, hidden, bias=True) + 2 * linear(hidden, width, bias=True)
    one += linear(width, hidden, bias=True) + 2 * hidden
    out = keys.number("out_hidden_size", otherwise=parts.text_hidden)
    return _merged(_frames(keys) * hidden + keys.number("depth") * one, hidden, out, keys, norm=hidden)


@beside("qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe", vision="qwen3_vl_vision")
def qwen3_vl(parts: Parts) -> tuple[Tower, ...]:
    """Qwen3-VL and Qwen3.5: learned positions; Qwen3-VL merges what leaves some layers in between as well."""
    deep = parts.outer.model_type.startswith("qwen3_vl")
    keys = parts.encoder("vision_config", f"{parts.outer.model_type}_vision")
    hidden, out = keys.number("hidden_size"), keys.number("out_hidden_size", otherwise=parts.text_hidden)
    layers = keys.number("depth") * block(hidden, keys.number("intermediate_size"))
    vision = (_frames(keys) + 1 + keys.number("num_position_embeddings")) * hidden + layers
    wide = hidden * keys.number("spatial_merge_size", otherwise=2) ** 2
    between = keys.numbers("deepstack_visual_indexes") or (8, 16, 24)
    extra = len(between) * (2 * wide + _merger(wide, out)) if deep else 0
    return Tower("vision", vision), Tower("projector", 2 * hidden + _merger(wide, out) + extra)


def _merged(vision: int, hidden: int, out: int, keys: Keys, *, norm: int) -> tuple[Tower, ...]:
    wide = hidden * keys.number("spatial_merge_size", otherwise=2) ** 2
    return Tower("vision", vision), Tower("projector", norm + _merger(wide, out))


def _merger(wide: int, out: int) -> int:
    return linear(wide, wide, bias=True) + linear(wide, out, bias=True)


def _frames(keys: Keys) -> int:
    return pixels(keys) * keys.number("temporal_patch_size", otherwise=2)


@beside("mllama", vision="mllama_vision_model")
def mllama(parts: Parts) -> tuple[Tower, ...]:
    """Llama 3.2 Vision: a picture in tiles, with positions of tiles for each shape; global layers with gates."""
    keys = parts.encoder("vision_config", "mllama_vision_model")
    hidden, tiles = keys.number("hidden_size"), keys.number("max_num_tiles")
    shapes = keys.said.get("supported_aspect_ratios")
    rows = 1 + (len(shapes) if isinstance(shapes, list) else 8)
    places = patches(keys) + 1
    tiled = places * hidden + 1 + rows * tiles * places * hidden + 2 * (1 + rows * tiles * hidden)
    one = block(hidden, keys.number("intermediate_size"), qkv_bias=False) - hidden
    layers = keys.number("num_hidden_layers") * one + keys.number("num_global_layers") * (one + 2)
    vision = hidden + linear(pixels(keys), hidden) + tiled + 4 * hidden + layers
    return Tower("vision", vision), Tower(
        "projector", linear(keys.number("vision_output_dim"), parts.text_hidden, bias=True)
    )


@beside("llama4", vision="llama4_vision_model")
def llama4(parts: Parts) -> tuple[Tower, ...]:
    """Llama 4: an adapter behind the layers, and one projection."""
    keys = parts.encoder("vision_config", "llama4_vision_model")
    hidden, width = keys.number("hidden_size"), keys.number("intermediate_size")
    layers = keys.number("num_hidden_layers") * block(hidden, width)
    vision = hidden + linear(pixels(keys), hidden) + (patches(keys) + 1) * hidden + 4 * hidden + layers
    inner, outward = keys.number("projector_input_dim"), keys.number("projector_output_dim")
    adapter = linear(width, inner) + linear(outward, outward)
    return Tower("vision", vision), Tower(
        "projector", adapter + linear(keys.number("vision_output_dim"), parts.text_hidden)
    )


@beside("glm4v", "glm46v", "glm4v_moe", vision="glm4v_vision")
def glm4v(parts: Parts) -> tuple[Tower, ...]:
    """GLM-4.1V to 4.6V: gated layers, a convolution that merges neighbours, a gated projection."""
    keys = parts.encoder("vision_config", "glm4v_vision")
    hidden, out = keys.number("hidden_size"), keys.number("out_hidden_size")
    attending = 3 * linear(hidden, hidden, bias=keys.flag("attention_bias")) + linear(hidden, hidden)
    one = attending + 3 * linear(hidden, out) + 2 * hidden
    embedding = (_frames(keys) + 1 + patches(keys)) * hidden + hidden
    merge = keys.number("spatial_merge_size", otherwise=2) ** 2
    merger = linear(hidden * merge, out, bias=True) + linear(out, out) + 2 * out
    gated = 3 * linear(out, keys.number("intermediate_size"))
    return Tower("vision", embedding + keys.number("depth") * one + hidden), Tower("projector", merger + gated)


@beside("kimi_k25", vision="kimi_k25_vision")
def kimi_k25(parts: Parts) -> tuple[Tower, ...]:
    """Kimi K2.5: learned positions for rows and columns; those of time are computed."""
    keys = parts.encoder("vision_config", "kimi_k25_vision")
    hidden = keys.number("hidden_size")
    layers = keys.number("num_hidden_layers") * block(hidden, keys.number("intermediate_size"))
    places = keys.number("pos_emb_height") * keys.number("pos_emb_width") * hidden
    high, across = keys.numbers("merge_kernel_size") or (2, 2)
    wide, norm = hidden * high * across, 2 * parts.outer.number("projection_hidden_size", otherwise=hidden)
    projector = norm + linear(wide, wide, bias=True) + linear(wide, parts.text_hidden, bias=True)
    return Tower("vision", linear(pixels(keys), hidden, bias=True) + places + layers + 2 * hidden), Tower(
        "projector", projector
    )


@beside("minimax_m3_vl", vision="minimax_m3_vl_vision")
def minimax_m3_vl(parts: Parts) -> tuple[Tower, ...]:
    """MiniMax M3: two projections of a patch, and two of merged neighbours."""
    keys, text = parts.encoder("vision_config", "minimax_m3_vl_vision"), parts.text_hidden
    hidden, inner = keys.number("hidden_size"), parts.outer.number("projector_hidden_size", otherwise=text)
    layers = keys.number("num_hidden_layers") * block(hidden, keys.number("intermediate_size"))
    merged = text * keys.number("spatial_merge_size", otherwise=2) ** 2
    projector = linear(hidden, inner, bias=True) + linear(inner, text, bias=True)
    projector += linear(merged, inner, bias=True) + linear(inner, text, bias=True)
    return Tower("vision", _frames(keys) * hidden + 2 * hidden + layers), Tower("projector", projector)
