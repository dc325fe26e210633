"""The problems of a file, put into the one error that tells of all of them."""

from __future__ import annotations

from collections.abc import Iterable

from hpctl.errors import Problem, SpecError


def elsewhere(early: Iterable[Problem], later: Iterable[Problem]) -> Iterable[Problem]:
    """Drop what follows from a problem that is reported already: a variable without a value fits nothing."""
    reported = {(problem.line, problem.column) for problem in early}
    return (problem for problem in later if (problem.line, problem.column) not in reported)


def in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort the problems by where they are; each is told once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column)))


def invalid(file: str, wanted: str, problems: tuple[Problem, ...], hint: str) -> SpecError:
    """Make the error of a file that is not what is `wanted`."""
    counted = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return SpecError(f"`{file}` is not {wanted}: {counted}", problems, hint=hint)
