"""What is wrong, why, and what to do: the part of an answer that must not be overlooked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hpctl.render.advice import advice
from hpctl.render.page import Blank, Piece, Prose, Style, Verbatim
from hpctl.render.words import counted
from hpctl.report.cluster import Diagnosis


def problems(diagnoses: Sequence[Diagnosis]) -> Iterator[Piece]:
    """Yield a headed list of diagnoses; nothing when there are none."""
    if not diagnoses:
        return
    yield Blank()
    yield Prose(f"{counted(len(diagnoses), 'problem')}:", style=Style.BAD)
    for diagnosis in diagnoses:
        yield Prose(f"{diagnosis.subject}: {diagnosis.message}", lead="!", style=Style.BAD, indent=2)
        yield from why_and_fix(diagnosis.cause, diagnosis.remedy, indent=4)


def why_and_fix(cause: str | None, remedy: str | None, *, indent: int) -> Iterator[Piece]:
    """Yield the cause and the remedy, as far as they are known."""
    if cause:
        yield Prose(cause, lead="cause:", style=Style.BOLD, indent=indent)
    if remedy:
        yield from advice(remedy, lead="fix:", indent=indent)


def next_steps(steps: Iterable[str]) -> Iterator[Piece]:
    """Yield the commands that come next; nothing when there are none."""
    commands = tuple(steps)
    if commands:
        yield Blank()
        yield Prose("next:", style=Style.BOLD)
        for command in commands:
            yield Verbatim(command, indent=2)
