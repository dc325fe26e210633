"""Walk the questions with somebody who answers them: forth, back, again, until everything is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import Enum, auto
from typing import Generic, Protocol

from hpctl.services.wizard.prepare import Prepared, prepared
from hpctl.services.wizard.question import KEPT, Answers, Facts, Form, Objection, Question
from hpctl.terms import Outcome


class Move(Enum):
    """What somebody does instead of answering."""

    BACK = auto()
    WRITE = auto()


class Front(Protocol):
    """Who asks. Every method may raise `KeyboardInterrupt`, which abandons the interview."""

    def ask(self, question: Prepared) -> tuple[str, ...] | Move:
        """Return the answer, or `Move.BACK`."""
        ...

    def keep(self, objections: tuple[Objection, ...]) -> bool:
        """Tell what failed, and return whether the answer is kept all the same."""
        ...

    def review(self, answers: Answers) -> str | Move:
        """Show all answers; return `WRITE`, `BACK`, or the name of the question that is to be asked again."""
        ...

    def tell(self, text: str) -> None:
        """Say something between questions."""
        ...

    def looking(self, text: str) -> AbstractContextManager[None]:
        """Show what is waited for, for the length of a `with`."""
        ...


class Interview(Generic[Facts]):
    """An interview that goes on; `save` is given the answers after each."""

    def __init__(self, form: Form[Facts], front: Front, save: Callable[[Answers], None]) -> None:
        """Nothing is asked yet."""
        self._form, self._front, self._save = form, front, save
        self._void: dict[str, tuple[str, ...]] = {}
        self._insisted: dict[str, tuple[str, ...]] = {}
        """The checks that fail on answers that stay all the same, by the question's name."""
        self._lifted: tuple[str, ...] = ()

    def run(self, answers: Answers) -> Answers:
        """Ask what is open and return all answers, once somebody has looked at them and wants them written."""
        answers = dict(answers)
        question = self._next(answers)
        while True:
            said = self._ask(question, answers) if question else self._front.review(answers)
            match said:
                case Move.WRITE:
                    return answers
                case Move.BACK:
                    question = self._before(question, answers)
                case str() as name:
                    question = self._form.named(name)
                case taken:
                    answers = self._taken(answers, question, taken)
                    question = self._next(answers)

    def _next(self, answers: Answers) -> Question[Facts] | None:
        return next((one for one in self._form.asked(answers) if one.name not in answers), None)

    def _before(self, question: Question[Facts] | None, answers: Answers) -> Question[Facts]:
        asked = self._form.asked(answers)
        here = asked.index(question) if question else len(asked)
        if here == 0:
            self._front.tell("this is the first question")
        return asked[max(here - 1, 0)]

    def _ask(self, question: Question[Facts], answers: Answers) -> tuple[str, ...] | Move:
        """Ask until the answer holds, or somebody keeps it although a check fails."""
        while True:
            with self._front.looking("looking up what there is") if question.options else nullcontext():
                ready = prepared(self._form, question, answers, self._void)
            said = self._front.ask(ready)
            if isinstance(said, Move):
                return said
            refusal = refused(self._form, question, answers, ready, said)
            if refusal is not None:
                self._front.tell(refusal)
            elif self._holds(question, {**answers, question.name: said}):
                return said

    def _holds(self, question: Question[Facts], answers: Answers) -> bool:
        """Whether the answer stays; what was insisted on when this was asked before is judged anew."""
        self._lifted = self._insisted.pop(question.name, ())
        left_out = set(answers.get(KEPT, ())).difference(self._lifted)
        checks = tuple(one for one in question.judged_by if one not in left_out)
        if not checks:
            return True
        with self._front.looking("checking the answer"):
            objections = tuple(self._form.objections(answers, checks, self._form.facts(answers)))
        for one in objections:
            if one.outcome is Outcome.UNKNOWN:
                self._front.tell(f"not verified: {one}")
        failed = tuple(one for one in objections if one.outcome is Outcome.FAIL)
        if failed and not self._front.keep(failed):
            return False
        self._insisted[question.name] = tuple(one.check_id for one in failed)
        return True

    def _taken(self, answers: Answers, question: Question[Facts] | None, said: tuple[str, ...]) -> Answers:
        if question is None:
            return answers
        name = question.name
        changed = name in answers and answers[name] != said
        void = self._form.void_after(name) if changed else frozenset()
        self._void |= {one: answers[one] for one in void if one in answers}
        taken = {one: answer for one, answer in answers.items() if one not in void} | {name: said}
        kept = [one for one in taken.pop(KEPT, ()) if one not in self._lifted]
        kept += [one for one in self._insisted.get(name, ()) if one not in kept]
        if kept:
            taken[KEPT] = tuple(kept)
        self._save(taken)
        return taken


def refused(
    form: Form[Facts], question: Question[Facts], answers: Answers, ready: Prepared, said: tuple[str, ...]
) -> str | None:
    """Return why an answer cannot be: there is none, its option is refused, or the spec takes none such."""
    if not said or "" in said:
        return f"`{question.flag}` needs an answer"
    by_value = {one.value: one for one in ready.options}
    for value in said:
        if value in by_value and by_value[value].refused:
            return f"`{value}`: {by_value[value].refused}"
    return form.refusal({**answers, question.name: said}, question)
