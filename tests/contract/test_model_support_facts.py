"""Support verdicts against the table of facts that they come from, read anew and not as the extraction reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hpctl.catalog.model_support import Status
from hpctl.estimate.training import Task
from hpctl.report.model import SupportVerdict
from hpctl.services.model.support import verdicts

pytestmark = pytest.mark.contract

FACTS = Path(__file__).resolve().parents[3] / "shared/facts/model-support.json"
DEVICES = ("inf1", "inf2", "trn1", "trn1n", "trn2", "trn3")
WORDS = {
    # a fact's own word: how it has to be told
    "supported": {Status.SUPPORTED},
    "maintenance": {Status.SUPPORTED_PIN},
    "pin-2.28": {Status.SUPPORTED_PIN},
    "beta": {Status.BETA},
    "private-beta": {Status.PRIVATE_BETA},
    "contrib": {Status.CONTRIB},
    "contrib-needs-work": {Status.CONTRIB},
    "code-only": {Status.CODE_ONLY},
    "unreleased": {Status.CODE_ONLY},
    "legacy": {Status.LEGACY},
    "end-of-support": {Status.LEGACY},
    "conditional": {Status.FITS_ONE_CORE_ONLY},
}
NAMED = {
    # how a fact names its framework: the first words of how the verdict does
    "optimum-neuron": "optimum-neuron",
    "NxD Training": "NxD Training",
    "NxD Core": "NxD Core",
    "NxD Inference": "NxD Inference",
    "TorchNeuron": "TorchNeuron",
    "torch-neuronx samples": "torch-neuronx samples",
    "torch-neuron (inf1)": "torch-neuron",
    "vLLM Neuron": "vLLM Neuron",
}


@cache
def facts() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(FACTS.read_text(encoding="utf-8"))["facts"]) if FACTS.is_file() else ()


def rows() -> Iterator[Any]:
    for number, fact in enumerate(facts()):
        if _tasks(fact):
            yield pytest.param(fact, id=f"{number}-{fact['framework'].split(' (')[0]}-{fact['model_type']}")


def _tasks(fact: dict[str, Any]) -> tuple[Task, ...]:
    words = fact["task"]
    if words == "training":
        lora = (Task.LORA,) if "LoRA" in fact["parallelism"] else ()
        return (Task.PRETRAIN, Task.FINETUNE, *lora)
    generates = any(word in words for word in ("text-generation", "image-text-to-text", "text2text-generation"))
    return (Task.INFERENCE,) if generates or words == "inference" else ()


def _own(fact: dict[str, Any]) -> str:
    return str(fact["model_type"].split(" ")[0])


def _said(fact: dict[str, Any], task: Task, device: str) -> list[SupportVerdict]:
    name = "llama" if fact["model_type"] == "*" and fact["framework"].startswith("TorchNeuron") else _own(fact)
    if name == "*":
        name = "gpt2"  # any that has no class of its own there
    start = next(short for long, short in NAMED.items() if fact["framework"].startswith(long))
    return [one for one in verdicts(name, task, device) if one.framework.startswith(start)]


def test_the_facts_are_there() -> None:
    if not facts() and os.environ.get("CI") != "true":
        pytest.skip("the facts stand beside the project in CI only")
    assert len(facts()) >= 207
    assert not [fact for fact in facts() if not fact["source"] or not fact["version"]]


@pytest.mark.parametrize("fact", list(rows()))
def test_a_fact_is_told_for_each_of_its_tasks_and_devices(fact: dict[str, Any]) -> None:
    ways = {"DTensor TP": "TP", "DDP": "DP", "vision-DP": "DP"}
    split = {ways.get(way, way.split("(")[0]) for way in fact["parallelism"]} - {"LoRA", "DPO", "ORPO"}
    for task in _tasks(fact):
        for device in fact["devices"]:
            found = [one for one in _said(fact, task, device) if one.status in WORDS[fact["status"]]]
            assert found, (task, device)
            told = {way for one in found for way in one.parallelism}
            assert {way.split("=")[0] for way in split} <= told, (task, device)
            assert all(one.source and one.version for one in found)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("task", list(Task))
def test_nothing_is_told_on_neuron_that_no_fact_says(task: Task, device: str) -> None:
    known = {_own(fact) for fact in facts()} - {"*"}
    for model_type in sorted(known):
        for verdict in verdicts(model_type, task, device):
            if verdict.status != Status.NO:
                assert _backed(model_type, task, device, verdict), (model_type, verdict.framework, verdict.status)


def _backed(model_type: str, task: Task, device: str, verdict: SupportVerdict) -> bool:
    for fact in facts():
        fits = _own(fact) in {model_type, f"{model_type}_text", "*"} and device in fact["devices"]
        doable = task in _tasks(fact) or (task is Task.LORA and fact["model_type"] == "*")
        if fits and doable and Status(verdict.status) in WORDS[fact["status"]]:
            return True
    return False


@pytest.mark.parametrize(
    ("framework", "sdk"),
    [
        ("optimum-neuron", "2.26.1"),
        ("NxD Training", "2.28"),
        ("NxD Core", "2.28"),
        ("NxD Inference of SDK 2.28", "2.28.1"),
        ("vLLM Neuron", "2.32.0"),
        ("torch-neuronx samples", "2.28"),
    ],
)
def test_each_framework_pins_the_sdk_that_its_lifecycle_says(framework: str, sdk: str) -> None:
    told = {
        one.sdk
        for model_type in ("llama", "qwen3", "bert", "mixtral", "gpt_oss")
        for task in Task
        for device in DEVICES
        for one in verdicts(model_type, task, device)
        if one.framework.startswith(framework)
    }
    assert told == {sdk}
