"""What the optimizer takes for a moment when it updates all weights at once.

Counted with PyTorch's own memory tracker (2.13.0): AdamW with `foreach` makes one more copy of the weights. It comes
when activations and gathered weights have gone: only what is more than they were counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.estimate.items import Item
from hpctl.estimate.layout import Layout, Sharding
from hpctl.estimate.stages import Stage, held
from hpctl.estimate.training import Offload, Step, Training

_STAYS = frozenset({"weights", "gradients", "optimizer", "reference model"})


def step_items(stage: Stage, training: Training, layout: Layout, before: Iterable[Item]) -> Iterator[Item]:
    """The line of the update, where it needs more than the backward pass `before` it gives free."""
    if training.step is Step.FUSED or training.adapter or training.offload & {Offload.WEIGHTS, Offload.OPTIMIZER}:
        return
    own, each = held(stage, layout), training.regime.weights
    whole = layout.sharding is Sharding.NONE
    shards, expert_shards = (1, 1) if whole else (layout.shards, layout.expert_shards)
    copies = each * (own.dense / shards + own.routed / expert_shards)
    freed = sum(item.bytes for item in before if item.name not in _STAYS)
    if copies > freed:
        values = {"copies": copies, "freed": freed}
        yield Item("optimizer step", copies - freed, "{copies} B of copies - {freed} B given free", values)
