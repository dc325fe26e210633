"""An error on stderr: what went wrong, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hpctl.errors import AccessError, HpctlError, Problem, RefusedError, SpecError
from hpctl.render.advice import line_of_advice
from hpctl.render.layout import lines
from hpctl.render.output import Output
from hpctl.render.page import Blank, Piece, Prose, Style, Verbatim
from hpctl.render.safe import one_line
from hpctl.render.screen import Screen
from hpctl.render.terminal import Terminal, write

_SCHEMA_VERSION: Final = "hpctl/v1"  # that of every report; `report.base` would load Pydantic to say so


def show_error(error: HpctlError, output: Output, terminal: Terminal) -> None:
    """Write `error` to stderr: as text, or as one JSON line with `-o json` and `-o jsonl`."""
    if output in (Output.JSON, Output.JSONL):
        from hpctl.render.data import compact

        write(terminal.stderr, compact(_form(error)))
    else:
        width = terminal.width if terminal.stderr.isatty() else None
        screen = Screen(width, colour=terminal.colour_stderr)
        write(terminal.stderr, "".join(f"{line}\n" for line in lines(_pieces(error), screen)))


def _pieces(error: HpctlError) -> Iterator[Piece]:
    yield Prose(_sentence(error), lead="error:", style=Style.BAD)
    if isinstance(error, SpecError) and error.problems:
        yield Blank()
        yield from (Verbatim(_problem_line(problem)) for problem in _sorted(error.problems))
    if error.cause:
        yield Prose(error.cause, lead="cause:")
    if error.hint:
        first, *others = error.hint.split("\n")
        yield Blank()
        yield line_of_advice(first, lead="hint:")
        yield from (line_of_advice(line, indent=len("hint: ")) for line in others)


def _sentence(error: HpctlError) -> str:
    """Return the message, with what only machines would be told else."""
    match error:
        case AccessError() if error.action and error.action not in error.message:
            return f"{error.message} (needs `{error.action}`)"
        case RefusedError() if error.aws_code not in error.message:
            return f"{error.message} ({error.aws_code})"
        case _:
            return error.message


def _problem_line(problem: Problem) -> str:
    path = f"{problem.path}: " if problem.path else ""
    nearest = f" (did you mean `{problem.nearest}`?)" if problem.nearest else ""
    return one_line(f"{problem.file}:{problem.line}:{problem.column}: {path}{problem.message}{nearest}")


def _sorted(problems: tuple[Problem, ...]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column, problem.path))


def _form(error: HpctlError) -> dict[str, Any]:
    body: dict[str, Any] = {
        "code": error.code,
        "exit_code": int(error.exit_code),
        "message": error.message,
        "cause": error.cause,
        "hint": error.hint,
    }
    match error:
        case SpecError():
            body["problems"] = [_problem_form(problem) for problem in _sorted(error.problems)]
        case AccessError():
            body["action"] = error.action
        case RefusedError():
            body["aws_code"] = error.aws_code
        case _:
            pass
    return {"schema_version": _SCHEMA_VERSION, "kind": "Error", "error": body}


def _problem_form(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "message": problem.message,
        "nearest": problem.nearest,
    }
