"""What `hpctl check-model` answers."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Part, Report


class SupportVerdict(Part):
    """How one framework has the model, for the task, on the device.

    `status` is one of `hpctl.catalog.model_support.Status`; `sdk` the AWS Neuron SDK to pin and `pin` why; `access`
    how to get at a beta; `lifecycle` what ends or has ended; `parallelism` the ways to split that the framework has.
    """

    framework: str
    version: str | None
    status: str
    meaning: str
    sdk: str | None
    pin: str | None
    access: str | None
    lifecycle: str | None
    parallelism: tuple[str, ...]
    degrees: tuple[int, ...]
    note: str | None
    source: str | None


class MemoryItem(Part):
    """One part of a device's memory: `formula` shows how it is counted, with the numbers in it."""

    name: str
    gib: float
    formula: str


class ModelLayout(Part):
    """One way to split the model: `use_percent` is of the memory of the device that needs most.

    `low_gib` and `high_gib` are the band in which the need is expected.
    """

    layout: str
    nodes: int
    micro_batch: int | None
    gib: float
    low_gib: float
    high_gib: float
    use_percent: float
    stage: int
    memory: tuple[MemoryItem, ...]
    cautions: tuple[str, ...]


class ModelOnType(Part):
    """The answer for one instance type.

    `outcome` is `pass`, `warn` (with `caveats`: what somebody must do or mind, such as a version to pin), `fail` or
    `unknown` (with `reasons`). `notes` are worth knowing and change no outcome. `framework` is the first of
    `support` with which it runs, `precision` the regime that is counted with. `nodes` is the smallest number on which
    it fits, null where it does not; `limit` says what limits it. `uncertainty` says how far the memory may be off, and
    why; `explanation` are formulas with their numbers (`--explain`).
    """

    instance_type: str
    hyperpod: bool
    device: str
    devices_per_node: int | None
    device_memory_gib: float | None
    outcome: Literal["pass", "warn", "fail", "unknown"]
    support: tuple[SupportVerdict, ...]
    framework: str | None
    precision: str | None
    nodes: int | None
    layouts: tuple[ModelLayout, ...]
    limit: str | None
    uncertainty: str | None
    caveats: tuple[str, ...]
    notes: tuple[str, ...] = ()
    reasons: tuple[str, ...]
    alternatives: tuple[str, ...]
    explanation: tuple[str, ...]


class ModelFacts(Part):
    """What the configuration says of the model; the counts of parameters are exact."""

    name: str
    origin: str
    model_type: str
    architecture: str | None
    parameters: int
    active_parameters: int
    layers: int
    hidden: int
    vocabulary: int
    max_positions: int | None
    tied: bool


class ModelReport(Report):
    """One model: what it is, and how it goes on each instance type; `settings` is what was counted with.

    `sequence` is in tokens.
    """

    kind: Literal["Model"] = "Model"
    model: ModelFacts
    task: str
    sequence: int
    settings: str
    notes: tuple[str, ...]
    instance_types: tuple[ModelOnType, ...]

    def names(self) -> tuple[str, ...]:
        """Return the instance types on which it goes."""
        return tuple(row.instance_type for row in self.instance_types if row.outcome in {"pass", "warn"})


class FamilySupport(Part):
    """The best status for one task on one kind of device, and whose it is."""

    task: str
    device: str
    status: str
    framework: str
    sdk: str | None


class FamilyModel(Part):
    """One size of a family."""

    name: str
    model_type: str
    parameters: int | None
    active_parameters: int | None


class FamilyArchitecture(Part):
    """One architecture of a family, its sizes, and how it is supported."""

    model_type: str
    models: tuple[FamilyModel, ...]
    support: tuple[FamilySupport, ...]


class ModelFamilyReport(Report):
    """A name that is many models: an answer for each architecture."""

    kind: Literal["ModelFamily"] = "ModelFamily"
    family: str
    notes: tuple[str, ...]
    architectures: tuple[FamilyArchitecture, ...]

    def names(self) -> tuple[str, ...]:
        """Return the names of the models."""
        return tuple(model.name for row in self.architectures for model in row.models)
