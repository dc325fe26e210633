"""Shapes of well-known models, written by hand from their published configurations, apart from the code that counts."""

from __future__ import annotations

from hpctl.estimate.device import GIB, Device
from hpctl.estimate.shape import Attention, Experts, Layer, Mlp, ModelShape
from hpctl.terms import AcceleratorKind

H100 = Device("NVIDIA H100 80GB", AcceleratorKind.NVIDIA, 80 * GIB, 8)
TRAINIUM1 = Device("NeuronCore of Trainium1", AcceleratorKind.NEURON, 16 * GIB, 32)


def gated(
    hidden: int, layers: int, heads: int, kv: int, width: int, vocabulary: int, *, dim: int = 128, tied: bool = False
) -> ModelShape:
    """A Llama-like model: grouped queries, three matrices in the feed-forward part, two norms a layer."""
    attention = Attention(heads, kv, dim, dim, 2 * kv * dim, 2 * hidden * dim * (heads + kv))
    layer = Layer(attention, Mlp(width, gated=True, parameters=3 * hidden * width), None, 2 * hidden)
    return _model("llama", hidden, (layer,) * layers, vocabulary, tied=tied)


def plain(hidden: int, layers: int, heads: int, vocabulary: int = 50368) -> ModelShape:
    """MPT: every head has its own keys, two matrices of four times the width, one norm each, tied head."""
    dim = hidden // heads
    attention = Attention(heads, heads, dim, dim, 2 * hidden, 4 * hidden * hidden)
    layer = Layer(attention, Mlp(4 * hidden, gated=False, parameters=8 * hidden * hidden), None, 2 * hidden)
    return _model("mpt", hidden, (layer,) * layers, vocabulary, tied=True)


def mixture(
    hidden: int, layers: int, heads: int, kv: int, width: int, vocabulary: int, *, experts: int, top: int, dim: int
) -> ModelShape:
    """Routed experts in every layer, none shared."""
    attention = Attention(heads, kv, dim, dim, 2 * kv * dim, 2 * hidden * dim * (heads + kv))
    each = Mlp(width, gated=True, parameters=3 * hidden * width)
    layer = Layer(attention, None, Experts(experts, top, each, hidden * experts), 2 * hidden)
    return _model("moe", hidden, (layer,) * layers, vocabulary, tied=False)


def _model(kind: str, hidden: int, layers: tuple[Layer, ...], vocabulary: int, *, tied: bool) -> ModelShape:
    table = vocabulary * hidden
    return ModelShape(kind, hidden, layers, vocabulary, table, 0 if tied else table, hidden, tied)


LLAMA_1B = gated(2048, 16, 32, 8, 8192, 128256, dim=64, tied=True)
LLAMA_8B = gated(4096, 32, 32, 8, 14336, 128256)
LLAMA_70B = gated(8192, 80, 64, 8, 28672, 128256)
LLAMA_405B = gated(16384, 126, 128, 8, 53248, 128256)
LLAMA2_7B = gated(4096, 32, 32, 32, 11008, 32000)
LLAMA2_70B = gated(8192, 80, 64, 8, 28672, 32000)
MISTRAL_7B = gated(4096, 32, 32, 8, 14336, 32000)
NEMO_12B = gated(5120, 40, 32, 8, 14336, 131072)
QWEN2_7B = gated(3584, 28, 28, 4, 18944, 152064)
QWEN2_14B = gated(5120, 48, 40, 8, 13824, 152064)
QWEN3_600M = gated(1024, 28, 16, 8, 3072, 151936, tied=True)
QWEN3_4B = gated(2560, 36, 32, 8, 9728, 151936, tied=True)
QWEN3_8B = gated(4096, 36, 32, 8, 12288, 151936)
QWEN3_14B = gated(5120, 40, 40, 8, 17408, 151936)
MIXTRAL = mixture(4096, 32, 32, 8, 14336, 32000, experts=8, top=2, dim=128)
GPT_OSS_120B = mixture(2880, 36, 64, 8, 2880, 201088, experts=128, top=4, dim=64)
MPT = {
    "MPT-125m": plain(768, 12, 12),
    "MPT-350m": plain(1024, 24, 16),
    "MPT-760m": plain(1536, 24, 12),
    "MPT-1b": plain(2048, 24, 16),
    "MPT-3b": plain(2560, 32, 20),
    "MPT-7b": plain(4096, 32, 32),
    "MPT-13b": plain(5120, 40, 40),
    "MPT-30b": plain(7168, 48, 56),
    "MPT-70b": plain(8192, 80, 64),
}
