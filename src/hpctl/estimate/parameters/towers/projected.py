"""Models that put a projector between a vision encoder and a language model: LLaVA and its like."""

from __future__ import annotations

from hpctl.estimate.parameters.blocks import linear
from hpctl.estimate.parameters.towers.declare import Parts, beside
from hpctl.estimate.parameters.towers.encoders import encoder
from hpctl.estimate.shape import Tower


@beside("llava", vision="clip_vision_model")
def llava(parts: Parts) -> tuple[Tower, ...]:
    """Two projections, of as many of the encoder's layers as are named."""
    return _llava(parts, "clip_vision_model", extra=0)


@beside("llava_next", vision="clip_vision_model")
def llava_next(parts: Parts) -> tuple[Tower, ...]:
    """LLaVA with a learned end of line."""
    return _llava(parts, "clip_vision_model", extra=parts.text_hidden)


@beside("llava_onevision", vision="siglip_vision_model")
def llava_onevision(parts: Parts) -> tuple[Tower, ...]:
    """LLaVA-OneVision: as LLaVA-NeXT, with SigLIP."""
    return _llava(parts, "siglip_vision_model", extra=parts.text_hidden)


def _llava(parts: Parts, usual: str, *, extra: int) -> tuple[Tower, ...]:
    vision, text = parts.encoder("vision_config", usual), parts.text_hidden
    biased = parts.outer.flag("multimodal_projector_bias", otherwise=True)
    named = parts.outer.said.get("vision_feature_layer")
    wide = vision.number("hidden_size") * (len(named) if isinstance(named, list) else 1)
    return _both(encoder(vision), linear(wide, text, bias=biased) + linear(text, text, bias=biased) + extra)


@beside("mistral3", vision="pixtral")
def mistral3(parts: Parts) -> tuple[Tower, ...]:
    """Mistral Small 3.1: neighbouring patches are merged first."""
    vision, text = parts.encoder("vision_config", "pixtral"), parts.text_hidden
    hidden, biased = vision.number("hidden_size"), parts.outer.flag("multimodal_projector_bias")
    merged = hidden * parts.outer.number("spatial_merge_size", otherwise=2) ** 2
    named = parts.outer.said.get("vision_feature_layer")
    wide = hidden * (len(named) if isinstance(named, list) else 1)
    projector = hidden + linear(merged, hidden) + linear(wide, text, bias=biased) + linear(text, text, bias=biased)
    return _both(encoder(vision), projector)


@beside("idefics3", vision="idefics3_vision")
def idefics3(parts: Parts) -> tuple[Tower, ...]:
    """Idefics 3 and the first SmolVLM."""
    return _shuffled(parts, "idefics3_vision")


@beside("smolvlm", vision="smolvlm_vision")
def smolvlm(parts: Parts) -> tuple[Tower, ...]:
    """SmolVLM 2."""
    return _shuffled(parts, "smolvlm_vision")


def _shuffled(parts: Parts, usual: str) -> tuple[Tower, ...]:
    vision = parts.encoder("vision_config", usual)
    wide = vision.number("hidden_size") * parts.outer.number("scale_factor", otherwise=2) ** 2
    return _both(encoder(vision), linear(wide, parts.text_hidden))


@beside("gemma3", vision="siglip_vision_model")
def gemma3(parts: Parts) -> tuple[Tower, ...]:
    """Gemma 3: one projection behind a norm."""
    vision = parts.encoder("vision_config", "siglip_vision_model")
    hidden = vision.number("hidden_size")
    return _both(encoder(vision), linear(hidden, parts.text_hidden) + hidden)


@beside("paligemma", vision="siglip_vision_model")
def paligemma(parts: Parts) -> tuple[Tower, ...]:
    """PaliGemma: one projection with a bias."""
    vision = parts.encoder("vision_config", "siglip_vision_model")
    wide = parts.outer.number("projection_dim", otherwise=2048)
    return _both(encoder(vision), linear(vision.number("hidden_size"), wide, bias=True))


@beside("internvl", vision="internvl_vision")
def internvl(parts: Parts) -> tuple[Tower, ...]:
    """InternVL 3 in transformers' own format."""
    vision, text = parts.encoder("vision_config", "internvl_vision"), parts.text_hidden
    ratio = parts.outer.said.get("downsample_ratio")
    shrunk = ratio if isinstance(ratio, float) and 0 < ratio <= 1 else 0.5
    wide = vision.number("hidden_size") * int(1 / shrunk) ** 2
    return _both(encoder(vision), 2 * wide + linear(wide, text, bias=True) + linear(text, text, bias=True))


@beside("cohere2_vision", vision="siglip_vision_model")
def cohere2_vision(parts: Parts) -> tuple[Tower, ...]:
    """Command A Vision: a gated projection; the encoder keeps its head."""
    vision = parts.encoder("vision_config", "siglip_vision_model")
    wide = vision.number("hidden_size") * parts.outer.number("downsample_factor", otherwise=2) ** 2
    inner = parts.outer.number("alignment_intermediate_size", otherwise=36864)
    return _both(encoder(vision), linear(wide, inner, bias=True) + linear(inner // 2, parts.text_hidden, bias=True))


@beside("lfm2_vl", vision="siglip2_vision_model")
def lfm2_vl(parts: Parts) -> tuple[Tower, ...]:
    """LFM2-VL: a projector with a width of its own, with switches for its norm and biases."""
    vision, outer = parts.encoder("vision_config", "siglip2_vision_model"), parts.outer
    wide = vision.number("hidden_size") * outer.number("downsample_factor", otherwise=2) ** 2
    inner, biased = outer.number("projector_hidden_size"), outer.flag("projector_bias", otherwise=True)
    norm = 2 * wide if outer.flag("projector_use_layernorm", otherwise=True) else 0
    projector = norm + linear(wide, inner, bias=biased) + linear(inner, parts.text_hidden, bias=biased)
    return _both(encoder(vision), projector)


def _both(vision: int, projector: int) -> tuple[Tower, ...]:
    return Tower("vision", vision), Tower("projector", projector)
