"""Vision encoders that several models share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hpctl.errors import SpecError
from hpctl.estimate.parameters.blocks import linear
from hpctl.estimate.parameters.keys import Keys


def encoder(keys: Keys) -> int:
    """Count the encoder by its own type; SpecError for one that no function counts."""
    count = _ENCODERS.get(keys.model_type)
    if count is None:
        raise SpecError(f"the vision encoder `{keys.model_type}` of `{keys.origin}` cannot be counted")
    return count(keys)


def is_counted(keys: Keys) -> bool:
    """Tell whether `encoder` knows the type."""
    return keys.model_type in _ENCODERS


def patches(keys: Keys) -> int:
    """How many patches a picture has; sizes may be said for both sides."""
    image, patch = _sides(keys, "image_size"), _sides(keys, "patch_size")
    return (image[0] // max(patch[0], 1)) * (image[1] // max(patch[1], 1))


def pixels(keys: Keys) -> int:
    """How many numbers one patch has."""
    height, width = _sides(keys, "patch_size")
    return keys.number("num_channels", "in_channels", otherwise=3) * height * width


def _sides(keys: Keys, name: str) -> tuple[int, int]:
    both = keys.numbers(name)
    if both:
        return both[0], both[-1]
    return keys.number(name), keys.number(name)


def block(hidden: int, width: int, *, qkv_bias: bool = True) -> int:
    """Count a layer of layer norms, attention, and two projections; all with biases, those of Q, K and V by switch."""
    attending = 3 * linear(hidden, hidden, bias=qkv_bias) + linear(hidden, hidden, bias=True)
    return attending + two(hidden, width) + 4 * hidden


def two(hidden: int, width: int) -> int:
    """Count two projections with biases."""
    return linear(hidden, width, bias=True) + linear(width, hidden, bias=True)


def siglip(keys: Keys) -> int:
    """SigLIP: a learned position for each patch; the head that pools is there unless said otherwise."""
    hidden, width = keys.number("hidden_size"), keys.number("intermediate_size")
    places = keys.number("num_patches") if keys.model_type == "siglip2_vision_model" else patches(keys)
    layers = keys.number("num_hidden_layers") * block(hidden, width)
    embedding = linear(pixels(keys), hidden, bias=True) + places * hidden
    pooled = hidden + linear(hidden, 3 * hidden, bias=True) + linear(hidden, hidden, bias=True) + 2 * hidden
    head = pooled + two(hidden, width) if keys.flag("vision_use_head", otherwise=True) else 0
    return embedding + layers + 2 * hidden + head


def idefics(keys: Keys) -> int:
    """Idefics 3 and SmolVLM: SigLIP without the head."""
    hidden = keys.number("hidden_size")
    layers = keys.number("num_hidden_layers") * block(hidden, keys.number("intermediate_size"))
    return linear(pixels(keys), hidden, bias=True) + patches(keys) * hidden + layers + 2 * hidden


def clip(keys: Keys) -> int:
    """CLIP: a token of the class, norms before and behind the layers."""
    hidden = keys.number("hidden_size")
    layers = keys.number("num_hidden_layers") * block(hidden, keys.number("intermediate_size"))
    return hidden + linear(pixels(keys), hidden) + (patches(keys) + 1) * hidden + 4 * hidden + layers


def pixtral(keys: Keys) -> int:
    """Pixtral: Llama's layers over patches, positions rotated."""
    hidden = keys.number("hidden_size")
    one = 4 * linear(hidden, hidden) + 3 * linear(hidden, keys.number("intermediate_size")) + 2 * hidden
    return linear(pixels(keys), hidden) + hidden + keys.number("num_hidden_layers") * one


def internvl(keys: Keys) -> int:
    """InternViT: each side of a layer scaled number by number."""
    hidden, biased = keys.number("hidden_size"), keys.flag("attention_bias")
    normed = (2 if keys.word("norm_type") == "rms_norm" else 4) * hidden
    heads = 2 * hidden if keys.flag("use_qk_norm") else 0
    attending = 3 * linear(hidden, hidden, bias=biased) + linear(hidden, hidden, bias=True) + heads
    one = attending + two(hidden, keys.number("intermediate_size")) + normed + 2 * hidden
    places = (patches(keys) + 1) * hidden if keys.flag("use_absolute_position_embeddings", otherwise=True) else 0
    masked = hidden if keys.flag("use_mask_token") else 0
    last = 0 if keys.flag("use_mean_pooling", otherwise=True) else 2 * hidden
    embedding = hidden + linear(pixels(keys), hidden, bias=True) + places + masked
    return embedding + keys.number("num_hidden_layers") * one + last


_ENCODERS: Mapping[str, Callable[[Keys], int]] = {
    "clip_vision_model": clip,
    "idefics3_vision": idefics,
    "internvl_vision": internvl,
    "pixtral": pixtral,
    "siglip2_vision_model": siglip,
    "siglip_vision_model": siglip,
    "smolvlm_vision": idefics,
}
