"""How a model is split over devices: data, tensor, pipeline, context and expert parallelism, and sharded states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from hpctl.catalog.nearest import nearest
from hpctl.errors import UsageError


class Sharding(StrEnum):
    """Which states are divided among the ranks that hold the same part of the model (arXiv 1910.02054).

    `zero3` is also what FSDP's full shard does.
    """

    NONE = "none"
    ZERO1 = "zero1"
    ZERO2 = "zero2"
    ZERO3 = "zero3"


class SequenceSplit(StrEnum):
    """Whether tensor-parallel ranks divide the sequence between the matrix products (arXiv 2205.05198)."""

    SPLIT = "split"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Layout:
    """Degrees of parallelism; their product without `expert` is the number of devices.

    Expert parallelism takes its ranks from data, context and tensor parallelism, `expert_tensor` of them for each
    expert (None: `tensor`, as in Megatron). `shard_over` is how many ranks share one copy of the states (hybrid
    shard; None: all of data x context). `chunks` is how many pieces of an interleaved pipeline each stage has.
    """

    data: int = 1
    tensor: int = 1
    pipeline: int = 1
    context: int = 1
    expert: int = 1
    expert_tensor: int | None = None
    sharding: Sharding = Sharding.ZERO3
    sequence: SequenceSplit = SequenceSplit.SPLIT
    shard_over: int | None = None
    chunks: int = 1

    @property
    def devices(self) -> int:
        """How many devices it takes."""
        return self.data * self.tensor * self.pipeline * self.context

    @property
    def shards(self) -> int:
        """Among how many ranks the states of dense parameters are divided."""
        group = self.data * self.context
        return min(self.shard_over, group) if self.shard_over else group

    @property
    def experts_split(self) -> int:
        """Among how many ranks of a stage the routed experts are divided before any sharding."""
        return self.expert * (self.expert_tensor or self.tensor)

    @property
    def expert_shards(self) -> int:
        """Among how many ranks the states of one rank's experts are divided."""
        whole = self.shards * self.tensor
        return max(1, whole // self.experts_split)

    @property
    def hidden_split(self) -> int:
        """By what the parts of an activation between the matrix products are divided."""
        return self.tensor if self.sequence is SequenceSplit.SPLIT else 1

    def __str__(self) -> str:
        """As it is typed: `dp=4,tp=8,pp=2`, degrees of 1 left out."""
        degrees = {"dp": self.data, "tp": self.tensor, "pp": self.pipeline, "cp": self.context, "ep": self.expert}
        shown = [f"{key}={value}" for key, value in degrees.items() if value > 1 or key == "dp"]
        return ",".join([*shown, f"zero={_STAGES[self.sharding]}"])


_DEGREES = ("dp", "tp", "pp", "cp", "ep", "etp", "vp")
_SHARDINGS = {"0": Sharding.NONE, "1": Sharding.ZERO1, "2": Sharding.ZERO2, "3": Sharding.ZERO3}
_STAGES = {sharding: stage for stage, sharding in _SHARDINGS.items()}


def parse_layout(text: str, devices: int | None = None, sharding: Sharding = Sharding.ZERO3) -> Layout:
    """The layout that `tp=8,pp=2,zero=1` names; without `dp` the rest of `devices` is data parallelism.

    Keys: dp, tp, pp, cp, ep, etp, vp (pieces of an interleaved pipeline), zero (0 to 3). Raises UsageError.
    """
    named = dict(_pairs(text))
    stage = named.pop("zero", None)
    if stage is not None and stage not in _SHARDINGS:
        raise UsageError(f"`zero={stage}` is no stage of ZeRO", hint="0, 1, 2 or 3 (3 is also FSDP)")
    degrees = {key: _degree(key, value) for key, value in named.items()}
    layout = Layout(
        data=degrees.get("dp", 1),
        tensor=degrees.get("tp", 1),
        pipeline=degrees.get("pp", 1),
        context=degrees.get("cp", 1),
        expert=degrees.get("ep", 1),
        expert_tensor=degrees.get("etp"),
        sharding=_SHARDINGS[stage] if stage else sharding,
        chunks=degrees.get("vp", 1),
    )
    if "dp" in named or devices is None:
        return layout
    if devices % layout.devices:
        message = f"`{text}` takes multiples of {layout.devices} devices; there are {devices}"
        raise UsageError(message, hint="choose degrees whose product divides the number of devices")
    return replace(layout, data=devices // layout.devices)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    known = (*_DEGREES, "zero")
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, _, value = part.partition("=")
        if key not in known:
            close = nearest(key, known) or known
            raise UsageError(f"`{key}` is no degree of parallelism", hint=f"known: {', '.join(close)}")
        yield key, value


def _degree(key: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise UsageError(f"`{key}={value}` is no degree of parallelism", hint=f"a whole number from 1: `{key}=8`")
    return int(value)
