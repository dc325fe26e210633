"""Why an architecture that people do ask about is not counted, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

_ENCODER_DECODER = "it is an encoder-decoder, and hpctl counts decoders alone"
_ENCODER = "it is an encoder without a decoder, and hpctl counts decoders alone"
_SPEECH = "it is a model of speech, whose audio parts hpctl cannot count"
_VISION = "it is a vision model without a language model"
_REMOTE = "its code lies beside its weights and is in no release of transformers, so there is nothing to compare with"
_UNCOUNTED = "transformers 5.23.0 has it, but hpctl has no count that was found exact"

_NAMES: Mapping[str, str] = {
    _ENCODER_DECODER: """
        bart bigbird_pegasus blenderbot blenderbot-small encoder-decoder fsmt led longt5 m2m_100 marian mbart mt5
        mvp nllb-moe pegasus pegasus_x plbart prophetnet switch_transformers t5 t5gemma t5gemma2 trocr udop umt5
        vision-encoder-decoder
    """,
    _ENCODER: """
        albert bert bert-generation big_bird camembert convbert data2vec-text deberta deberta-v2 distilbert electra
        ernie esm eurobert flaubert fnet funnel ibert layoutlm layoutlmv3 longformer luke megatron-bert mobilebert
        modernbert mpnet mra nomic_bert nystromformer rembert roberta roberta-prelayernorm roc_bert roformer
        squeezebert tapas xlm xlm-roberta xlm-roberta-xl xmod yoso
    """,
    _SPEECH: """
        audioflamingo3 granite_speech hubert kyutai_speech_to_text moonshine moshi musicflamingo qwen2_audio
        qwen2_audio_encoder qwen3_asr seamless_m4t seamless_m4t_v2 speech_to_text speecht5 vibevoice voxtral
        wav2vec2 wav2vec2-bert wavlm whisper
    """,
    _VISION: """
        beit clip clip_vision_model convnext convnextv2 deit depth_anything detr dinov2 dinov3_vit sam siglip
        siglip2 siglip_vision_model swin swinv2 vit vit_mae yolos
    """,
    _REMOTE: """
        aquila arctic bailing_moe bailing_moe_v2 grok-1 hf_olmo hunyuan internlmxcomposer2 minicpmo minicpmv
        nemotron-nas openelm orion phi3_v phi4mm plamo plamo2 plm skywork solar step1 step3_text step3p5 telechat
        xverse
    """,
    _UNCOUNTED: """
        axk1 axk2 bailing_hybrid blt cohere_compass_text cpmant dots3_note_text ernie4_5_vl_moe_text evolla fuyu
        hrm_text hy_v4 inkling2_text inkling_text modernbert-decoder phi4_multimodal qwen4_exp_text reformer xlnet
        zamba zaya
    """,
}

_REASONS = {name: reason for reason, names in _NAMES.items() for name in names.split()}


def refusal(model_type: str) -> str | None:
    """Tell why a known model type is not counted; None for one that nobody has named here."""
    return _REASONS.get(model_type)


def refused_types() -> tuple[str, ...]:
    """All model types that are refused with a reason of their own, in alphabetical order."""
    return tuple(sorted(_REASONS))
