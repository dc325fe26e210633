"""Models: what one is, how it goes on each instance type, and families."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.render.page import WIDE, Blank, Cell, Column, Fields, Piece, Prose, Style, Styled, Table, Verbatim
from hpctl.render.words import counted, known, listed
from hpctl.report.model import (
    FamilyArchitecture,
    ModelFacts,
    ModelFamilyReport,
    ModelOnType,
    ModelReport,
    SupportVerdict,
)

_OUTCOMES: Final = {"pass": Style.GOOD, "warn": Style.WARN, "fail": Style.BAD, "unknown": Style.WARN}
_STATUSES: Final = {"supported": Style.GOOD, "no": Style.BAD, "legacy": Style.BAD, "code-only": Style.BAD}
_BILLION: Final = 1e9


def model(report: ModelReport) -> Iterator[Piece]:
    """Yield what the model is, a row an instance type, and what is to be known of each."""
    yield Fields([*_what(report.model), ("Task", f"{report.task}: {report.settings}")])
    for note in report.notes:
        yield Prose(note, lead="note:", style=Style.WARN)
    yield Blank()
    yield _answers(report.instance_types)
    for row in report.instance_types:
        yield from _remarks(row)
    if len(report.instance_types) == 1:
        yield from _memory(report.instance_types[0])
    for row in report.instance_types:
        yield from _explanation(row)


def model_wide(report: ModelReport) -> Iterator[Piece]:
    """Yield the same, and every framework's verdict with its source, and every layout."""
    yield from model(report)
    for row in report.instance_types:
        yield Blank()
        yield Prose(row.instance_type, style=Style.BOLD)
        yield _verdicts(row.support)
        if row.layouts:
            yield _layouts(row)


def model_family(report: ModelFamilyReport) -> Iterator[Piece]:
    """Yield a table of sizes and one of support for each architecture."""
    yield Prose(f"`{report.family}` is a family of {counted(len(report.architectures), 'architecture')}")
    for note in report.notes:
        yield Prose(note, lead="note:", style=Style.WARN)
    for row in report.architectures:
        yield Blank()
        yield Prose(row.model_type)
        yield from _architecture(row)


def _architecture(row: FamilyArchitecture) -> Iterator[Piece]:
    yield Table(
        (Column("MODEL"), Column("PARAMETERS", align=">"), Column("ACTIVE", align=">")),
        [(one.name, _billions(one.parameters), _billions(one.active_parameters)) for one in row.models],
        indent=2,
    )
    yield Blank()
    yield Table(
        (Column("TASK"), Column("DEVICE"), Column("STATUS"), Column("FRAMEWORK"), Column("NEURON SDK")),
        [(one.task, one.device, _status(one.status), one.framework, known(one.sdk)) for one in row.support],
        indent=2,
    )


def _what(facts: ModelFacts) -> Iterator[tuple[str, Cell]]:
    active = "" if facts.active_parameters == facts.parameters else f", {facts.active_parameters:,} a token"
    yield "Model", Styled(facts.name, Style.BOLD)
    yield "Configuration", facts.origin
    named = f" ({facts.architecture})" if facts.architecture else ""
    yield "Architecture", f"{facts.model_type}{named}"
    yield "Parameters", f"{facts.parameters:,} ({_billions(facts.parameters)}){active}"
    yield "Layers", f"{facts.layers} of width {facts.hidden:,}, vocabulary {facts.vocabulary:,}"


def _answers(rows: tuple[ModelOnType, ...]) -> Table:
    return Table(
        (
            Column("INSTANCE TYPE"),
            Column("ANSWER"),
            Column("STATUS"),
            Column("FRAMEWORK", drop=3),
            Column("NEURON SDK", drop=1),
            Column("NODES", align=">"),
            Column("LAYOUT"),
            Column("MEMORY", drop=2),
            Column("HYPERPOD", WIDE),
        ),
        [_answer(row) for row in rows],
    )


def _answer(row: ModelOnType) -> tuple[Cell, ...]:
    chosen = next((one for one in row.support if one.framework == row.framework), row.support[0])
    best = row.layouts[0] if row.layouts else None
    return (
        row.instance_type,
        Styled(row.outcome, _OUTCOMES[row.outcome]),
        _status(chosen.status),
        chosen.framework,
        known(chosen.sdk),
        known(row.nodes),
        best.layout if best else "-",
        f"{best.gib:.1f} of {_gib(row.device_memory_gib)} GiB ({best.use_percent:.0f} %)" if best else "-",
        known(row.hyperpod),
    )


def _remarks(row: ModelOnType) -> Iterator[Piece]:
    if row.reasons or row.caveats or row.notes:
        yield Blank()
        yield Prose(row.instance_type)
    for reason in row.reasons:
        yield Prose(reason, lead=row.outcome, style=Style.BAD, indent=2)
    for caveat in row.caveats:
        yield Prose(caveat, lead="warn", style=Style.WARN, indent=2)
    for note in row.notes:
        yield Prose(note, lead="note:", indent=2)
    for other in row.alternatives:
        yield Prose(other, lead="works:", indent=2)


def _memory(row: ModelOnType) -> Iterator[Piece]:
    if not row.layouts:
        return
    best = row.layouts[0]
    yield Blank()
    yield Prose(f"memory of one device with {best.layout} on {counted(best.nodes, 'node')}, {known(row.precision)}")
    yield Table(
        (Column("PART"), Column("GIB", align=">")),
        [(item.name, f"{item.gib:.2f}") for item in best.memory],
        indent=2,
    )
    if row.uncertainty:
        yield Prose(f"expected: {row.uncertainty}", indent=2)
    if row.limit:
        lead = "most of it:" if row.nodes == 1 else "limit:"  # of one node there is no smaller number to be limited by
        yield Prose(row.limit, lead=lead, indent=2)


def _explanation(row: ModelOnType) -> Iterator[Piece]:
    if row.explanation:
        yield Blank()
        yield Prose(f"how the memory of {row.instance_type} is counted")
    for line in row.explanation:
        yield _counted_line(line)


def _counted_line(line: str) -> Piece:
    """Return a formula with its further lines below it, a row without one as it is aligned, and a remark."""
    amount, sign, formula = line.partition(" = ")
    if sign:
        return Prose(formula, lead=f"{amount} =", indent=2)
    return Verbatim(line, indent=2) if "  " in line else Prose(line, indent=2)


def _verdicts(rows: tuple[SupportVerdict, ...]) -> Table:
    return Table(
        (Column("FRAMEWORK"), Column("STATUS"), Column("NEURON SDK"), Column("PARALLELISM"), Column("SOURCE")),
        [
            (one.framework, _status(one.status), known(one.sdk), listed(one.parallelism), known(one.source))
            for one in rows
        ],
        indent=2,
    )


def _layouts(row: ModelOnType) -> Table:
    return Table(
        (
            Column("LAYOUT"),
            Column("NODES", align=">"),
            Column("MICRO-BATCH", align=">"),
            Column("GIB", align=">"),
            Column("BAND"),
        ),
        [
            (
                one.layout,
                str(one.nodes),
                known(one.micro_batch),
                f"{one.gib:.1f}",
                f"{one.low_gib:.1f} to {one.high_gib:.1f}",
            )
            for one in row.layouts
        ],
        indent=2,
    )


def _status(status: str) -> Styled:
    return Styled(status, _STATUSES.get(status, Style.WARN))


def _gib(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}".removesuffix(".0")


def _billions(count: int | None) -> str:
    return "-" if count is None else f"{count / _BILLION:.2f} B"
