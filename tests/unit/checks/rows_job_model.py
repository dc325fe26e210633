"""What the check of a job's model says."""

from __future__ import annotations

from hpctl.errors import NotFoundError
from hpctl.facts.job_model import JobModel, ModelAnswer, Origin
from hpctl.report.check import Finding
from hpctl.terms import Outcome
from tests.unit.checks.job_rows import JobRow, a_target, bad, doubtful, fails, passes, said, warns

NAME = "Qwen/Qwen3-8B"
PLACE = "2 x ml.p5.48xlarge"
NEEDS, HAS = "needs 134.2 GiB a device with dp=1,tp=8,zero=3 (114.1 to 158.4)", "has 80.0 GiB a device"
GOOD = ModelAnswer("finetune", Outcome.PASS, (), (NEEDS, HAS))
CAVEAT = ModelAnswer("finetune", Outcome.WARN, ("pin Neuron SDK 2.26.1",), (NEEDS,), "hpctl check-model tells more")
BAD = ModelAnswer("finetune", Outcome.FAIL, ("does not fit: optimizer",), (NEEDS, HAS), "it goes on 3 x ml.p5.48xlarge")
LORA, WHERE = ModelAnswer("lora", Outcome.PASS), "the variable MODEL_NAME"
BLIND = NotFoundError("no model `Qwen/Qwen3-8BB` is known here", hint="the nearest names are `Qwen/Qwen3-8B`")


def a_model(*answers: ModelAnswer, origin: Origin = Origin.SAID) -> JobModel:
    return JobModel(NAME, origin, "`model`" if origin is Origin.SAID else WHERE, PLACE, answers)


def read(*answers: ModelAnswer) -> JobModel:
    return a_model(*answers, origin=Origin.READ)


def in_the_file(found: Finding) -> Finding:
    return found.model_copy(update={"path": ("model",)})


ROWS: tuple[JobRow, ...] = (
    passes(
        "job-model",
        "a model that fits",
        a_target(model=a_model(GOOD)),
        in_the_file(said(f"model/{NAME}", f"goes for finetune on {PLACE}", NEEDS, HAS)),
    ),
    warns(
        "job-model",
        "something to pin",
        a_target(model=a_model(CAVEAT)),
        in_the_file(
            doubtful(
                f"model/{NAME}",
                f"goes for finetune on {PLACE}, with caveats",
                NEEDS,
                "pin Neuron SDK 2.26.1",
                remedy="hpctl check-model tells more",
            )
        ),
    ),
    fails(
        "job-model",
        "a model that does not fit",
        a_target(model=a_model(BAD)),
        in_the_file(
            bad(
                f"model/{NAME}",
                f"does not go for finetune on {PLACE}: does not fit: optimizer",
                NEEDS,
                HAS,
                remedy="it goes on 3 x ml.p5.48xlarge",
            )
        ),
    ),
    passes(
        "job-model",
        "a name that was read and goes for something",
        a_target(model=read(BAD, LORA)),
        said(f"model/{NAME}", f"goes for lora on {PLACE}, not for finetune", f"its name was read in {WHERE}"),
    ),
    warns(
        "job-model",
        "a name that was read and goes for nothing",
        a_target(model=read(BAD)),
        doubtful(
            f"model/{NAME}",
            f"goes for nothing on {PLACE}",
            f"its name was read in {WHERE}",
            "finetune: does not fit: optimizer",
            remedy="if it is another model that is trained, say which with `model:` in an hpctl job file",
        ),
    ),
    JobRow(
        "job-model",
        "a name that nobody knows",
        Outcome.UNKNOWN,
        a_target(model=JobModel(NAME, Origin.SAID, "`model`", blind=BLIND)),
    ),
)
