"""The lines of an estimate: what takes memory, how much, and by which formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hpctl.estimate.device import GIB, Device
from hpctl.terms import AcceleratorKind


@dataclass(frozen=True, slots=True)
class Item:
    """One line: `formula` has the names of `values` in braces."""

    name: str
    bytes: float
    formula: str
    values: Mapping[str, float] = field(hash=False)

    @property
    def gib(self) -> float:
        """In GiB."""
        return self.bytes / GIB

    @property
    def symbolic(self) -> str:
        """The formula in words."""
        return self.formula.replace("{", "").replace("}", "").replace("_", " ")

    @property
    def explained(self) -> str:
        """The formula with its numbers."""
        return self.formula.format_map({name: _number(value) for name, value in self.values.items()})


@dataclass(frozen=True, slots=True)
class Band:
    """How far the truth may be from an estimate, as factors, and why that is believed."""

    low: float
    high: float
    basis: str


NVIDIA_BAND = Band(0.85, 1.18, "published measurements of torchtitan and torchtune; most lie within it")
NEURON_BAND = Band(
    0.85, 1.30, "no measurement of Trainium's memory is public; the compiler's scratchpad is not modelled"
)


@dataclass(frozen=True, slots=True)
class Memory:
    """What one device needs on the pipeline stage that needs most; `stage` counts from 0."""

    items: tuple[Item, ...]
    stage: int
    stages: int
    device: Device

    @property
    def total(self) -> float:
        """Bytes."""
        return sum(item.bytes for item in self.items)

    @property
    def band(self) -> Band:
        """How sure the estimate is."""
        return NEURON_BAND if self.device.kind is AcceleratorKind.NEURON else NVIDIA_BAND

    @property
    def low(self) -> float:
        """The least it may really be, bytes."""
        return self.total * self.band.low

    @property
    def high(self) -> float:
        """The most it may really be, bytes."""
        return self.total * self.band.high

    @property
    def use(self) -> float:
        """The share of the device's memory; above 1 it does not fit."""
        return self.total / self.device.memory

    @property
    def fits(self) -> bool:
        """Whether the estimate is within the device's memory."""
        return self.total <= self.device.memory

    @property
    def tight(self) -> bool:
        """Whether it fits, but the upper end of the band would not."""
        return self.fits and self.high > self.device.memory

    def largest(self) -> Item:
        """The item that takes most."""
        return max(self.items, key=lambda item: item.bytes)

    def of(self, name: str) -> float:
        """Bytes of the item called `name`, 0 where there is none."""
        return sum(item.bytes for item in self.items if item.name == name)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
