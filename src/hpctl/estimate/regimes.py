"""What one trained parameter costs, in bytes, under each precision regime, and what an optimizer keeps of it.

Sources: Rajbhandari et al., arXiv 1910.02054 (mixed precision, K = 12); Megatron-LM `theoretical_memory_usage.py` and
the NeuronX Distributed Training configuration overview (float32 gradients beside a float32 master copy); torchtitan
and MosaicML Composer (float32 shards, bf16 gathers); verl `model_dtype` and torchtune (everything bf16).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from hpctl.catalog.nearest import nearest
from hpctl.errors import UsageError


class Optimizer(StrEnum):
    """The optimizers whose state is known."""

    ADAMW = "adamw"
    ADAMW_8BIT = "adamw-8bit"
    ADAFACTOR = "adafactor"
    LION = "lion"
    MUON = "muon"
    SGD = "sgd"
    SGD_MOMENTUM = "sgd-momentum"


@dataclass(frozen=True, slots=True)
class Regime:
    """Bytes a trained parameter: the `weights` that are stored, its `gradients`, a `master` copy, one `moment`.

    `compute` is the width of a weight or an activation while it is used: what FSDP gathers.
    """

    name: str
    meaning: str
    weights: float
    gradients: float
    master: float
    moment: float
    compute: float
    source: str

    def optimizer_bytes(self, optimizer: Optimizer) -> float:
        """Bytes a parameter that `optimizer` keeps, the master copy included."""
        match optimizer:
            case Optimizer.ADAMW:
                return self.master + 2 * self.moment
            case Optimizer.ADAMW_8BIT:
                return self.master + 2
            case Optimizer.LION | Optimizer.MUON | Optimizer.SGD_MOMENTUM:
                return self.master + self.moment
            case Optimizer.ADAFACTOR | Optimizer.SGD:
                return self.master


_TORCHTITAN = "torchtitan and MosaicML Composer: float32 shards, bf16 gathers"
_MEGATRON = "Megatron-LM theoretical_memory_usage.py"
_VERL = "verl model_dtype bf16; torchtune full fine-tuning"
_NXDT = (
    "NeuronX Distributed Training, configuration overview: mixed_precision; what optimum-neuron's "
    "NeuronTrainingArguments do by default under ZeRO-1 (master weights, float32 gradient accumulation)"
)
_OPTIMUM = "optimum-neuron accelerate/accelerator.py: without master weights ZeRO-1 keeps its states in bf16"

_ROWS = (
    Regime("bf16-mixed", "float32 weights, gradients and moments; bf16 in use", 4, 4, 0, 4, 2, _TORCHTITAN),
    Regime("megatron-mixed", "bf16 weights, float32 gradients, master copy and moments", 2, 4, 4, 4, 2, _MEGATRON),
    Regime("zero-mixed", "16-bit weights and gradients, float32 master copy and moments", 2, 2, 4, 4, 2,
           "Rajbhandari et al., arXiv 1910.02054"),
    Regime("bf16", "bf16 throughout", 2, 2, 0, 2, 2, _VERL),
    Regime("bf16-fp32-optimizer", "bf16 weights and gradients, float32 moments", 2, 2, 0, 4, 2,
           "bf16 weights under an optimizer that keeps float32 moments"),
    Regime("fp32", "float32 throughout", 4, 4, 0, 4, 4, "PyTorch's default"),
    Regime("neuron-mixed", "bf16 weights, float32 gradients, master copy and moments", 2, 4, 4, 4, 2, _NXDT),
    Regime("neuron-bf16", "bf16 with stochastic rounding, no master copy", 2, 2, 0, 2, 2, _OPTIMUM),
)  # fmt: skip

REGIMES: Mapping[str, Regime] = MappingProxyType({row.name: row for row in _ROWS})


def regime(name: str) -> Regime:
    """The regime called `name`; raises UsageError with the nearest names."""
    if name in REGIMES:
        return REGIMES[name]
    close = nearest(name, REGIMES) or tuple(REGIMES)
    listed = ", ".join(f"`{one}`" for one in close)
    message = f"`{name}` is not a precision regime"
    raise UsageError(message, hint=f"nearest: {listed}")
