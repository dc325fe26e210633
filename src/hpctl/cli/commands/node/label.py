"""`hpctl node label`: tell SkyPilot which accelerators nodes have."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.node.group import app
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
from hpctl.errors import UsageError
from hpctl.render.output import Output

RemoveOption = Annotated[bool, typer.Option("--remove", help="Take the labels away.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Change labels that have another value, too.")]
PlanOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be changed, and change nothing.")]


@app.command()
def label(
    ctx: typer.Context,
    nodes: Annotated[
        list[str] | None, typer.Argument(metavar="[NODE]...", help="Nodes by id or by Kubernetes name (else all).")
    ] = None,
    remove: RemoveOption = False,
    overwrite: OverwriteOption = False,
    yes: YesOption = False,
    dry_run: PlanOption = False,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Label nodes of EKS for SkyPilot, with their accelerators.

    The label `skypilot.co/accelerator` comes from the instance type; no pod is started for it.
    """
    from hpctl.services.job.where import where
    from hpctl.services.node_labels import Wish, apply_labels, plan_labels

    if remove and overwrite:
        raise UsageError("`--remove` and `--overwrite` contradict each other", hint="give one of them")
    session = wiring.session(invocation(ctx))
    if not (yes or dry_run):
        session.demand_somebody("--yes")
    wish = Wish.REMOVE if remove else Wish.OVERWRITE if overwrite else Wish.LABEL
    at = where(session.cluster(cluster), None, session.ports)
    plan = plan_labels(at, tuple(nodes or ()), wish, session.ports)
    if dry_run or plan.result == "unchanged":
        session.show(plan)
        return
    session.show_beside(plan)
    if not yes:
        session.confirm(f"change {len(plan.names())} of {len(plan.nodes)} nodes?")
    session.show(apply_labels(plan, at, session.ports))
