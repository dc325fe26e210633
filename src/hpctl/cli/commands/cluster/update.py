"""`hpctl cluster update`: a live cluster becomes what a spec asks for."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import typer

from hpctl.cli.commands.cluster.carry import Consent, agreed, carry_out, resume
from hpctl.cli.commands.cluster.group import app
from hpctl.cli.commands.cluster.wished import (
    DeleteGroupOption,
    PlanFileOption,
    SpecOrNoneOption,
    Wished,
    claiming,
    decided,
)
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


@app.command()
def update(
    ctx: typer.Context,
    file: SpecOrNoneOption = None,
    plan: PlanFileOption = None,
    delete_group: DeleteGroupOption = None,
    name: NameOption = None,
    values: SetOption = None,
    skip: SkipOption = None,
    allow_unknown: AllowUnknownOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Change a live cluster to what its spec says now.

    What cannot be changed is refused, with the way round, before anything is sent.
    """
    from hpctl.services import update as service

    groups = tuple(delete_group or ())
    wished = Wished(file, plan, name, values, skip, groups)
    wished.demand_one()
    decide = partial(service.plan, delete_groups=groups)
    found = decided(ctx, wished, "update", decide, claiming(ctx, "update", yes, dry_run))
    session, planned = found.session, found.plan
    question = f"update cluster `{planned.cluster}` in account {planned.identity.account}?"

    def demand() -> None:
        service.demand_possible(planned, blindness(allow_unknown))

    if not agreed(session, planned, Consent(question, yes, dry_run), demand):
        return
    before = service.before(planned, session.ports)
    steps: Iterator[Progress] = service.update(planned, session.ports)
    if wait:
        patience = found.usual_wait_s if timeout is None else timeout
        told = resume(planned)
        steps = chain(steps, service.follow(planned, session.ports, before, timeout_s=patience, resume=told))
    carry_out(session, planned, "update", steps)
