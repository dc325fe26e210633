"""The model that a job trains, as far as it is known, and how it goes where the job goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hpctl.errors import HpctlError
from hpctl.terms import Outcome


class Origin(StrEnum):
    """How a job's model is known."""

    SAID = "said"
    """The job's file says so, with its `model` key."""
    READ = "read"
    """A variable or an argument by a usual name holds the name of a model: what is done with it is not known."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """How a model goes for one `task` on the job's nodes.

    `said` are the reasons of a fail or an unknown, the caveats of a warn; `evidence` is what it needs and what there
    is; `remedy` what to do about it.
    """

    task: str
    outcome: Outcome
    said: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class JobModel:
    """The model of a job: `where` its name was found, `place` on what it was judged, such as `2 x ml.p5.48xlarge`.

    `answers` are for the task that was said, or for every task when none was. `blind` is why nobody could judge it.
    """

    name: str
    origin: Origin
    where: str
    place: str = ""
    answers: tuple[ModelAnswer, ...] = ()
    blind: HpctlError | None = None
