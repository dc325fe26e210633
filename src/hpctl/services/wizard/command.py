"""The command that answers every question at once."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from hpctl.services.wizard.question import KEPT, Answers, Facts, Form


def equivalent(form: Form[Facts], answers: Answers, more: Mapping[str, str | None]) -> str:
    """Return the command that writes the same file without a question.

    `more` are flags beside the answers; a flag that takes no value has an empty one.
    """
    return shlex.join([*form.command.split(), *_words(form, answers, more), "--yes"])


def _words(form: Form[Facts], answers: Answers, more: Mapping[str, str | None]) -> Iterator[str]:
    for flag, value in more.items():
        if value is not None:
            yield from (flag, value) if value else (flag,)
    for question in form.asked(answers):
        for value in answers.get(question.name, ()):
            yield from (question.flag, value)
    for check_id in answers.get(KEPT, ()):
        yield from (f"--{KEPT}", check_id)
