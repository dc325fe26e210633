"""`hpctl node port-forward` and `hpctl node proxy`: connections to ports of a node, or beyond it."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.node.group import NodeArgument, app
from hpctl.cli.options import (
    ClusterOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    VerboseOption,
    invocation,
)
from hpctl.render.output import Output

if TYPE_CHECKING:
    from hpctl.facts.listener_ports import Listener
    from hpctl.report.node_access import PortForward
    from hpctl.services.node_forward import Goal

HostOption = Annotated[
    str, typer.Option("--host", metavar="NAME", help="Connect from the node to this host, not to the node itself.")
]


@app.command("port-forward")
def port_forward(
    ctx: typer.Context,
    node: NodeArgument,
    port: Annotated[list[str], typer.Argument(metavar="[LOCAL:]REMOTE...", help="Ports here and there.")],
    host: HostOption = "",
    address: Annotated[
        str, typer.Option("--address", metavar="ADDRESS", help="Where to listen on this machine.")
    ] = "127.0.0.1",
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Forward ports of this machine to a node, until Ctrl-C.

    Each connection is a session of its own, of which an account begins three a second.
    """
    from hpctl.report.node_access import PortForwardListReport
    from hpctl.services.node_forward import Goal, forward, ways_of
    from hpctl.services.node_names import one_node, target

    session, ways = wiring.session(invocation(ctx)), ways_of(port)
    found, one = one_node(session.cluster(cluster), node, session.ports.clusters)
    listeners = [(wiring.listener(address, way.local), Goal(target(found, one), way.remote, host)) for way in ways]
    forwards = tuple(_told(*each) for each in listeners)
    forward(listeners, session.ports.sessions, session.say)
    session.show(PortForwardListReport(cluster=found.name, node=one.node_id, forwards=forwards))
    try:
        Event().wait()
    finally:
        session.ports.sessions.end_all()


def _told(listener: Listener, goal: Goal) -> PortForward:
    from hpctl.report.node_access import PortForward

    return PortForward(
        address=listener.address, local_port=listener.port, remote_port=goal.port, host=goal.host or None
    )


@app.command()
def proxy(
    ctx: typer.Context,
    node: NodeArgument,
    port: Annotated[int, typer.Argument(metavar="PORT", min=1, max=65535, help="Port there.")],
    host: HostOption = "",
    cluster: ClusterOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Connect standard streams to a port of a node, for ssh."""
    from hpctl.services.node_names import one_node, target
    from hpctl.services.node_tunnel import join

    session = wiring.session(invocation(ctx))
    found, one = one_node(session.cluster(cluster), node, session.ports.clusters)
    with session.ports.sessions.tunnel(target(found, one), port, host=host) as far:
        join(wiring.standard_streams(), far)
