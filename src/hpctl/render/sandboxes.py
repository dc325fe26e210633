"""Sandboxes, and the faults that are in force in them."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.render.page import WIDE, Aside, Blank, Cell, Column, Fields, Piece, Style, Styled, Table
from hpctl.render.words import known, moment
from hpctl.report.sandbox import Fault, FaultList, SandboxList, SandboxReport

_STYLES = {"running": Style.GOOD, "stopped": Style.WARN, "absent": Style.DIM}


def sandbox(report: SandboxReport) -> Iterator[Piece]:
    """Yield what a sandbox says about itself."""
    yield Fields(tuple(_facts(report)))
    if report.faults:
        yield Blank()
        yield _faults(report.faults)


def sandbox_list(report: SandboxList) -> Iterator[Piece]:
    """Yield one row a sandbox."""
    if not report.sandboxes:
        yield Aside("no sandboxes")
        return
    yield Table(
        (Column("SANDBOX"), Column("STATUS"), Column("ENDPOINT"), Column("REGION", drop=2), Column("PACE", WIDE)),
        [
            (
                row.name,
                Styled(row.status, _STYLES[row.status]),
                known(row.endpoint),
                known(row.region),
                _pace(row.pace_s),
            )
            for row in report.sandboxes
        ],
    )


def fault_list(report: FaultList) -> Iterator[Piece]:
    """Yield one row a fault."""
    if report.faults:
        yield _faults(report.faults)
    else:
        yield Aside(f"no faults in sandbox {report.sandbox}")


def _faults(faults: tuple[Fault, ...]) -> Table:
    return Table(
        (
            Column("FAULT"),
            Column("KIND"),
            Column("WHERE"),
            Column("HOW", drop=1),
            Column("STRUCK"),
            Column("UNTIL", drop=2),
        ),
        [
            (
                fault.id,
                Styled(fault.fault, Style.WARN),
                _where(fault),
                ", ".join(_how(fault)) or "-",
                known(fault.struck) if fault.count is None else f"{known(fault.struck)} of {fault.count}",
                moment(fault.until),
            )
            for fault in faults
        ],
    )


def _where(fault: Fault) -> str:
    call = ":".join(filter(None, (fault.service, fault.operation)))
    return " ".join(filter(None, (call, fault.cluster, fault.group, fault.node))) or "everywhere"


def _how(fault: Fault) -> Iterator[str]:
    if fault.skip:
        yield f"after {fault.skip}"
    if fault.share is not None:
        yield f"{fault.share:.0%} of them"
    if fault.status is not None:
        yield str(fault.status)
    if fault.retry_after_s is not None:
        yield f"Retry-After {fault.retry_after_s:g}"
    if fault.lag_s is not None:
        yield f"{fault.lag_s:g} s ago"
    if fault.lag_reads is not None:
        yield f"{fault.lag_reads} reads after a change"
    if fault.latency_s is not None:
        jitter = f" ± {fault.jitter_s:g}" if fault.jitter_s else ""
        yield f"{fault.latency_s:g}{jitter} s late"


def _pace(pace_s: float | None) -> str:
    return "-" if pace_s is None else f"{pace_s:g} s for a cluster"


def _facts(report: SandboxReport) -> Iterator[tuple[str, Cell]]:
    yield "Sandbox", Styled(report.name, Style.BOLD)
    yield "Status", Styled(report.status, _STYLES[report.status])
    yield "Endpoint", known(report.endpoint)
    yield "Process", known(report.pid)
    yield "Region", known(report.region)
    yield "Account", known(report.account)
    yield "Pace", _pace(report.pace_s)
    yield "Started", moment(report.started_at)
    yield "Home", known(report.home)
    if report.slurm_lacks is not None:
        yield "Slurm", Styled(report.slurm_lacks, Style.WARN)
