"""How many parameters adapters add."""

from __future__ import annotations

from hpctl.estimate.shape import Layer
from hpctl.estimate.stages import Stage
from hpctl.estimate.training import Adapter, Targets


def adapter_parameters(stage: Stage, hidden: int, adapter: Adapter) -> int:
    """Parameters of the adapters on one stage: rank x (inputs + outputs) of each projection (arXiv 2106.09685)."""
    return sum(count * adapter.rank * _widths(layer, hidden, adapter.targets) for layer, count in stage.blocks)


def _widths(layer: Layer, hidden: int, targets: Targets) -> int:
    attention = layer.attention
    queries = hidden + attention.heads * attention.head_dim
    keys = hidden + attention.kv_heads * attention.head_dim
    values = hidden + attention.kv_heads * attention.value_dim
    output = attention.heads * attention.value_dim + hidden
    total = queries + keys + values + output
    if targets is Targets.ATTENTION or layer.mlp is None:
        return total
    return total + (3 if layer.mlp.gated else 2) * (hidden + layer.mlp.width)
