"""The same questions, answered by flags: nothing is asked, and what is missing is named at once."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.errors import UnconfirmedError, UsageError
from hpctl.services.wizard.prepare import prepared
from hpctl.services.wizard.question import Answers, Facts, Form


def complete(form: Form[Facts], given: Answers) -> Answers:
    """Return the answers, with what the questions take for granted and the only options that work.

    Raises:
        UsageError: an answer cannot be, or answers a question that the others leave out; every such one is named.
        UnconfirmedError: answers are missing; the hint names the flag of each.
    """
    demand_valid(form, given)
    answers, missing = dict(given), []
    for question in form.questions:
        if question.name in answers or not question.asked(answers):
            continue
        taken = prepared(form, question, answers, {}).default
        if taken:
            answers[question.name] = taken
        else:
            missing.append(question.flag)
    if missing:
        what = "an answer is missing" if len(missing) == 1 else f"{len(missing)} answers are missing"
        raise UnconfirmedError(f"{what}, and nobody is asked", hint=f"add {', '.join(missing)}")
    _demand_none([*_refusals(form, answers), *_beside_the_point(form, answers)])
    return answers


def demand_valid(form: Form[Facts], answers: Answers) -> None:
    """Raise `UsageError` with all answers that the spec's own model refuses."""
    _demand_none(list(_refusals(form, answers)))


def _demand_none(wrong: list[str]) -> None:
    if wrong:
        raise UsageError(wrong[0] if len(wrong) == 1 else "\n".join((f"{len(wrong)} answers cannot be", *wrong)))


def _refusals(form: Form[Facts], answers: Answers) -> Iterator[str]:
    """Judge each answer by those before it, so that it is blamed for nothing that a later one says."""
    before: dict[str, tuple[str, ...]] = {}
    for question in form.questions:
        if question.name in answers:
            before[question.name] = answers[question.name]
            if (refusal := form.refusal(before, question)) is not None:
                del before[question.name]
                yield refusal


def _beside_the_point(form: Form[Facts], answers: Answers) -> Iterator[str]:
    asked = {one.name for one in form.asked(answers)}
    for one in form.questions:
        if one.name in answers and one.name not in asked:
            yield f"`{one.flag}` answers nothing here: the other answers leave its question out"
