"""SkyPilot: what setting it up changes, and what it says of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.render.diagnoses import next_steps
from hpctl.render.page import Aside, Blank, Column, Piece, Prose, Style, Styled, Table, Verbatim
from hpctl.report.sky import SkyCheckReport, SkySetupReport, SkyStep

_SIGNS: Final = {"add": Styled("+", Style.GOOD), "change": Styled("~", Style.WARN), "keep": Styled("", Style.PLAIN)}
_STATES: Final = {
    "ready": Styled("ready", Style.GOOD),
    "blind": Styled("enabled, without accelerators", Style.WARN),
    "disabled": Styled("disabled", Style.BAD),
}


def setup(report: SkySetupReport) -> Iterator[Piece]:
    """Yield who does it where, what is needed and what of it changes, then the lines of files that change."""
    for note in report.notes:
        yield Aside(f"note: {note}")
    caller = report.identity
    who = f"account {caller.account}, region {caller.region}, {caller.arn.rpartition(':')[2]}"
    yield Prose(f"{who}, cluster {report.cluster}, SkyPilot {report.version}")
    yield Blank()
    yield Table((Column(""), Column("WHAT"), Column("WHERE", least=24)), [_row(step) for step in report.steps])
    if report.result == "planned":
        for step in report.steps:
            yield from _diff(step)
    yield Blank()
    yield Prose(_summary(report))
    if report.result != "planned":
        yield from next_steps(report.next_steps)


def check(report: SkyCheckReport) -> Iterator[Piece]:
    """Yield the verdict, SkyPilot's reason, what it counts, and what to do about it."""
    for other in report.elsewhere:
        yield Aside(f"another context that SkyPilot cannot use: {other}")
    state = _STATES[report.state]
    yield Prose(f"cluster {report.cluster}, for SkyPilot {report.version}", lead=f"{state.text}:", style=state.style)
    yield Prose(f"context {report.context}", indent=2)
    if report.said:
        yield Prose(report.said, indent=2)
    if report.accelerators:
        yield Blank()
        yield Table(
            (Column("ACCELERATOR"), Column("TOTAL", align=">"), Column("FREE", align=">")),
            [(row.accelerator, str(row.total), str(row.free)) for row in report.accelerators],
        )
    yield from next_steps(report.next_steps)


def _row(step: SkyStep) -> tuple[Styled | str, ...]:
    return _SIGNS[step.change], step.part, f"{step.subject} ({step.detail})" if step.detail else step.subject


def _diff(step: SkyStep) -> Iterator[Piece]:
    if not step.diff:
        return
    yield Blank()
    yield Prose(step.subject, style=Style.BOLD)
    for line in step.diff:
        style = Style.GOOD if line.startswith("+") else Style.BAD if line.startswith("-") else Style.PLAIN
        yield Verbatim(line, style=style, indent=2)


def _summary(report: SkySetupReport) -> str:
    count = sum(step.change != "keep" for step in report.steps)
    match report.result:
        case "planned":
            return f"{count} of {len(report.steps)} to do"
        case "done":
            return f"SkyPilot {report.version} is set up for cluster {report.cluster}"
        case _:
            return f"SkyPilot {report.version} is set up for cluster {report.cluster} already: nothing to do"
