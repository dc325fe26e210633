"""A family answers for each of its architectures."""

from __future__ import annotations

from hpctl.estimate.training import Task
from hpctl.report.model import FamilyModel
from hpctl.services.model.family import family_report

MODELS = (
    FamilyModel(name="Qwen/Qwen3-8B", model_type="qwen3", parameters=8_190_735_360, active_parameters=8_190_735_360),
    FamilyModel(name="Qwen/Qwen3-30B-A3B", model_type="qwen3_moe", parameters=30_532_122_624, active_parameters=None),
    FamilyModel(name="Qwen/Qwen3-32B", model_type="qwen3", parameters=32_762_123_264, active_parameters=None),
)


def test_every_architecture_has_its_sizes_and_its_own_support() -> None:
    report = family_report("Qwen3", MODELS, (), tuple(Task))
    assert [row.model_type for row in report.architectures] == ["qwen3", "qwen3_moe"]
    assert [one.name for one in report.architectures[0].models] == ["Qwen/Qwen3-8B", "Qwen/Qwen3-32B"]
    dense, mixture = ({(one.task, one.device): one.status for one in row.support} for row in report.architectures)
    assert dense["pretrain", "trn1"] == "supported"
    assert mixture["pretrain", "trn1"] == "fits-one-core-only"
    assert mixture["inference", "trn1"] == "supported"
    assert report.names() == ("Qwen/Qwen3-8B", "Qwen/Qwen3-32B", "Qwen/Qwen3-30B-A3B")
