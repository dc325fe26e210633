"""Weights, gradients and optimizer states of one device, and what FSDP gathers of them for a moment.

Sharding as in Rajbhandari et al., arXiv 1910.02054. The gathered part is our own derivation: two blocks in the width
they are used in (the current and the prefetched one), one block's gradients, the larger of embedding and head. The
experts of one layer are a unit of their own, as torchtitan wraps them: set-ups for DeepSeek-R1 that AWS publishes have
no room for those of two layers.
"""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.estimate.items import Item
from hpctl.estimate.layout import Layout, Sharding
from hpctl.estimate.lora import adapter_parameters
from hpctl.estimate.stages import Held, Stage, held
from hpctl.estimate.training import Adapter, Offload, Training


def state_items(stage: Stage, hidden: int, training: Training, layout: Layout) -> Iterator[Item]:
    """The lines of the states, then of what is gathered."""
    own = held(stage, layout)
    match training.adapter:
        case None:
            yield from _trained(own, training, layout)
        case Adapter() as adapter:
            yield from _frozen(own, adapter, training, layout)
            count = adapter_parameters(stage, hidden, adapter) / layout.tensor
            yield from _adapters(count, training, layout)
    if training.reference_bytes:
        yield _divided("reference model", own, training.reference_bytes, layout, Sharding.ZERO3)
    if layout.sharding is Sharding.ZERO3:
        yield from _gathered(own, training, layout)


def _trained(own: Held, training: Training, layout: Layout) -> Iterator[Item]:
    regime = training.regime
    if Offload.WEIGHTS not in training.offload:
        yield _divided("weights", own, regime.weights, layout, Sharding.ZERO3)
    yield _divided("gradients", own, regime.gradients, layout, Sharding.ZERO2, Sharding.ZERO3)
    if Offload.OPTIMIZER not in training.offload:
        every = (Sharding.ZERO1, Sharding.ZERO2, Sharding.ZERO3)
        yield _divided("optimizer", own, regime.optimizer_bytes(training.optimizer), layout, *every)


def _divided(name: str, own: Held, each: float, layout: Layout, *where: Sharding) -> Item:
    """`each` bytes a parameter, divided where the layout's sharding is one of `where`; experts have their own group."""
    shards, expert_shards = (layout.shards, layout.expert_shards) if layout.sharding in where else (1, 1)
    total = each * (own.dense / shards + own.routed / expert_shards)
    values = {"parameters": own.dense, "bytes_each": each, "shards": shards}
    formula = "{parameters} x {bytes_each} B / {shards}"
    if not own.routed:
        return Item(name, total, formula, values)
    values |= {"experts": own.routed, "expert_shards": expert_shards}
    return Item(name, total, f"{formula} + {{experts}} x {{bytes_each}} B / {{expert_shards}}", values)


def _frozen(own: Held, adapter: Adapter, training: Training, layout: Layout) -> Iterator[Item]:
    if Offload.WEIGHTS in training.offload:
        return
    shards, expert_shards = (layout.shards, layout.expert_shards) if layout.sharding is Sharding.ZERO3 else (1, 1)
    plain = max(adapter.plain_bytes, adapter.weight_bytes)
    layers = own.layers / shards + own.routed / expert_shards
    values = {
        "layers": layers,
        "bytes_each": adapter.weight_bytes,
        "outside": own.outside,
        "plain_bytes": plain,
        "shards": shards,
    }
    formula = "{layers} sharded x {bytes_each} B + {outside} x {plain_bytes} B / {shards}"
    yield Item("frozen weights", layers * adapter.weight_bytes + own.outside * plain / shards, formula, values)


def _adapters(count: float, training: Training, layout: Layout) -> Iterator[Item]:
    regime = training.regime
    each = regime.weights + regime.gradients + regime.optimizer_bytes(training.optimizer)
    shards = layout.shards if layout.sharding is Sharding.ZERO3 else 1
    values = {"parameters": count, "bytes_each": each, "shards": shards}
    yield Item("adapters", count * each / shards, "{parameters} x {bytes_each} B / {shards}", values)


def _gathered(own: Held, training: Training, layout: Layout) -> Iterator[Item]:
    """A pipeline keeps its stage gathered, with its gradients, between the micro-batches; else block by block."""
    if layout.shards == 1 and Offload.WEIGHTS not in training.offload:
        return
    used, back = _widths(training)
    if layout.pipeline > 1:
        count = own.dense + own.routed
        values = {"stage": count, "used_bytes": used, "gradient_bytes": back}
        yield Item("gathered weights", count * (used + back), "{stage} x ({used_bytes} + {gradient_bytes}) B", values)
        return
    plain = training.adapter.plain_bytes if training.adapter else training.regime.compute
    total = own.block * (2 * used + back) + own.edge * (plain + back)
    formula = "{block} x (2 x {used_bytes} + {gradient_bytes}) B + {edge} x ({plain_bytes} + {gradient_bytes}) B"
    values = {"block": own.block, "used_bytes": used, "gradient_bytes": back, "edge": own.edge, "plain_bytes": plain}
    if own.experts:
        total += own.experts * (used + back)
        values["experts"] = own.experts
        formula += " + {experts} x ({used_bytes} + {gradient_bytes}) B"
    yield Item("gathered weights", total, formula, values)


def _widths(training: Training) -> tuple[float, float]:
    """Bytes of a gathered weight, and of the gradient that goes back; frozen weights have none."""
    if training.adapter:
        return min(training.adapter.weight_bytes, training.regime.compute), 0.0
    return training.regime.compute, training.regime.gradients
