"""Whether the model that a job trains goes where the job goes; judged only where the model is known."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail, note, warn
from hpctl.facts.job_model import JobModel, ModelAnswer, Origin
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.terms import Outcome


@check("job-model", "the job's model is supported and fits its nodes", needs=("job-fits",), blocking=False)
def model(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """A model that does not fit is found out after the nodes are held, the image is pulled and the weights are loaded.

    The `model` key of a job file says which model it trains and how it is split; `hpctl check-model` tells more. Where
    a file has no such key, variables and arguments by usual names (`MODEL_NAME`, `--model_name_or_path`) are read: what
    is done with the model is not known then, so that there is a caution at most, and only where it goes for nothing. A
    job whose model is not known has no such check.
    """
    known = job.model
    if known is None:
        return
    if known.blind is not None:
        raise known.blind
    match known.origin:
        case Origin.SAID:
            for answer in known.answers:
                yield from _said(known, answer)
        case Origin.READ:
            yield _read(known)


def _said(known: JobModel, answer: ModelAnswer) -> Iterator[Finding]:
    subject = f"model/{known.name}"
    match answer.outcome:
        case Outcome.FAIL:
            message = f"does not go for {answer.task} on {known.place}: {'; '.join(answer.said)}"
            yield fail(subject, message, *answer.evidence, remedy=answer.remedy, at=("model",))
        case Outcome.WARN:
            message = f"goes for {answer.task} on {known.place}, with caveats"
            evidence = (*answer.evidence, *answer.said)
            yield warn(subject, message, *evidence, remedy=answer.remedy, at=("model",))
        case _:
            yield note(subject, f"goes for {answer.task} on {known.place}", *answer.evidence, at=("model",))


def _read(known: JobModel) -> Finding:
    good = [one.task for one in known.answers if one.outcome in (Outcome.PASS, Outcome.WARN)]
    subject, read = f"model/{known.name}", f"its name was read in {known.where}"
    if good:
        others = [one.task for one in known.answers if one.task not in good]
        except_for = f", not for {', '.join(others)}" if others else ""
        return note(subject, f"goes for {', '.join(good)} on {known.place}{except_for}", read)
    told = (f"{one.task}: {'; '.join(one.said)}" for one in known.answers)
    remedy = "if it is another model that is trained, say which with `model:` in an hpctl job file"
    return warn(subject, f"goes for nothing on {known.place}", read, *told, remedy=remedy)
