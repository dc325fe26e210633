"""A question made ready to be asked: its options judged, its default found."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from hpctl.errors import HpctlError
from hpctl.services.wizard.question import Answers, Facts, Form, Option, Question
from hpctl.terms import Outcome

_JUDGED_AT_ONCE: Final = 8
"""Options whose checks run at the same time: each may cost calls."""


@dataclass(frozen=True)
class Prepared:
    """A question as it is asked: `default` is what stands there already, `note` why there is nothing to choose from.

    `place` is which of how many it is.
    """

    name: str
    text: str
    help: str
    options: tuple[Option, ...]
    default: tuple[str, ...]
    place: tuple[int, int]
    several: bool = False
    closed: bool = False
    note: str | None = None

    @property
    def usable(self) -> tuple[Option, ...]:
        """The options that can be chosen."""
        return tuple(one for one in self.options if one.refused is None)


def prepared(form: Form[Facts], question: Question[Facts], answers: Answers, remembered: Answers) -> Prepared:
    """Return the question with its options judged, those that work first; an API that refuses leaves it to be typed."""
    facts, note = form.facts(answers), None
    options: tuple[Option, ...] = ()
    if question.options:
        try:
            options = judged(form, question, answers, question.options(answers, facts))
        except HpctlError as error:
            note = f"nothing can be offered: {error.message}"
    asked = [one.name for one in form.asked(answers)]
    return Prepared(
        name=question.name,
        text=question.text,
        help=question.help,
        options=options,
        several=question.several,
        closed=question.closed,
        default=_default(form, question, answers, remembered, options),
        place=(asked.index(question.name) + 1, len(asked)),
        note=note,
    )


def judged(
    form: Form[Facts], question: Question[Facts], answers: Answers, options: Iterable[Option]
) -> tuple[Option, ...]:
    """Return the options with the reason of the first check that fails on each; those that work come first."""
    facts = form.facts(answers)

    def judge(option: Option) -> Option:
        if option.refused:
            return option
        tried = {**answers, question.name: (option.value,)}
        if refused := fault(option, tried, question.checks):
            return replace(option, refused=refused)
        lacking = fault(option, tried, question.jointly)
        useless = lacking and question.share and fault(option, question.share(tried), question.jointly)
        return replace(option, refused=lacking) if useless else replace(option, lacking=lacking)

    def fault(option: Option, tried: Answers, checks: tuple[str, ...]) -> str | None:
        found = form.objections(tried, checks, facts) if checks else ()
        return next((one.about(option.value) for one in found if one.outcome is Outcome.FAIL), None)

    with ThreadPoolExecutor(_JUDGED_AT_ONCE, thread_name_prefix="options") as pool:
        return tuple(sorted(pool.map(judge, options), key=lambda one: (bool(one.refused), bool(one.lacking))))


def _default(
    form: Form[Facts], question: Question[Facts], answers: Answers, remembered: Answers, options: tuple[Option, ...]
) -> tuple[str, ...]:
    """What was answered before, else what the question takes for granted, else the only option that works."""
    refused = {one.value for one in options if one.refused}
    for known in (answers.get(question.name), remembered.get(question.name)):
        if known and not refused.intersection(known):
            return known
    taken = question.default(answers, form.facts(answers))
    if taken is not None and taken not in refused:
        return (taken,)
    usable = [one.value for one in options if not (one.refused or one.lacking)]
    return tuple(usable) if len(usable) == 1 else ()
