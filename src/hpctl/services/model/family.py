"""A name that is a family of models: every architecture answers for itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from hpctl.catalog.model_support import NVIDIA
from hpctl.estimate.training import Task
from hpctl.report.model import FamilyArchitecture, FamilyModel, FamilySupport, ModelFamilyReport
from hpctl.services.model.support import verdicts

DEVICES = ("trn1", "trn2", NVIDIA)


def family_report(
    name: str, models: Sequence[FamilyModel], notes: tuple[str, ...], tasks: Sequence[Task]
) -> ModelFamilyReport:
    """Answer for each architecture of a family, in the order of its models, for each of `tasks`."""
    rows = tuple(_architecture(model_type, tuple(group), tasks) for model_type, group in _grouped(models))
    return ModelFamilyReport(family=name, notes=notes, architectures=rows)


def _grouped(models: Sequence[FamilyModel]) -> Iterator[tuple[str, Iterator[FamilyModel]]]:
    order = list(dict.fromkeys(model.model_type for model in models))
    return groupby(sorted(models, key=lambda model: order.index(model.model_type)), lambda model: model.model_type)


def _architecture(model_type: str, models: tuple[FamilyModel, ...], tasks: Sequence[Task]) -> FamilyArchitecture:
    support = (_support(model_type, task, device) for task in tasks for device in DEVICES)
    return FamilyArchitecture(model_type=model_type, models=models, support=tuple(support))


def _support(model_type: str, task: Task, device: str) -> FamilySupport:
    best = verdicts(model_type, task, device)[0]
    return FamilySupport(task=task, device=device, status=best.status, framework=best.framework, sdk=best.sdk)
