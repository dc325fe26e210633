"""The page of faults, from what the matrix of faults gave when `make faults` recorded it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hpctl.errors import ExitCode
from tests.faults import commands, job_verbs, recorded
from tools.pages.markdown import code, page, sections, table

INTRODUCTION = """\
What every command that changes a cluster does on a bad day: each of its calls met each of these faults, over real
sockets, in a sandbox behind a proxy. Of the reads for checks the first of an operation is struck, of the looks while
it waits the first and the last, of everything else every call. Reads that another command makes by the same code are
struck in one command, mostly that on Slurm. A number behind a call says which of that operation it is.

A fault strikes every try of a call until the command ends, so that the SDK's own retries do not help; *once* is the
first try alone. Connections are refused, and credentials are expired, for every call from the one that is named.

After each case that did not end with 0 the same command was run again, at once and an hour later. **Again** is how
that ended; in all cases the account was then what a run that nothing disturbs makes of it, with nothing made twice
and nothing left over. No case ended with a traceback, or with an [exit code](exit-codes.md) that is not documented.
`PORT` and `ID` stand for what differs from run to run."""


JOBS = """\
The commands of jobs, in a cluster of two nodes: their calls to Kubernetes met the faults over the API's own TLS
connections, and those to AWS as above. What only reads is the same code in all of them: `list` meets every fault, the
others a few. What changes something meets each fault once as well; a 401 that comes once is a token that has expired.

**Left** is what was there after the command that was not there before, **again** how the same command ended then: 6
where the job of that name is there by now, 3 where it is gone. Whatever a submission left went with `hpctl job delete`.
Where a command ends with 0, what it says first is the remark that an undisturbed run does not make."""


def faults() -> str:
    """Return the page."""
    found = {command.label: recorded.rows(command.file) for command in commands.ALL}
    jobs = {verb.label: recorded.rows(verb.recorded) for verb in job_verbs.ALL}
    parts = (
        INTRODUCTION,
        _overview(found),
        sections((label, _details(rows)) for label, rows in found.items()),
        "## Jobs",
        JOBS,
        _overview(jobs),
        sections((label, _job_details(rows)) for label, rows in jobs.items()),
    )
    return page("Faults", "`tests/faults/outcomes/` (which `make faults` records)", *parts)


def _overview(found: Mapping[str, list[recorded.Row]]) -> str:
    return table(("command", "calls struck", "cases", *_ENDS.values()), map(_counts, found.items()))


_ENDS = {code: f"exit {int(code)}" for code in (
    ExitCode.OK, ExitCode.ACCESS, ExitCode.CONFLICT, ExitCode.UNAVAILABLE, ExitCode.CHECKS_UNKNOWN,
)}  # fmt: skip


def _counts(found: tuple[str, list[recorded.Row]]) -> Iterator[object]:
    label, rows = found
    ends = [row["exit"] for row in rows]
    yield from (label, len({row["call"] for row in rows}), len(rows))
    yield from (ends.count(end) or None for end in _ENDS)


def _job_details(rows: list[recorded.Row]) -> Iterator[str]:
    grouped: dict[tuple[object, ...], list[str]] = {}
    for row in rows:
        left = ", ".join(row["left"]) or None
        grouped.setdefault((row["call"], row["exit"], row["said"], left, row["again"]), []).append(row["fault"])
    lines = (
        (code(call), ", ".join(names), end, said or None, left, again)
        for (call, end, said, left, again), names in grouped.items()
    )
    yield table(("call", "fault", "exit", "what it says first", "left", "again"), lines)


def _details(rows: list[recorded.Row]) -> Iterator[str]:
    grouped: dict[tuple[object, ...], list[str]] = {}
    for row in rows:
        grouped.setdefault((row["call"], row["exit"], row["said"], row["again"]), []).append(row["fault"])
    lines = (
        (code(call), ", ".join(names), end, said or None, again) for (call, end, said, again), names in grouped.items()
    )
    yield table(("call", "fault", "exit", "what it says first", "again"), lines)
