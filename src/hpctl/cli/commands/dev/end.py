"""`hpctl dev stop|down`: end a development pod and keep its files, or let all of it go."""

from __future__ import annotations

import typer

from hpctl.cli import wiring, wiring_dev
from hpctl.cli.commands.dev.group import DEFAULT, NameArgument, app, place
from hpctl.cli.commands.job.group import NamespaceOption
from hpctl.cli.options import (
    ClusterOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    VerboseOption,
    YesOption,
    invocation,
)
from hpctl.render.output import Output


@app.command()
def stop(
    ctx: typer.Context,
    name: NameArgument = DEFAULT,
    yes: YesOption = False,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """End a development pod and free its accelerators.

    hpctl dev up starts it again with its files. Asks first when the files are in the pod itself, and would go
    with it.
    """
    from hpctl.services.dev.end import keeps_files
    from hpctl.services.dev.end import stop as carry_out
    from hpctl.services.dev.inside import job_of
    from hpctl.services.dev.records import found

    session, at = place(ctx, cluster, namespace)
    one = found(name, at, session.ports.jobs)
    if not (yes or keeps_files(one)) and job_of(name, at, session.ports):
        session.demand_somebody("--yes")
        session.confirm(f"the files of {name} are in the pod, and go with it: stop it?")
    session.show(carry_out(one, at, session.ports))


@app.command()
def down(
    ctx: typer.Context,
    name: NameArgument = DEFAULT,
    yes: YesOption = False,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Delete a development pod with its files.

    A claim that was there before stays.
    """
    from hpctl.services.dev.end import down as carry_out
    from hpctl.services.dev.records import found
    from hpctl.services.dev.ssh import alias_of

    if not yes:
        wiring.session(invocation(ctx)).demand_somebody("--yes")
    session, at = place(ctx, cluster, namespace)
    one = found(name, at, session.ports.jobs)
    if not yes:
        session.confirm(f"delete development pod {name} of {one.user or 'somebody'} with its files?")
    report = carry_out(one, at, session.ports)
    wiring_dev.ssh_files().remove(alias_of(name, at))
    session.show(report)
