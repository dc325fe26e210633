"""`hpctl sky`: SkyPilot for a cluster on EKS."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring, wiring_local
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
from hpctl.errors import ExitCode
from hpctl.render.output import Output

app = typer.Typer(help="Set SkyPilot up for a cluster, and check it.", no_args_is_help=True, rich_markup_mode=None)

PlanOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be changed, and change nothing.")]
ReinstallOption = Annotated[bool, typer.Option("--reinstall", help="Make SkyPilot's environment anew.")]


@app.command()
def setup(
    ctx: typer.Context,
    yes: YesOption = False,
    dry_run: PlanOption = False,
    reinstall: ReinstallOption = False,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Let SkyPilot use a cluster on EKS.

    What is there stays, and a second time nothing changes.
    SkyPilot comes into an environment of its own, never into hpctl's. The cluster comes into the kubeconfig and among
    SkyPilot's allowed contexts, its nodes are labelled with their accelerators, and a file beside SkyPilot's
    configuration gives tasks all EFA interfaces of a node.
    """
    from hpctl.services.sky.setup import apply_setup, plan_setup

    session = wiring.session(invocation(ctx))
    if not (yes or dry_run):
        session.demand_somebody("--yes")
    tools = wiring_local.sky_tools()
    plan = plan_setup(session.cluster(cluster), tools, session.ports, reinstall=reinstall)
    if dry_run or plan.report.result == "unchanged":
        session.show(plan.report)
        return
    session.show_beside(plan.report)
    if not yes:
        session.confirm("do this?")
    if plan.install:
        session.say(f"installing SkyPilot {plan.report.version} into {plan.report.environment} ...")
    session.show(apply_setup(plan, tools, session.ports))


@app.command()
def check(
    ctx: typer.Context,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run SkyPilot's own check of a cluster.

    Exit 20 where SkyPilot cannot use the cluster. No server of SkyPilot's is started for it.
    """
    from hpctl.services.sky.check import check as service

    session = wiring.session(invocation(ctx))
    report = service(session.cluster(cluster), wiring_local.sky_tools(), session.ports)
    session.show(report)
    if report.state != "ready":
        raise typer.Exit(ExitCode.CHECKS_FAILED)
