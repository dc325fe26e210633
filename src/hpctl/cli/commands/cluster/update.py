"""`hpctl cluster update`: a live cluster becomes what a spec asks for."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import typer

from hpctl.cli.commands.cluster.carry import TimeoutOption, carry_out, resume
from hpctl.cli.commands.cluster.group import app
from hpctl.cli.commands.cluster.wished import (
    DeleteGroupOption,
    PlanFileOption,
    SpecOrNoneOption,
    Wished,
    claiming,
    decided,
    demand_possible,
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
    VerboseOption,
    WaitOption,
    YesOption,
)
from hpctl.errors import HpctlError
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
    if dry_run:
        session.show(planned)
        demand_possible(planned, allow_unknown)
        return
    session.show_beside(planned)
    try:
        demand_possible(planned, allow_unknown)
    except HpctlError:
        # A machine is told what stood in the way: the plan, with every finding, is all the answer there will be.
        session.show_to_machines(planned)
        raise
    if planned.actions and not yes:
        session.confirm(f"update cluster `{planned.cluster}` in account {planned.identity.account}?")
    before = service.before(planned, session.ports)
    steps: Iterator[Progress] = service.update(planned, session.ports)
    if wait:
        patience = found.usual_wait_s if timeout is None else timeout
        told = resume(planned)
        steps = chain(steps, service.follow(planned, session.ports, before, timeout_s=patience, resume=told))
    carry_out(session, planned, "update", steps)
