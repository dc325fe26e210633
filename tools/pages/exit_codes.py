"""The page of exit codes, from `hpctl.errors`."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.errors import ExitCode, HpctlError
from tools.pages.markdown import codes, page, table

INTRODUCTION = """\
Every command ends with one of these codes, and with no other. The codes are stable: scripts may rely on them.

`error.code` is the stable name of the error in the JSON form, which `-o json` and `-o jsonl` write to stderr
(see [reports](reports.md#errors)). `hpctl sandbox run` ends with the exit code of the command that it ran."""


def exit_codes() -> str:
    """Return the page."""
    names = tuple(_named(HpctlError))
    rows = ((code.value, code.meaning, codes(name for at, name in names if at is code)) for code in ExitCode)
    return page("Exit codes", "`hpctl.errors`", INTRODUCTION, table(("code", "meaning", "`error.code`"), rows))


def _named(kind: type[HpctlError]) -> Iterator[tuple[ExitCode, str]]:
    for sub in kind.__subclasses__():
        if sub.__module__ == kind.__module__:
            yield sub.exit_code, sub.code
            yield from _named(sub)
