"""From flags and a person's answers to a file: the road that every wizard takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Generic

from hpctl.cli import wiring
from hpctl.errors import AbandonedError, HpctlError, Terminated
from hpctl.services.wizard.question import Answers, Facts, Form

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.cli.wizard.prompts import Prompts
    from hpctl.facts.draft_ports import Draft


@dataclass(frozen=True)
class Wizard(Generic[Facts]):
    """A form, the name of its draft, and what shows a person how good the answers are."""

    form: Form[Facts]
    draft: str
    look: Callable[[Answers], None]


def answers_of(
    session: Session, wizard: Wizard[Facts], given: Answers, *, ask: bool, resume: bool | None
) -> tuple[Answers, Draft | None]:
    """Return all answers, and the draft that is to be forgotten once they are written.

    With `ask` a person is asked what flags leave open, and may go on with a draft; else flags must tell it all.

    Raises:
        AbandonedError: the person left; the draft stays.
        UnconfirmedError: flags leave something open, and nobody is asked.
        UsageError: an answer cannot be.
    """
    from hpctl.services.wizard import unasked

    if not ask:
        return unasked.complete(wizard.form, given), None
    unasked.demand_valid(wizard.form, given)
    return _interviewed(session, wizard, given, resume=resume)


def given_of(said: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """Return the flags that were given as answers, by the names of their questions."""
    found = {}
    for name, value in said.items():
        texts = tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)
        if value is not None and texts:
            found[name.replace("_", "-")] = texts
    return found


def file_taken(file: str) -> str | None:
    """Return why a new file cannot be written there, None where it can."""
    path = Path(file)
    if path.exists() or path.is_symlink():
        return f"`{file}` is there already; name another file, or move it away"
    return None if path.parent.is_dir() else f"there is no folder `{path.parent}` for `{file}`"


def _now() -> datetime:
    return datetime.now(UTC)


def _interviewed(
    session: Session, wizard: Wizard[Facts], given: Answers, *, resume: bool | None
) -> tuple[Answers, Draft]:
    from hpctl.cli.wizard.prompts import Prompts
    from hpctl.services.wizard.interview import Interview

    draft, front = wiring.draft(wizard.draft), Prompts(session.terminal, wizard.look)
    saving = _Saving(draft, front)
    with _leaving(wizard.form.command, saving):
        begun = wizard.form.continued(_resumed(saving, wizard.form, resume=resume), given)
        return Interview(wizard.form, front, saving.save).run(begun), draft


def _resumed(saving: _Saving, form: Form[Facts], *, resume: bool | None) -> Answers:
    kept = None if resume is False else saving.draft.read(_now())
    if kept is None:
        return {}
    saving.kept = True
    answers, saved_at = kept
    question = f"Go on with your draft of {saved_at:%Y-%m-%d %H:%M} UTC ({len(answers)} answers)?"
    if not (resume or saving.front.confirm(question)):
        return {}
    return {name: said for name, said in answers.items() if _stands(form, answers, name)}


def _stands(form: Form[Facts], answers: Answers, name: str) -> bool:
    """Whether an answer of a draft still answers something: a newer hpctl may ask otherwise."""
    question = next((one for one in form.questions if one.name == name), None)
    return name == "skip" or (question is not None and form.refusal(answers, question) is None)


@dataclass
class _Saving:
    """Keeps answers as they come; a disk that takes none is told of once, and stops nobody.

    `kept` is whether there are answers to go on with, of this time or of an earlier one.
    """

    draft: Draft
    front: Prompts
    kept: bool = False
    told: bool = False

    def save(self, answers: Answers) -> None:
        try:
            self.draft.save(answers, _now())
            self.kept = True
        except HpctlError as error:
            if not self.told:
                self.front.tell(f"your answers cannot be kept for another time: {error.message}")
            self.told = True


@contextmanager
def _leaving(command: str, saving: _Saving) -> Iterator[None]:
    """Let Ctrl-C leave at any question, and say how to go on."""
    try:
        yield
    except Terminated:
        raise
    except KeyboardInterrupt as end:
        if saving.told or not saving.kept:
            raise AbandonedError("nothing was written") from end
        hint = f"to go on where you were: {command} --resume"
        raise AbandonedError("nothing was written; your answers are kept", hint=hint) from end
