"""Does the model fit an instance type: the estimates' answer as rows of a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hpctl.catalog.instance_types import InstanceType
from hpctl.estimate.constraints import Caution, Violation, cautions, violations
from hpctl.estimate.device import GIB, Device, device_of
from hpctl.estimate.explain import explain, limited_by
from hpctl.estimate.items import Memory
from hpctl.estimate.layout import Layout, Sharding, parse_layout
from hpctl.estimate.search import estimate, search
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.training import Inference, Training
from hpctl.report.model import MemoryItem, ModelLayout

_COUNTED = {"kv-replication", "uneven-stages"}
"""What the layout costs and the estimate holds already: nothing is left to be done about it."""
_NAMES = {"TP": "tensor", "PP": "pipeline", "CP": "context", "EP": "expert"}


@dataclass(frozen=True, slots=True)
class AskedLayout:
    """A layout as it is typed (`tp=8,pp=2`), on so many nodes, or on as few as it takes."""

    text: str
    nodes: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a model fits one instance type.

    `nodes` is None and `limit` told where it does not, `tight` where it just does, `unknown` where nobody can say.
    `caveats` are what somebody should mend in the first layout, `notes` what is counted already.
    """

    nodes: int | None = None
    layouts: tuple[ModelLayout, ...] = ()
    limit: str | None = None
    uncertainty: str | None = None
    explanation: tuple[str, ...] = ()
    tight: str | None = None
    unknown: str | None = None
    caveats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def fit(
    shape: ModelShape, wanted: Training | Inference, known: InstanceType, nodes: int | None, ways: frozenset[str] | None
) -> Answer:
    """Search the smallest number of nodes, or judge `nodes` of them, with the ways to split that the framework has."""
    device = device_of(known)
    if device is None:
        return _unpublished(known)
    (found,) = search(shape, wanted, (known,), nodes, ways=ways)
    if not found.plans:
        return Answer(limit=found.limit)
    best, said = found.plans[0].memory, found.plans[0].cautions
    return Answer(
        found.nodes or found.tight_nodes,
        tuple(_layout_row(plan.layout, plan.memory, wanted, plan.cautions) for plan in found.plans),
        found.limit,
        _band(best),
        explain(best),
        _tight(best),
        caveats=_mendable(said, ways),
        notes=_counted(said),
    )


def fit_layout(
    shape: ModelShape,
    wanted: Training | Inference,
    known: InstanceType,
    asked: AskedLayout,
    ways: frozenset[str] | None,
) -> Answer:
    """Judge a layout that somebody names, with the ways to split that the framework has."""
    device = device_of(known)
    if device is None:
        return _unpublished(known)
    layout = _layout(asked, device, wanted, ways)
    broken = (*_missing(layout, ways), *map(_refusal, violations(shape, wanted, layout)))
    if broken:
        return Answer(limit="; ".join(broken))
    need = estimate(shape, wanted, layout, device)
    said = cautions(shape, wanted, layout, device)
    row = _layout_row(layout, need, wanted, said)
    told = limited_by(need, shape, wanted)
    limit = told if need.fits else f"{need.total / GIB:,.1f} GiB in {device.memory_gib:,.1f} GiB: {told}"
    return Answer(
        row.nodes if need.fits else None,
        (row,),
        limit,
        _band(need),
        explain(need),
        _tight(need),
        caveats=_mendable(said, ways),
        notes=_counted(said),
    )


def _mendable(said: tuple[Caution, ...], ways: frozenset[str] | None) -> tuple[str, ...]:
    """Leave out, too, that Neuron's frameworks have no FSDP where the one at hand has it."""
    left_out = _COUNTED | ({"neuron-zero1"} if ways and "FSDP" in ways else set())
    return tuple(one.reason for one in said if one.rule not in left_out)


def _counted(said: tuple[Caution, ...]) -> tuple[str, ...]:
    return tuple(one.reason for one in said if one.rule in _COUNTED)


def _refusal(broken: Violation) -> str:
    return f"{broken.reason} (possible: {', '.join(broken.nearest)})" if broken.nearest else broken.reason


def _missing(layout: Layout, ways: frozenset[str] | None) -> Iterator[str]:
    degrees = {"TP": layout.tensor, "PP": layout.pipeline, "CP": layout.context, "EP": layout.expert}
    for way, degree in degrees.items():
        if degree > 1 and ways is not None and way not in ways:
            yield f"the framework has no {_NAMES[way]} parallelism for it ({way.lower()}={degree})"
    if ways is not None and "FSDP" not in ways and layout.sharding in {Sharding.ZERO2, Sharding.ZERO3}:
        yield f"the framework shards optimizer states alone (zero=1, not {layout.sharding.removeprefix('zero')})"


def _layout(asked: AskedLayout, device: Device, wanted: Training | Inference, ways: frozenset[str] | None) -> Layout:
    """What is left of whole nodes is data parallelism; sharding is the most that the framework has."""
    most = Sharding.ZERO3 if ways is None or "FSDP" in ways else Sharding.ZERO1
    usual = Sharding.NONE if isinstance(wanted, Inference) else most
    if asked.nodes is not None:
        return parse_layout(asked.text, asked.nodes * device.per_node, usual)
    least = parse_layout(asked.text, None, usual)
    if "dp=" in asked.text:
        return least
    nodes = -(-least.devices // device.per_node)
    return parse_layout(asked.text, nodes * device.per_node, usual)


def _layout_row(layout: Layout, need: Memory, wanted: Training | Inference, said: tuple[Caution, ...]) -> ModelLayout:
    return ModelLayout(
        layout=str(layout),
        nodes=-(-layout.devices // need.device.per_node),
        micro_batch=wanted.micro_batch if isinstance(wanted, Training) else None,
        gib=round(need.total / GIB, 2),
        low_gib=round(need.low / GIB, 2),
        high_gib=round(need.high / GIB, 2),
        use_percent=round(100 * need.use, 1),
        stage=need.stage,
        memory=tuple(_items(need)),
        cautions=tuple(one.reason for one in said),
    )


def _items(need: Memory) -> Iterator[MemoryItem]:
    for item in need.items:
        yield MemoryItem(name=item.name, gib=round(item.gib, 3), formula=item.explained)


def _band(need: Memory) -> str:
    return f"{need.low / GIB:.1f} to {need.high / GIB:.1f} GiB: {need.band.basis}"


def _tight(need: Memory) -> str | None:
    if not need.tight:
        return None
    return f"tight: up to {need.high / GIB:.1f} GiB may be needed, the device has {need.device.memory_gib:.1f}"


def _unpublished(known: InstanceType) -> Answer:
    return Answer(unknown=f"nobody has published the accelerator memory of `{known.name}`")
