"""The use case of `hpctl check-model`: what is the model, is it supported, does it fit, how must it be split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from hpctl.catalog.accelerators import Accelerated, accelerated
from hpctl.catalog.model_support import NVIDIA, Status
from hpctl.errors import ChecksFailedError, ChecksUnknownError, ChecksWarnedError
from hpctl.estimate.parameters import shape_of
from hpctl.estimate.shape import ModelShape
from hpctl.estimate.training import Inference, Training
from hpctl.report.model import ModelFacts, ModelOnType, ModelReport, SupportVerdict
from hpctl.services.model.fit import Answer, AskedLayout, fit, fit_layout
from hpctl.services.model.question import USUAL_TYPES, Question, Threshold, settings, usual_precision, wish
from hpctl.services.model.support import WORKING, alternatives, verdicts
from hpctl.spec.model_config import ModelConfig

_RUNS = (*WORKING, Status.FITS_ONE_CORE_ONLY)
_WITHOUT_BF16 = ("NVIDIA T4", "NVIDIA V100")


def check_model(config: ModelConfig, notes: tuple[str, ...], question: Question) -> ModelReport:
    """Judge one model on each instance type of the question.

    Raises UnknownModelError for an architecture that is not counted, UsageError for a layout or a precision that
    does not exist, NotFoundError for an instance type that nobody knows.
    """
    return judge(config, notes, question, [accelerated(name) for name in question.instance_types or USUAL_TYPES])


def judge(
    config: ModelConfig, notes: tuple[str, ...], question: Question, places: Iterable[Accelerated]
) -> ModelReport:
    """Judge one model on nodes of these `places`, whatever instance types the question names; see `check_model`."""
    shape = shape_of(config)
    return ModelReport(
        model=_facts(config, shape),
        task=question.task,
        sequence=wish(question, shape.max_positions, "bf16").sequence,
        settings=settings(question, shape.max_positions),
        notes=notes,
        instance_types=tuple(_on(shape, model_type(config), one, question) for one in places),
    )


def model_type(config: ModelConfig) -> str:
    """The word by which frameworks know the model: the whole configuration's, not its text part's."""
    whole = config.raw.get("model_type")
    return whole if isinstance(whole, str) else config.model_type


def demand_fit(report: ModelReport, question: Question, threshold: Threshold) -> None:
    """Raise ChecksFailedError where the model does not go, ChecksUnknownError where nobody can say.

    Named instance types must all do; of the usual ones one is enough. Beyond the threshold, caveats raise
    ChecksWarnedError.
    """
    rows = report.instance_types
    good = [row for row in rows if row.outcome in {"pass", "warn"}]
    if question.instance_types or not good:
        _demand_each(report)
    if threshold is Threshold.WARN and all(row.outcome == "warn" for row in good):
        message = f"`{report.model.name}` goes for {report.task}, with caveats"
        raise ChecksWarnedError(message, hint=good[0].caveats[0])


def _demand_each(report: ModelReport) -> None:
    failed = [row for row in report.instance_types if row.outcome == "fail"]
    if failed:
        message = f"`{report.model.name}` does not go for {report.task} on {_listed(failed)}"
        raise ChecksFailedError(message, hint=_instead(failed))
    unknown = [row for row in report.instance_types if row.outcome == "unknown"]
    if unknown:
        message = f"whether `{report.model.name}` fits {_listed(unknown)} cannot be said"
        raise ChecksUnknownError(message, hint=unknown[0].reasons[0])


def _listed(rows: list[ModelOnType]) -> str:
    return ", ".join(f"`{row.instance_type}`" for row in rows)


def _instead(failed: list[ModelOnType]) -> str | None:
    told = list(dict.fromkeys(other for row in failed for other in row.alternatives))
    return f"it does on {'; '.join(told)}" if told else None


def _facts(config: ModelConfig, shape: ModelShape) -> ModelFacts:
    return ModelFacts(
        name=config.name,
        origin=config.origin,
        model_type=config.model_type,
        architecture=config.architecture,
        parameters=shape.parameters,
        active_parameters=shape.active_parameters,
        layers=len(shape.layers),
        hidden=shape.hidden,
        vocabulary=shape.vocabulary,
        max_positions=shape.max_positions,
        tied=shape.tied,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What stands against an instance type."""

    reasons: tuple[str, ...]
    unknown: tuple[str, ...]
    caveats: tuple[str, ...]

    @property
    def outcome(self) -> Literal["pass", "warn", "fail", "unknown"]:
        """The worst of it."""
        if self.reasons:
            return "fail"
        if self.unknown:
            return "unknown"
        return "warn" if self.caveats else "pass"


def _on(shape: ModelShape, name: str, place: Accelerated, question: Question) -> ModelOnType:
    support = verdicts(name, question.task, place.device)
    chosen, answer = _best(shape, place, question, support)
    reasons = tuple(_reasons(name, chosen, answer))
    caveats = (*_caveats(place, chosen, answer), *_beyond(question, shape.max_positions))
    told = _Told(reasons, (answer.unknown,) if answer.unknown else (), caveats)
    return ModelOnType(
        instance_type=place.type.name,
        hyperpod=place.hyperpod,
        device=place.device,
        devices_per_node=place.type.logical_neuron_cores or place.type.accelerator_count,
        device_memory_gib=_memory_each(place),
        outcome=told.outcome,
        support=support,
        framework=chosen.framework if chosen.status in _RUNS else None,
        precision=_precision(question, place, chosen),
        nodes=answer.nodes,
        layouts=answer.layouts,
        limit=answer.limit,
        uncertainty=answer.uncertainty,
        caveats=caveats,
        notes=answer.notes,
        reasons=reasons or told.unknown,
        alternatives=tuple(_otherwise(shape, name, place, question, chosen)) if reasons else (),
        explanation=answer.explanation,
    )


def _best(
    shape: ModelShape, place: Accelerated, question: Question, support: tuple[SupportVerdict, ...]
) -> tuple[SupportVerdict, Answer]:
    """The first framework with which the model runs and fits; else the first of all, and why it does not."""
    tried = [(row, _answer(shape, place, question, row)) for row in support[:1]]
    for row in support[1:]:
        if tried[0][1].nodes is not None or row.status not in _RUNS:
            break
        answer = _answer(shape, place, question, row)
        if answer.nodes is not None:
            return row, answer
    return tried[0]


def _answer(shape: ModelShape, place: Accelerated, question: Question, row: SupportVerdict) -> Answer:
    """What cannot run is sized all the same, as if there were every way to split it."""
    wanted = wish(question, shape.max_positions, _usual(place, row))
    limited = row.status in _RUNS and place.device != NVIDIA
    ways = frozenset(row.parallelism) if limited else None
    if question.parallel is not None:
        return fit_layout(shape, wanted, place.type, AskedLayout(question.parallel, question.nodes), ways)
    return fit(shape, wanted, place.type, question.nodes, ways)


def _otherwise(
    shape: ModelShape, name: str, place: Accelerated, question: Question, chosen: SupportVerdict
) -> Iterator[str]:
    """Where it goes: on other accelerators, or, when memory alone is in the way, split otherwise over more nodes."""
    if chosen.status not in WORKING:
        yield from alternatives(name, question.task, place.device)
    elif question.nodes is not None or question.parallel is not None:
        free = _answer(shape, place, replace(question, nodes=None, parallel=None), chosen)
        if free.nodes is not None:
            yield f"{free.nodes} x {place.type.name}: {free.layouts[0].layout}"


def _usual(place: Accelerated, row: SupportVerdict) -> str:
    return usual_precision(place.type.accelerator_kind, row.framework)


def _precision(question: Question, place: Accelerated, row: SupportVerdict) -> str:
    match wish(question, None, _usual(place, row)):
        case Training(regime=regime):
            return regime.name
        case Inference():
            return question.precision or "bf16"


def _memory_each(place: Accelerated) -> float | None:
    whole = place.type.accelerator_memory_gib
    if whole is None:
        return None
    return whole * place.type.accelerator_count / (place.type.logical_neuron_cores or place.type.accelerator_count)


def _reasons(model_type: str, best: SupportVerdict, answer: Answer) -> Iterator[str]:
    if best.status not in _RUNS:
        yield best.note if best.status == Status.NO and best.note else f"{best.framework}: {best.meaning}"
    if answer.nodes is not None or answer.unknown:
        return
    if best.status == Status.FITS_ONE_CORE_ONLY:
        yield f"no framework has a class that splits `{model_type}`, and it does not fit one core"
    else:
        yield f"does not fit: {answer.limit or 'no layout is allowed'}"


def _caveats(place: Accelerated, best: SupportVerdict, answer: Answer) -> Iterator[str]:
    if not place.hyperpod:
        yield "not a HyperPod instance type: CreateCluster does not take it"
    if best.status in _RUNS and answer.nodes is not None:
        yield from _about_support(best)
    if place.type.accelerator_name in _WITHOUT_BF16:
        yield f"{place.type.accelerator_name} has no bfloat16: train in float16 or float32"
    if answer.tight:
        yield answer.tight
    yield from answer.caveats


def _beyond(question: Question, longest: int | None) -> Iterator[str]:
    if question.sequence and longest and question.sequence > longest:
        yield f"{question.sequence:,} tokens are more than the {longest:,} positions of its configuration"


def _about_support(best: SupportVerdict) -> Iterator[str]:
    if best.sdk:
        yield f"pin Neuron SDK {best.sdk}: {best.pin}"
    if best.status not in (Status.SUPPORTED, Status.SUPPORTED_PIN):
        yield f"{best.framework}: {best.status}, {best.access or best.meaning}"
    if best.lifecycle:
        yield f"{best.framework}: {best.lifecycle}"
    if best.note:
        yield f"{best.framework}: {best.note}"


def unexplained(report: ModelReport) -> ModelReport:
    """The report without the formulas' lines, as it is shown unless `--explain` is said."""
    rows = tuple(row.model_copy(update={"explanation": ()}) for row in report.instance_types)
    return report.model_copy(update={"instance_types": rows})
