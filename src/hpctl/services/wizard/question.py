"""What a question of a wizard is: data, which prompts, flags, drafts and tests read alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from hpctl.terms import Outcome

Facts = TypeVar("Facts")
"""What answers are judged by: the world of an account, or the models that are known."""

Answers = Mapping[str, tuple[str, ...]]
"""What was answered, by the question's name; one text, or several where a question allows it."""

KEPT = "skip"
"""The answer that no question asks for: checks that failed, and whose answers somebody keeps all the same."""


@dataclass(frozen=True)
class Option:
    """Something to choose: the value, what a person reads beside it, and why it cannot be chosen.

    `lacking` is why it will not do alone, although it may beside others.
    """

    value: str
    label: str = ""
    refused: str | None = None
    lacking: str | None = None


@dataclass(frozen=True)
class Objection:
    """What a check has against an answer, or why it could not look; `subject` is what it is about."""

    check_id: str
    outcome: Outcome
    subject: str
    text: str

    def about(self, value: str) -> str:
        """Return what is wrong with an option, which needs no other name beside its own."""
        return self.text.removeprefix(f"`{value}` ")

    def __str__(self) -> str:
        return self.text if self.subject.rpartition("/")[2] in self.text else f"{self.subject}: {self.text}"


def always(_answers: Answers) -> bool:
    """Ask it of everybody."""
    return True


def nothing(_answers: Answers, _facts: object) -> str | None:
    """Take nothing for granted."""
    return None


@dataclass(frozen=True)
class Question(Generic[Facts]):
    """One question; `name` is its flag too.

    `options` are what there is to choose (it may raise: the answer is then typed), `several` whether more than one may
    be, `closed` whether nothing else may be typed. `default` is what is taken where nobody is asked, `asked` whether
    the question makes sense after the answers so far, `rests_on` the earlier answers that make this one void when they
    change. `checks` judge the answer, and every option before it is offered; `later` judge the answer alone, because
    they cost a call or more for each. `jointly` are checks that several options may pass together: an option is refused
    by them where it fails with the answers that `share` makes of those so far, the least that one of several must do.
    """

    name: str
    text: str
    help: str
    options: Callable[[Answers, Facts], Iterable[Option]] | None = None
    several: bool = False
    closed: bool = False
    default: Callable[[Answers, Facts], str | None] = nothing
    asked: Callable[[Answers], bool] = always
    rests_on: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    jointly: tuple[str, ...] = ()
    share: Callable[[Answers], Answers] | None = None

    @property
    def judged_by(self) -> tuple[str, ...]:
        """The checks of a whole answer."""
        return (*self.checks, *self.jointly, *self.later)

    @property
    def flag(self) -> str:
        """The flag that answers it."""
        return f"--{self.name}"


@dataclass(frozen=True)
class Form(Generic[Facts]):
    """The questions about one thing, and who judges the answers.

    `facts` are what is known once these answers are, `refusal` says why the last answer cannot be (in the words of the
    spec's own model), `objections` what the checks of these ids say.
    """

    command: str
    questions: tuple[Question[Facts], ...]
    facts: Callable[[Answers], Facts]
    refusal: Callable[[Answers, Question[Facts]], str | None]
    objections: Callable[[Answers, tuple[str, ...], Facts], Iterable[Objection]]

    def asked(self, answers: Answers) -> tuple[Question[Facts], ...]:
        """Return the questions that make sense after these answers."""
        return tuple(one for one in self.questions if one.asked(answers))

    def named(self, name: str) -> Question[Facts]:
        """Return the question of this name."""
        return next(one for one in self.questions if one.name == name)

    def void_after(self, name: str) -> frozenset[str]:
        """Return the names of the answers that mean nothing any more when the one to `name` changes."""
        void = {name}
        for one in self.questions:
            if void.intersection(one.rests_on):
                void.add(one.name)
        return frozenset(void - {name})

    def continued(self, draft: Answers, given: Answers) -> Answers:
        """Return the answers of a draft with those `given` in their place, without what they make void."""
        changed = [name for name, said in given.items() if draft.get(name, said) != said]
        void = {one for name in changed for one in self.void_after(name)}
        return {**{name: said for name, said in draft.items() if name not in void}, **given}


def first(answers: Answers, name: str) -> str | None:
    """Return the answer to a question, or the first of several; None where there is none."""
    return next(iter(answers.get(name, ())), None)
