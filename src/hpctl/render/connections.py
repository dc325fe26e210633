"""A cluster in a kubeconfig."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.render.diagnoses import next_steps
from hpctl.render.page import Aside, Piece, Prose
from hpctl.report.connection import ConnectionReport


def connection(report: ConnectionReport) -> Iterator[Piece]:
    """Yield what became of the kubeconfig, which context is the current one, and what to type next."""
    for note in report.notes:
        yield Aside(f"note: {note}")
    where = f"context `{report.context}`"
    sentence = {
        "connected": f"{where} of `{report.kubeconfig}` reaches cluster `{report.cluster}`",
        "unchanged": f"{where} of `{report.kubeconfig}` reaches cluster `{report.cluster}` already: nothing to do",
        "planned": f"{where} would come into `{report.kubeconfig}`: {', '.join(report.changed)}",
    }[report.result]
    yield Prose(sentence)
    yield Prose(_current(report))
    yield from next_steps(report.next_steps)


def _current(report: ConnectionReport) -> str:
    match report.current_context:
        case report.context if report.result == "planned":
            return "it would be the current context"
        case report.context:
            return "it is the current context"
        case None:
            return "no context is the current one"
        case other:
            return f"the current context stays `{other}`"
