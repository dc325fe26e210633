"""Is the model supported: for this task, by which framework, on this accelerator?"""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.catalog.model_support import (
    ANY,
    MEANINGS,
    NVIDIA,
    TRAINING,
    Framework,
    Status,
    SupportFact,
    loads_with,
    support_facts,
    transformers_facts,
)
from hpctl.estimate.training import Task
from hpctl.report.model import SupportVerdict

WORKING = (Status.SUPPORTED, Status.SUPPORTED_PIN, Status.BETA, Status.PRIVATE_BETA, Status.CONTRIB)
"""What a person can run today, given the pin or the access."""

DEVICES = ("trn1", "trn1n", "trn2", "trn3", "inf2", NVIDIA)
_GENERATION = {"text-generation", "image-text-to-text", "text2text-generation", "inference"}
_ORDER = tuple(Status)


def verdicts(model_type: str, task: Task, device: str) -> tuple[SupportVerdict, ...]:
    """Judge each framework that has the model for `task` on `device`, the best first; never empty.

    `model_type` is that of the whole configuration: what wraps a Llama is not one. Some frameworks serve the text part
    alone and call it so (`llama4_text`). Where none has the model, the one verdict is `no` and says for which other
    task some framework does.
    """
    found = sorted(_facts(model_type, task, device), key=_rank)
    if not found:
        return (_none(model_type, task, device),)
    return tuple(_verdict(fact) for fact in found)


def alternatives(model_type: str, task: Task, device: str) -> Iterator[str]:
    """Yield where the model does work for `task`, other than on `device`."""
    for other in DEVICES:
        if other == device:
            continue
        best = verdicts(model_type, task, other)[0]
        if best.status in (Status.SUPPORTED, Status.SUPPORTED_PIN, Status.BETA):
            yield f"{_named(other)}: {best.framework} ({best.status}{_pinned(best)})"


def _rank(fact: SupportFact) -> tuple[int, tuple[int, ...]]:
    """The best status first, and of two alike the newer SDK."""
    newest = tuple(-int(part) for part in (fact.framework.sdk or "0").split("."))
    return _ORDER.index(fact.status), newest


def _pinned(verdict: SupportVerdict) -> str:
    return f", Neuron SDK {verdict.sdk}" if verdict.sdk else ""


def _named(device: str) -> str:
    return "NVIDIA GPUs" if device == NVIDIA else device


def _facts(model_type: str, task: Task, device: str) -> Iterator[SupportFact]:
    if device == NVIDIA:
        facts = transformers_facts()
        yield from (facts[name] for name in (model_type,) if name in facts)
    found = [fact for fact in support_facts() if device in fact.devices and _serves(fact, task)]
    own = [fact for fact in found if fact.model_type in (model_type, f"{model_type}_text")]
    yield from own
    having = {fact.framework.key for fact in own}
    for fact in found:
        if fact.model_type == ANY and fact.framework.key not in having and loads_with(fact.framework, model_type):
            yield fact


def _serves(fact: SupportFact, task: Task) -> bool:
    match task:
        case Task.INFERENCE:
            return not _GENERATION.isdisjoint(fact.tasks)
        case Task.LORA:
            return TRAINING in fact.tasks and (fact.model_type == ANY or "LoRA" in fact.methods)
        case _:
            return TRAINING in fact.tasks


def _verdict(fact: SupportFact) -> SupportVerdict:
    framework = fact.framework
    return SupportVerdict(
        framework=framework.name,
        version=framework.version,
        status=fact.status,
        meaning=MEANINGS[fact.status],
        sdk=framework.sdk,
        pin=framework.pin,
        access=framework.access if fact.status in (Status.BETA, Status.PRIVATE_BETA) else None,
        lifecycle=framework.lifecycle or None,
        parallelism=fact.parallelism,
        degrees=fact.degrees,
        note=fact.note or None,
        source=f"{framework.version}: {fact.source}",
    )


def _none(model_type: str, task: Task, device: str) -> SupportVerdict:
    return SupportVerdict(
        framework="-",
        version=None,
        status=Status.NO,
        meaning=MEANINGS[Status.NO],
        sdk=None,
        pin=None,
        access=None,
        lifecycle=None,
        parallelism=(),
        degrees=(),
        note="; ".join(_why_not(model_type, task, device)),
        source=None,
    )


def _why_not(model_type: str, task: Task, device: str) -> Iterator[str]:
    yield f"no framework that hpctl knows has `{model_type}` for {task} on {_named(device)}"
    for framework in _too_old(model_type, device):
        yield f"{framework.name} is built on transformers {framework.transformers}, which does not know it"
    for other in Task:
        if any(fact.status in WORKING for fact in _facts(model_type, other, device)):
            yield f"for {other} there is support"
            return


def _too_old(model_type: str, device: str) -> Iterator[Framework]:
    for fact in support_facts():
        if fact.model_type == ANY and device in fact.devices and not loads_with(fact.framework, model_type):
            yield fact.framework
