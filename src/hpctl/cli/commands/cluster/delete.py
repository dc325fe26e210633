"""`hpctl cluster delete`: what goes, what stays, and gone."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import typer

from hpctl import timeouts
from hpctl.cli import wiring
from hpctl.cli.commands.cluster.carry import carry_out, hold, resume, unclaimed
from hpctl.cli.commands.cluster.group import NameArgument, app
from hpctl.cli.options import (
    DryRunOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    TimeoutOption,
    VerboseOption,
    WaitOption,
    YesOption,
    invocation,
)
from hpctl.render.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.report.progress import Progress


@app.command()
def delete(
    ctx: typer.Context,
    name: NameArgument,
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
    """Delete a cluster and follow it until it is gone.

    Says first what goes, which jobs end with it and what stays, and asks for
    the name.
    """
    from hpctl.services import delete as service
    from hpctl.services.leftovers import with_leftovers
    from hpctl.services.running_jobs import with_jobs

    session = wiring.session(invocation(ctx))
    if not (yes or dry_run):
        session.demand_somebody("--yes")
    ports = session.ports
    named = service.name_of(name, ports.clusters)
    claim = unclaimed() if dry_run else hold(ctx, session, named, "delete")
    cluster = service.find(named, claim, ports.clusters)
    with session.looking_at(f"what goes with cluster {named}"):
        planned = service.plan(named, cluster, session.world, claim)
        if dry_run or not yes:
            planned = with_jobs(planned, cluster, ports)
    if dry_run:
        session.show(planned)
        service.demand_possible(planned, cluster, session.world)
        return
    session.show_beside(planned)
    service.demand_possible(planned, cluster, session.world)
    if planned.actions and not yes:
        service.demand_named(planned, session.ask(f"type the name of the cluster to delete it ({planned.cluster}): "))
    steps: Iterator[Progress] = service.delete(planned, ports)
    if wait:
        patience = timeouts.DELETE_WAIT_S if timeout is None else timeout
        steps = chain(steps, service.follow(planned, ports, timeout_s=patience, resume=resume(planned)))
    carry_out(session, planned, "delete", steps, conclude=lambda outcome: with_leftovers(outcome, cluster, ports))
