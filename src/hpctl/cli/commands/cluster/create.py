"""`hpctl cluster create`: from a wish to a cluster in service."""

from __future__ import annotations

from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli.commands.cluster.carry import Consent, agreed, carry_out, resume
from hpctl.cli.commands.cluster.group import app
from hpctl.cli.commands.cluster.wished import PlanFileOption, SpecOrNoneOption, Wished, claiming, decided
from hpctl.cli.options import (
    AllowUnknownOption,
    DryRunOption,
    NameOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    SkipOption,
    TimeoutOption,
    VerboseOption,
    WaitOption,
    YesOption,
    blindness,
)
from hpctl.render.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.report.progress import Progress


class KeepOrDelete(StrEnum):
    """What becomes of a cluster that fails; `services.failure.OnFailure` does it."""

    KEEP = "keep"
    DELETE = "delete"


OnFailureOption = Annotated[
    KeepOrDelete,
    typer.Option("--on-failure", help="Keep a cluster that fails, or delete what this run made.", show_choices=True),
]


@app.command()
def create(
    ctx: typer.Context,
    file: SpecOrNoneOption = None,
    plan: PlanFileOption = None,
    name: NameOption = None,
    values: SetOption = None,
    skip: SkipOption = None,
    allow_unknown: AllowUnknownOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    on_failure: OnFailureOption = KeepOrDelete.KEEP,
    wait: WaitOption = True,
    timeout: TimeoutOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Create a cluster and follow it until it is in service.

    The same command again goes on with the same cluster: it never makes two.
    """
    from hpctl.services import create as service
    from hpctl.services.failure import OnFailure, settled

    wished = Wished(file, plan, name, values, skip)
    wished.demand_one()
    found = decided(ctx, wished, "create", service.plan, claiming(ctx, "create", yes, dry_run))
    session, planned = found.session, found.plan
    question = f"create cluster `{planned.cluster}` in account {planned.identity.account}?"

    def demand() -> None:
        service.demand_possible(planned, blindness(allow_unknown))

    if not agreed(session, planned, Consent(question, yes, dry_run), demand):
        return
    steps: Iterator[Progress] = service.create(planned, session.ports)
    if wait:
        patience = found.usual_wait_s if timeout is None else timeout
        again = resume(planned)
        steps = chain(steps, service.follow(planned, session.ports, timeout_s=patience, resume=again))
        steps = settled(steps, planned, session.ports, OnFailure(on_failure), again=again)
    carry_out(session, planned, "create", steps, cancel=f"hpctl cluster delete {planned.cluster}")
