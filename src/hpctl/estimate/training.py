"""What is asked of a model: to be trained or to serve, with which lengths, batches and savings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hpctl.estimate.regimes import Optimizer, Regime


class Task(StrEnum):
    """What a person wants of a model."""

    PRETRAIN = "pretrain"
    FINETUNE = "finetune"
    LORA = "lora"
    INFERENCE = "inference"


class Recompute(StrEnum):
    """Which activations are thrown away and computed again in the backward pass.

    `attention` is Megatron's and NxDT's selective mode (the scores of the core attention), `selective` torchtitan's
    per-operator mode (every second matrix product is kept), `full` keeps only the input of each layer.
    """

    NONE = "none"
    ATTENTION = "attention"
    SELECTIVE = "selective"
    FULL = "full"


class Kernel(StrEnum):
    """How attention is computed: `eager` writes the scores out, `flash` never does."""

    FLASH = "flash"
    EAGER = "eager"


class Logits(StrEnum):
    """How the output of the head stands in memory.

    `whole`: in bf16 and float32 with gradients (PyTorch's cross-entropy). `kept`: the same, and the model's answer
    holds on to the bf16 ones until the step ends (transformers from 4.47). `copied`: as transformers did before, which
    made float32 logits and then a shifted copy of them. `half`: in 16 bits only (flash-attn's fused cross-entropy;
    log-probabilities of preference losses). `fused`: never, the loss is fused with the head (Liger, Apple's CCE) or
    goes through it in chunks.
    """

    COPIED = "copied"
    KEPT = "kept"
    WHOLE = "whole"
    HALF = "half"
    FUSED = "fused"


class Operations(StrEnum):
    """How norms and gates run: `fused` (torch.compile, Liger, Megatron), or one by one and norms in float32 (`eager`).

    `eager` is what the models of transformers do by themselves.
    """

    FUSED = "fused"
    EAGER = "eager"


class Step(StrEnum):
    """How the optimizer updates: `fused` in one kernel, or `foreach` over all weights at once with temporary copies.

    PyTorch takes `foreach` on GPUs unless it is told otherwise; transformers 5, torchtitan and torchtune take `fused`.
    """

    FUSED = "fused"
    FOREACH = "foreach"


class Offload(StrEnum):
    """What is kept in the memory of the host."""

    ACTIVATIONS = "activations"
    OPTIMIZER = "optimizer"
    WEIGHTS = "weights"


class Targets(StrEnum):
    """Which projections get an adapter."""

    ATTENTION = "attention"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class Adapter:
    """LoRA: the model is frozen at `weight_bytes` a parameter of its layers (2 bf16; about 0.55 nf4 with its scales).

    Embedding, head and norms stay at `plain_bytes` when the layers are quantised (bitsandbytes and torchtune quantise
    linear layers only): 2, or 4 after PEFT's prepare_model_for_kbit_training. Routed experts get no adapters.
    """

    rank: int = 16
    weight_bytes: float = 2.0
    plain_bytes: float = 2.0
    targets: Targets = Targets.LINEAR


@dataclass(frozen=True, slots=True)
class Training:
    """One way to train.

    `sequence` in tokens, `micro_batch` and `global_batch` in samples (None: enough to fill the pipeline). `sequences`
    is how many sequences a sample has: 2 where a chosen and a rejected one pass together (DPO, ORPO).
    `reference_bytes` a parameter of a frozen reference model beside the trained one (DPO: 2), 0 without.
    """

    regime: Regime
    sequence: int
    micro_batch: int = 1
    global_batch: int | None = None
    optimizer: Optimizer = Optimizer.ADAMW
    recompute: Recompute = Recompute.FULL
    kernel: Kernel = Kernel.FLASH
    logits: Logits = Logits.WHOLE
    operations: Operations = Operations.FUSED
    step: Step = Step.FUSED
    adapter: Adapter | None = None
    reference_bytes: float = 0.0
    sequences: int = 1
    offload: frozenset[Offload] = frozenset()

    @property
    def tokens(self) -> int:
        """Tokens of one micro-batch."""
        return self.micro_batch * self.sequence * self.sequences


@dataclass(frozen=True, slots=True)
class Inference:
    """One way to serve: `batch` sequences of `sequence` tokens at once, prompts read in pieces of `prefill` tokens."""

    sequence: int
    batch: int = 1
    weight_bytes: float = 2.0
    cache_bytes: float = 2.0
    prefill: int = 8192
