"""Count what PyTorch keeps of one layer for the backward pass, beside what `hpctl.estimate.widths` says.

Needs torch and transformers in the environment that runs it (`python -m tools.count_saved_activations`), no GPU: small
layers of real models run on the processor, and PyTorch's hooks for saved tensors see every tensor that is kept.
Result with torch 2.15.0 and transformers 5.23.0: see docs/explanation/model-memory.md.
"""

from __future__ import annotations

import importlib
from typing import Any

from hpctl.estimate.layout import Layout
from hpctl.estimate.parameters import shape_of
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.training import Operations, Recompute, Training
from hpctl.estimate.widths import kept_bytes
from hpctl.spec.model_read import model_config

_TOKENS = 512
_DENSE = {
    "hidden_size": 256, "intermediate_size": 896, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 32,
    "vocab_size": 1000, "max_position_embeddings": 1024, "tie_word_embeddings": False,
}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "llama": _DENSE,
    "qwen3": _DENSE,
    "mixtral": _DENSE | {"num_local_experts": 4, "num_experts_per_tok": 2},
}
MODES = {False: Recompute.NONE, True: Recompute.FULL}


def main() -> None:
    """Print bytes a token and layer: what PyTorch keeps, what hpctl says."""
    for kind, config in MODELS.items():
        for recompute, mode in MODES.items():
            two, three = (_saved(kind, config, layers, recompute=recompute) for layers in (2, 3))
            print(f"{kind:8} {mode:5} {(three - two) / _TOKENS:8,.0f} {_said(kind, config, mode):8,.0f}", flush=True)


def _said(kind: str, config: dict[str, Any], mode: Recompute) -> float:
    raw = {"model_type": kind, "num_hidden_layers": 1, **config}
    shape = shape_of(model_config(raw, name=kind, origin="here"))
    asked = Training(REGIMES["bf16"], _TOKENS, recompute=mode, operations=Operations.EAGER)
    return kept_bytes(shape.layers[0], shape.hidden, asked, Layout())


def _saved(kind: str, config: dict[str, Any], layers: int, *, recompute: bool) -> int:
    """Bytes that `layers` layers keep, each storage once, weights left out."""
    torch, transformers = map(importlib.import_module, ("torch", "transformers"))
    made = transformers.AutoConfig.for_model(kind, num_hidden_layers=layers, **config)
    model = transformers.AutoModel.from_config(made, dtype=torch.bfloat16)
    model.train()
    if recompute:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    weights = {one.untyped_storage().data_ptr() for one in (*model.parameters(), *model.buffers())}
    kept: dict[int, Any] = {}

    def keep(tensor: Any) -> Any:
        kept.setdefault(tensor.untyped_storage().data_ptr(), tensor.untyped_storage())
        return tensor

    tokens = torch.randint(0, config["vocab_size"], (1, _TOKENS))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        answer = model(input_ids=tokens)  # keeps what is saved alive until it is counted
    total: int = sum(one.nbytes() for place, one in kept.items() if place not in weights)
    del answer
    return total


if __name__ == "__main__":
    main()
