"""`hpctl cluster connect`: let kubectl reach a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring, wiring_local
from hpctl.cli.commands.cluster.group import NameArgument, app
from hpctl.cli.options import OutputOption, ProfileOption, QueryOption, RegionOption, VerboseOption, invocation
from hpctl.render.output import Output


@app.command()
def connect(
    ctx: typer.Context,
    name: NameArgument,
    context: Annotated[
        str | None,
        typer.Option("--context", metavar="NAME", help="Name of the context (else hpctl:ACCOUNT:REGION:NAME)."),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Namespace of the context.")
    ] = None,
    set_current: Annotated[bool, typer.Option("--set-current", help="Make it the current context.")] = False,
    kubeconfig: Annotated[
        str | None, typer.Option("--kubeconfig", metavar="FILE", help="Kubeconfig (else KUBECONFIG, ~/.kube/config).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and stop.")] = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Add a cluster to your kubeconfig, for kubectl.

    The current context stays, unless --set-current is given or the kubeconfig had no context at all.
    """
    from hpctl.facts.kubeconfig import CurrentContext
    from hpctl.services.connect import Wish, plan_connect
    from hpctl.services.connect import connect as connect_cluster

    session = wiring.session(invocation(ctx))
    current = CurrentContext.SET if set_current else CurrentContext.KEPT
    carry_out = plan_connect if dry_run else connect_cluster
    wish = Wish(context, namespace, current, kubeconfig)
    session.show(carry_out(name, wish, wiring_local.program(), wiring_local.kubeconfig(kubeconfig), session.ports))
