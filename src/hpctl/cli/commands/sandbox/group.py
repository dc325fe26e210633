"""The noun `sandbox`: what its verbs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hpctl.report.sandbox import Fault

app = typer.Typer(
    help="Run an AWS account on this machine, for any AWS client.", no_args_is_help=True, rich_markup_mode=None
)

NameOption = Annotated[str, typer.Option("--name", metavar="NAME", help="Which sandbox; several can be up.")]


def faults_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Fault, ...]:
    """Return faults as a sandbox tells of them in the form of a report."""
    from hpctl.report.sandbox import Fault

    return tuple(Fault.model_validate(row) for row in rows)
