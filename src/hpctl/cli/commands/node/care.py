"""`hpctl node reboot` and `replace`: nodes that are not well, given another start or another instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hpctl import timeouts
from hpctl.cli import wiring
from hpctl.cli.commands.cluster.carry import Consent, agreed, carry_out, hold, resume, unclaimed
from hpctl.cli.commands.node.group import app
from hpctl.cli.completion import nodes
from hpctl.cli.options import (
    ClusterOption,
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
    from hpctl.plan.node_care import Care

NodesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="NODE...", autocompletion=nodes, help="Nodes: instance ids, logical ids, ip-... names, or group/0."
    ),
]


@app.command()
def reboot(
    ctx: typer.Context,
    node: NodesArgument,
    cluster: ClusterOption = None,
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
    """Reboot nodes and follow them until they take work again.

    Says first what runs on them. Instances and volumes stay, and lifecycle scripts do not run again.
    """
    _care(ctx, "reboot", "reboot these nodes of cluster `{}`?")


@app.command()
def replace(
    ctx: typer.Context,
    node: NodesArgument,
    cluster: ClusterOption = None,
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
    """Replace nodes by new instances, until they take work.

    Says first what runs on them. Everything on their volumes is lost. Slurm's controller cannot be replaced. On
    Slurm, setting a node to `fail` with the reason `Action:Replace` is another way.
    """
    _care(ctx, "replace", "replace these nodes of cluster `{}`, with everything on their volumes?")


def _care(ctx: typer.Context, care: Care, question: str) -> None:
    """Do what both verbs do, with the options that both have."""
    from hpctl.services import node_care as service
    from hpctl.services.delete import name_of
    from hpctl.services.polling import Waiting

    said, session = ctx.params, wiring.session(invocation(ctx))
    if not (said["yes"] or said["dry_run"]):
        session.demand_somebody("--yes")
    known = name_of(session.cluster(said["cluster"]), session.ports.clusters)
    claim = unclaimed() if said["dry_run"] else hold(ctx, session, known, care)
    cared = service.find(known, said["node"], care, session.world, session.ports, claim)
    planned = service.plan(care, cared, session.world, session.ports, run_id=claim.run_id)
    if not agreed(session, planned, Consent(question.format(known), said["yes"], said["dry_run"])):
        return
    patience = timeouts.NODE_WAIT_S if said["timeout"] is None else said["timeout"]
    waiting = Waiting(known, patience, resume(planned), planned.arn) if said["wait"] else None
    carry_out(session, planned, care, service.carry(planned, cared, care, session.ports, waiting))
