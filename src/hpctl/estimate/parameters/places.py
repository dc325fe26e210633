"""Which module counts which model type: a module is imported only when a model of its own is asked about."""

from __future__ import annotations

from collections.abc import Mapping

_TYPES: Mapping[str, str] = {
    "compressed": """
        deepseek_v4
    """,
    "deepseek": """
        afmoe deepseek deepseek_v2 deepseek_v3 dots1 exaone_moe glm4_moe glm4_moe_lite glm4v_moe_text hy_v3
        kimi_k2 minicpm3 mistral4 solar_open
    """,
    "dense": """
        arcee baichuan bitnet chatglm cohere cohere2 cwm emu3_text_model ernie4_5 exaone glm glm4 glm4v_text
        granite helium internlm internlm2 internlm3 iquestcoder llama minicpm ministral ministral3 mistral
        mllama_text_model phi3 qwen seed_oss smollm3 Yi yi
    """,
    "distinct": """
        aria_text diffllama doge hyperclovax jetmoe nanochat youtu
    """,
    "early": """
        biogpt ctrl gpt_neox_japanese openai-gpt xglm
    """,
    "gemma": """
        gemma gemma2 gemma3_text gemma3n_text vaultgemma
    """,
    "gemma4": """
        gemma4_text gemma4_unified_text
    """,
    "gpt": """
        bloom codegen falcon gpt-sw3 gpt2 gpt_bigcode gpt_neo gpt_neox gptj mpt opt RefinedWeb
        RefinedWebModel
    """,
    "hybrid": """
        bamba granitemoehybrid jamba lfm2 minimax minimax_m1 minimax_text_01
    """,
    "indexed": """
        deepseek_v32 glm_moe_dsa
    """,
    "linears": """
        kimi_linear lfm2_moe lfm3 olmo_hybrid
    """,
    "longcat": """
        longcat_flash
    """,
    "mixture": """
        dbrx ernie4_5_moe flex_olmo gpt_oss granitemoe granitemoeshared hunyuan_v1_moe llama4_text
        minimax_m2 mixtral olmoe phimoe
    """,
    "nemotron_h": """
        falcon_h1 nemotron_h
    """,
    "norms": """
        apertus exaone4 hunyuan_v1_dense jais2 nemotron olmo olmo2 olmo3 persimmon phi phi-msft stablelm
        starcoder2
    """,
    "qwen": """
        qwen2 qwen2_5_omni_text qwen2_5_vl qwen2_5_vl_text qwen2_moe qwen2_vl qwen2_vl_text qwen3 qwen3_5
        qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen3_moe qwen3_next qwen3_omni_moe_text qwen3_vl_moe_text
        qwen3_vl_text
    """,
    "recurrent": """
        recurrent_gemma rwkv xlstm
    """,
    "sinks": """
        granite_swa granitemoe_swa laguna mimo_v2_flash
    """,
    "sparse": """
        cohere2_moe flint kolibri1 mellum minimax_m3_vl_text
    """,
    "states": """
        falcon_mamba mamba mamba2
    """,
    "zamba": """
        zamba2
    """,
}

PLACES: Mapping[str, str] = {name: module for module, names in _TYPES.items() for name in names.split()}
"""Model type → module; the declarations in the modules say the same, and a test compares the two."""
