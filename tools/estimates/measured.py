"""Published peaks of memory beside hpctl's estimates, from `measurements.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpctl.catalog.models import find_model
from hpctl.estimate.device import GIB, Device
from hpctl.estimate.layout import Layout
from hpctl.estimate.memory import memory
from hpctl.estimate.parameters import shape_of
from hpctl.estimate.regimes import REGIMES
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.training import Adapter, Kernel, Logits, Offload, Operations, Recompute, Step, Targets, Training
from hpctl.spec.model_read import model_config
from hpctl.terms import AcceleratorKind

FILE = Path(__file__).with_name("measurements.toml")
_CARD = Device("NVIDIA A100 80GB", AcceleratorKind.NVIDIA, 80 * GIB, 8)


@dataclass(frozen=True)
class Measured:
    """One published peak, in GiB, with the set-up that it was measured in."""

    source: str
    model: str
    shape: ModelShape
    training: Training
    layout: Layout
    gib: float

    @property
    def estimate(self) -> float:
        """What hpctl says, in GiB."""
        return memory(self.shape, self.training, self.layout, _CARD).total / GIB

    @property
    def error(self) -> float:
        """How far that is from the measurement; 0.1 is 10 % too much."""
        return self.estimate / self.gib - 1


def measured() -> tuple[Measured, ...]:
    """Every row of the file."""
    text = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(one for series in text["series"] for one in _rows(series, text["models"]))


def _rows(series: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> Iterator[Measured]:
    shape = _shape(series["model"], models)
    layout = Layout(series.get("devices", 1), series.get("tensor", 1))
    for place, gib in enumerate(series["peaks"]):
        asked = _training(series, _at(series["sequence"], place), _at(series.get("micro_batch", 1), place))
        yield Measured(series["source"], series["model"], shape, asked, layout, gib)


def _shape(name: str, models: Mapping[str, Mapping[str, Any]]) -> ModelShape:
    known = find_model(name)
    config = models[name] if known is None else known.config
    return shape_of(model_config(config, name=name, origin=FILE.name))


def _training(series: Mapping[str, Any], sequence: int, micro_batch: int) -> Training:
    return Training(
        REGIMES[series["regime"]],
        sequence,
        micro_batch,
        recompute=Recompute(series.get("recompute", Recompute.FULL)),
        kernel=Kernel(series.get("kernel", Kernel.FLASH)),
        logits=Logits(series.get("logits", Logits.WHOLE)),
        operations=Operations(series.get("operations", Operations.FUSED)),
        step=Step(series.get("step", Step.FUSED)),
        adapter=_adapter(series["lora"]) if "lora" in series else None,
        offload=frozenset(map(Offload, series.get("offload", ()))),
    )


def _adapter(lora: Mapping[str, Any]) -> Adapter:
    return Adapter(**{**lora, "targets": Targets(lora.get("targets", Targets.LINEAR))})


def _at(value: int | list[int], place: int) -> int:
    return value[place] if isinstance(value, list) else value
