"""What is asked about a model, and what is taken where nothing was said."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hpctl.catalog.nearest import nearest
from hpctl.errors import UsageError
from hpctl.estimate.regimes import Optimizer, regime
from hpctl.estimate.training import Adapter, Inference, Logits, Recompute, Task, Training
from hpctl.services.model.savings import Savings
from hpctl.terms import AcceleratorKind

USUAL_TYPES = (
    "ml.trn1.32xlarge",
    "ml.trn2.48xlarge",
    "ml.p4d.24xlarge",
    "ml.p5.48xlarge",
    "ml.p5en.48xlarge",
    "ml.p6-b200.48xlarge",
)
"""The instance types that are shown when none is named."""

USUAL_SEQUENCE = 4096
_WEIGHTS = {"fp32": 4.0, "bf16": 2.0, "fp8": 1.0}


class Threshold(StrEnum):
    """What stops a script: a model that does not go, or caveats already."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Question:
    """A person's question; None is what was not said.

    `nodes` bounds the search, or is the number of nodes of `parallel` (such as `tp=8,pp=2`). `sequence` is in tokens,
    the batches in sequences; `precision` names a regime of `hpctl.estimate.regimes` (of inference: fp32, bf16, fp8).
    """

    task: Task
    instance_types: tuple[str, ...] = ()
    nodes: int | None = None
    sequence: int | None = None
    global_batch: int | None = None
    micro_batch: int | None = None
    precision: str | None = None
    optimizer: Optimizer = Optimizer.ADAMW
    parallel: str | None = None
    savings: Savings = field(default_factory=Savings)


def optimizer(name: str) -> Optimizer:
    """The optimizer of this name; UsageError names the nearest."""
    if name in list(Optimizer):
        return Optimizer(name)
    close = nearest(name, Optimizer) or tuple(Optimizer)
    message = f"`{name}` is no optimizer whose state is known"
    raise UsageError(message, hint=f"nearest: {', '.join(f'`{one}`' for one in close)}")


def usual_precision(kind: AcceleratorKind, framework: str) -> str:
    """The precision regime that `framework` trains in unless told otherwise, on accelerators of `kind`.

    Source for Neuron: optimum-neuron 0.4.5 training_args.py (ZeRO-1, master weights and float32 accumulation of
    gradients are on), NxD Training's `mixed_precision`.
    """
    if kind is AcceleratorKind.NVIDIA or framework.startswith("TorchNeuron"):
        return "bf16-mixed"
    return "neuron-mixed"


def wish(question: Question, longest: int | None, usual: str) -> Training | Inference:
    """What is to be computed; `longest` is the model's longest sequence, `usual` the precision of training.

    Raises UsageError for a precision that does not exist.
    """
    sequence = question.sequence or min(USUAL_SEQUENCE, longest or USUAL_SEQUENCE)
    if question.task is Task.INFERENCE:
        batch = question.micro_batch or question.global_batch or 1
        stored = question.savings.quantized
        width = stored.bytes_each if stored else _width(question.precision or "bf16")
        return Inference(sequence, batch, weight_bytes=width)
    return _training(question, sequence, usual)


def _training(question: Question, sequence: int, usual: str) -> Training:
    saved = question.savings
    return Training(
        regime(question.precision or usual),
        sequence,
        micro_batch=question.micro_batch or 1,
        global_batch=question.global_batch,
        optimizer=question.optimizer,
        adapter=_adapter(question),
        recompute=saved.recompute or Recompute.FULL,
        logits=saved.logits or Logits.WHOLE,
        offload=saved.offload,
    )


def _adapter(question: Question) -> Adapter | None:
    stored = question.savings.quantized
    match question.task:
        case Task.LORA if stored:
            return Adapter(weight_bytes=stored.bytes_each)
        case Task.LORA:
            return Adapter()
        case _ if stored:
            hint = "`--quantize` stores weights that are not trained: use it with `--task lora` or `--task inference`"
            raise UsageError(f"weights in {stored} cannot be trained", hint=hint)
        case _:
            return None


def settings(question: Question, longest: int | None) -> str:
    """What is counted with, in words."""
    match wish(question, longest, "bf16-mixed"):
        case Inference(sequence=sequence, batch=sequences):
            return f"{sequences} x {sequence:,} tokens in the KV cache, {_stored(question)}"
        case Training(sequence=sequence, micro_batch=micro):
            batch = f", global batch {question.global_batch}" if question.global_batch else ""
            precision = question.precision or "the framework's usual precision"
            saved = question.savings.words()
            return f"{sequence:,} tokens, micro-batch {micro}{batch}, {question.optimizer}, {precision}{saved}"


def _stored(question: Question) -> str:
    return f"weights in {question.savings.quantized or question.precision or 'bf16'}"


def _width(precision: str) -> float:
    if precision in _WEIGHTS:
        return _WEIGHTS[precision]
    message = f"`{precision}` is no precision of inference"
    raise UsageError(message, hint=f"known: {', '.join(_WEIGHTS)}")
