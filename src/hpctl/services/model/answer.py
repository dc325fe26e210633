"""`hpctl check-model` as a whole: a name goes in, a report comes out, whatever the name turns out to be."""

from __future__ import annotations

from enum import StrEnum

from hpctl.errors import ChecksFailedError, SpecError
from hpctl.estimate.training import Task
from hpctl.facts.model_ports import ModelHub
from hpctl.report.model import FamilyModel, ModelFamilyReport, ModelReport
from hpctl.services.model.check import check_model, demand_fit, unexplained
from hpctl.services.model.draft import job_yaml
from hpctl.services.model.family import family_report
from hpctl.services.model.identify import FamilyAnswer, Model, Network, identify
from hpctl.services.model.question import Question, Threshold
from hpctl.spec.model_read import located

__all__ = ["Detail", "Network", "answer", "demand", "draft"]


class Detail(StrEnum):
    """How much of the arithmetic is told."""

    NUMBERS = "numbers"
    FORMULAS = "formulas"


def answer(
    name: str, question: Question, hub: ModelHub, network: Network, detail: Detail
) -> ModelReport | ModelFamilyReport:
    """Identify `name` and judge it; of a family, every architecture answers for the tasks that there are.

    Raises what `identify` and `check_model` raise.
    """
    match identify(name, hub, network):
        case Model(config=config, notes=notes):
            try:
                report = check_model(config, notes, question)
            except SpecError as error:
                raise located(error, config.origin) from None
            return report if detail is Detail.FORMULAS else unexplained(report)
        case FamilyAnswer(name=family, members=members, notes=notes):
            rows = [
                FamilyModel(
                    name=one.name,
                    model_type=one.model_type,
                    parameters=one.parameters,
                    active_parameters=one.active_parameters,
                )
                for one in members
            ]
            return family_report(family, rows, notes, tuple(Task))


def demand(report: ModelReport | ModelFamilyReport, question: Question, threshold: Threshold) -> None:
    """Raise ChecksFailedError or ChecksWarnedError as the report deserves; a family is an answer, not a verdict.

    A question about an instance type cannot be answered for a family: that is a failure, never a guess.
    """
    match report:
        case ModelReport():
            demand_fit(report, question, threshold)
        case ModelFamilyReport() if question.instance_types:
            message = f"`{report.family}` is a family: whether it fits depends on the model"
            raise ChecksFailedError(message, hint=f"for example: hpctl check-model {report.names()[0]}")
        case ModelFamilyReport():
            return


def draft(name: str, question: Question, hub: ModelHub, network: Network) -> str:
    """Write a job file for `name` on the question's one instance type.

    Raises ChecksFailedError where it does not go or is a family, ChecksUnknownError where nobody can say, and what
    `answer` raises.
    """
    report = answer(name, question, hub, network, Detail.NUMBERS)
    match report:
        case ModelReport():
            demand(report, question, Threshold.FAIL)
            return job_yaml(report, question)
        case ModelFamilyReport():
            message = f"`{report.family}` is a family of models"
            raise ChecksFailedError(message, hint=f"for example: --model {report.names()[0]}")
