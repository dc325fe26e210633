"""Sandboxes and their faults, as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hpctl.render.layout import lines
from hpctl.render.page import Aside
from hpctl.render.sandboxes import fault_list, sandbox, sandbox_list
from hpctl.render.screen import Screen
from hpctl.report.sandbox import Fault, FaultList, SandboxList, SandboxReport, SandboxRow

UNTIL = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _told(fault: Fault) -> str:
    *_, row = lines(fault_list(FaultList(sandbox="a", faults=(fault,))), Screen(None, colour=False))
    return " | ".join(cell for cell in row.split("  ") if cell).replace("|  ", "| ")


@pytest.mark.parametrize(
    ("fault", "row"),
    [
        (Fault(id="f1", fault="reset", struck=0), "f1 | reset | everywhere | - | 0 | -"),
        (
            Fault(
                id="f1", fault="throttling", service="sagemaker", operation="ListClusters", skip=2, count=3, struck=1
            ),
            "f1 | throttling | sagemaker:ListClusters | after 2 | 1 of 3 | -",
        ),
        (
            Fault(id="f2", fault="server-error", share=0.3, status=503, retry_after_s=2, struck=4),
            "f2 | server-error | everywhere | 30% of them, 503, Retry-After 2 | 4 | -",
        ),
        (Fault(id="f3", fault="stale-reads", lag_s=30, struck=0), "f3 | stale-reads | everywhere | 30 s ago | 0 | -"),
        (
            Fault(id="f3", fault="stale-reads", lag_reads=2, struck=0),
            "f3 | stale-reads | everywhere | 2 reads after a change | 0 | -",
        ),
        (
            Fault(id="f4", fault="slow", latency_s=1, jitter_s=0.5, struck=0, until=UNTIL),
            "f4 | slow | everywhere | 1 ± 0.5 s late | 0 | 2026-01-01T12:00:00Z",
        ),
        (
            Fault(id="f5", fault="hardware", cluster="a", group="b", node="i-1", count=1),
            "f5 | hardware | a b i-1 | - | - of 1 | -",
        ),
    ],
)
def test_a_fault_is_one_row(fault: Fault, row: str) -> None:
    assert _told(fault) == row


def test_a_sandbox_shows_the_faults_that_are_in_force_in_it() -> None:
    report = SandboxReport(
        name="a",
        status="running",
        endpoint="http://127.0.0.1:1",
        pid=1,
        region="us-west-2",
        account="123456789012",
        pace_s=6,
        started_at=UNTIL,
        home="/h",
        slurm_lacks="nodes have no Slurm: it is not installed here (sudo apt-get install slurmd)",
        faults=(Fault(id="f1", fault="reset", struck=0),),
    )
    text = "\n".join(lines(sandbox(report), Screen(None, colour=False)))
    assert "Pace:      6 s for a cluster" in text
    assert "Slurm:     nodes have no Slurm: it is not installed here (sudo apt-get install slurmd)" in text
    assert text.endswith("f1     reset  everywhere  -    0       -")


def test_sandboxes_are_listed_by_name_and_nothing_is_said_so() -> None:
    row = SandboxRow(name="a", status="stopped", endpoint=None, region="us-west-2", pace_s=6)
    text = "\n".join(lines(sandbox_list(SandboxList(sandboxes=(row,))), Screen(None, colour=False)))
    assert text.splitlines()[1] == "a        stopped  -         us-west-2"
    assert list(sandbox_list(SandboxList(sandboxes=()))) == [Aside("no sandboxes")]
    assert list(fault_list(FaultList(sandbox="a", faults=()))) == [Aside("no faults in sandbox a")]
