"""Sandboxes."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.render.page import Cell, Fields, Piece, Style, Styled
from hpctl.render.words import known, moment
from hpctl.report.sandbox import SandboxReport

_STYLES = {"running": Style.GOOD, "stopped": Style.WARN, "absent": Style.DIM}


def sandbox(report: SandboxReport) -> Iterator[Piece]:
    """Yield what a sandbox says about itself."""
    yield Fields(tuple(_facts(report)))


def _facts(report: SandboxReport) -> Iterator[tuple[str, Cell]]:
    yield "Sandbox", Styled(report.name, Style.BOLD)
    yield "Status", Styled(report.status, _STYLES[report.status])
    yield "Endpoint", known(report.endpoint)
    yield "Process", known(report.pid)
    yield "Region", known(report.region)
    yield "Account", known(report.account)
    yield "Pace", "-" if report.pace_s is None else f"{report.pace_s:g} s for a cluster"
    yield "Started", moment(report.started_at)
    yield "Home", known(report.home)
