"""The smallest number of nodes that a model fits on, and a few good layouts there, for each instance type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from hpctl.catalog.instance_types import InstanceType
from hpctl.estimate.candidates import candidates, usual_ways
from hpctl.estimate.constraints import Caution, cautions, violations
from hpctl.estimate.device import Device, device_of
from hpctl.estimate.explain import limited_by
from hpctl.estimate.inference import inference_memory, inference_memory_of
from hpctl.estimate.items import Memory
from hpctl.estimate.layout import Layout
from hpctl.estimate.memory import binding, memory, memory_of
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.stages import Stage, interned, stages
from hpctl.estimate.training import Inference, Offload, Recompute, Training

NODE_COUNTS = (*range(1, 9), 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256)
_PLANS = 3
_FORBIDDEN = "no way of splitting that the framework has divides this model over these devices"


@dataclass(frozen=True, slots=True)
class Planned:
    """A layout that fits. `lightest` is the least recompute with which it still fits with a margin (training)."""

    layout: Layout
    memory: Memory
    cautions: tuple[Caution, ...]
    lightest: Recompute | None


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer for one instance type.

    `nodes` is the smallest number on which a layout fits even at the upper end of the band, None where no number up
    to the largest that was tried is enough; `tight_nodes` is a smaller number on which the estimate itself still fits.
    `limit` says what takes the memory: on the next smaller number of nodes, or, on one node, in the best layout.
    """

    instance_type: str
    device: Device
    nodes: int | None
    tight_nodes: int | None
    plans: tuple[Planned, ...]
    limit: str


def search(
    shape: ModelShape,
    asked: Training | Inference,
    types: Iterable[InstanceType],
    nodes: int | None = None,
    ways: frozenset[str] | None = None,
) -> tuple[Fit, ...]:
    """The answer for each of `types` that has accelerators of known memory.

    `nodes` fixes their number; `ways` are those of splitting that the framework has (see `Way`; None: the usual ones
    of the device).
    """
    counts = NODE_COUNTS if nodes is None else (nodes,)
    same, answers = interned(shape), dict[Device, Fit]()
    found: list[Fit] = []
    for one, device in ((one, device_of(one)) for one in types):
        if device is None:
            continue
        if device not in answers:
            allowed = usual_ways(device) if ways is None else ways
            answers[device] = _fit(_Question(same, asked, device, allowed), one.name, counts)
        found.append(replace(answers[device], instance_type=one.name))
    return tuple(found)


def estimate(shape: ModelShape, asked: Training | Inference, layout: Layout, device: Device) -> Memory:
    """Memory of a device for whatever is asked."""
    match asked:
        case Training():
            return memory(shape, asked, layout, device)
        case Inference():
            return inference_memory(shape, asked, layout, device)


def least_bytes(shape: ModelShape, asked: Training | Inference) -> float:
    """What all devices together hold at the least: states shared out evenly, nothing else."""
    match asked:
        case Inference():
            return shape.parameters * asked.weight_bytes
        case Training(adapter=None):
            regime = asked.regime
            kept = 0.0 if Offload.WEIGHTS in asked.offload else regime.weights
            moments = 0.0 if Offload.OPTIMIZER in asked.offload else regime.optimizer_bytes(asked.optimizer)
            return shape.parameters * (kept + regime.gradients + moments)
        case Training(adapter=adapter):
            frozen = adapter.weight_bytes if adapter else 0.0
            return 0.0 if Offload.WEIGHTS in asked.offload else shape.parameters * frozen


@dataclass(frozen=True, slots=True)
class _Question:
    shape: ModelShape
    asked: Training | Inference
    device: Device
    ways: frozenset[str]
    parts: dict[int, tuple[Stage, ...]] = field(default_factory=dict)

    def memory(self, layout: Layout, asked: Training | Inference) -> Memory:
        """As `estimate`, with the stages of a pipeline cut once."""
        if layout.pipeline not in self.parts:
            self.parts[layout.pipeline] = binding(stages(self.shape, layout))
        parts = self.parts[layout.pipeline]
        match asked:
            case Training():
                return memory_of(parts, self.shape, asked, layout, self.device)
            case Inference():
                return inference_memory_of(parts, self.shape, asked, layout, self.device)


def _fit(question: _Question, name: str, counts: tuple[int, ...]) -> Fit:
    device = question.device
    least = least_bytes(question.shape, question.asked)
    nearly: Memory | None = None
    tight: tuple[int, tuple[Planned, ...]] | None = None
    for count in counts:
        if least > count * device.per_node * device.memory and count != counts[-1]:
            continue
        tried = tuple(_tried(question, count * device.per_node))
        roomy = tuple(pair for pair in tried if pair[1].fits and not pair[1].tight)
        if roomy:
            plans = _plans(question, roomy)
            limit = limited_by(nearly or plans[0].memory, question.shape, question.asked)
            return Fit(name, device, count, tight[0] if tight else None, plans, limit)
        fitting = tuple(pair for pair in tried if pair[1].fits)
        if fitting and tight is None:
            tight = count, _plans(question, fitting)
        nearly = min((need for _, need in tried), key=lambda need: need.total, default=nearly)
    limit = limited_by(nearly, question.shape, question.asked) if nearly else _FORBIDDEN
    return Fit(name, device, None, tight[0] if tight else None, tight[1] if tight else (), limit)


def _tried(question: _Question, devices: int) -> Iterator[tuple[Layout, Memory]]:
    """Allowed layouts with their memory, the simplest first; enough of them once several fit with a margin."""
    shape, asked, device = question.shape, question.asked, question.device
    roomy = 0
    for layout in candidates(shape, asked, devices, device, question.ways):
        if violations(shape, asked, layout):
            continue
        need = question.memory(layout, asked)
        yield layout, need
        roomy += need.fits and not need.tight
        if roomy >= 2 * _PLANS:
            return


def _plans(question: _Question, pairs: Iterable[tuple[Layout, Memory]]) -> tuple[Planned, ...]:
    """The first few that differ in tensor or pipeline parallelism, or in sharding."""
    first: dict[tuple[object, ...], tuple[Layout, Memory]] = {}
    for layout, need in pairs:
        first.setdefault((layout.tensor, layout.pipeline, layout.sharding), (layout, need))
    return tuple(_planned(question, layout, need) for layout, need in tuple(first.values())[:_PLANS])


def _planned(question: _Question, layout: Layout, need: Memory) -> Planned:
    worth_knowing = cautions(question.shape, question.asked, layout, question.device)
    return Planned(layout, need, worth_knowing, _lightest(question, layout))


def _lightest(question: _Question, layout: Layout) -> Recompute | None:
    asked = question.asked
    if not isinstance(asked, Training):
        return None
    for recompute in (Recompute.NONE, Recompute.SELECTIVE, Recompute.FULL):
        need = question.memory(layout, replace(asked, recompute=recompute))
        if need.fits and not need.tight:
            return recompute
    return asked.recompute
