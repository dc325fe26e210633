"""`hpctl node copy`: files and folders to nodes and from them."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.node.group import AllOption, GroupOption, app
from hpctl.cli.options import (
    ClusterOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    VerboseOption,
    invocation,
)
from hpctl.errors import UsageError
from hpctl.render.output import Output

_HINT = "hpctl node copy FILE NODE:PATH, or NODE:PATH FILE; a file here with a colon in its name: ./FILE"


@app.command()
def copy(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SRC", help="A file or folder here, or NODE:PATH.")],
    destination: Annotated[
        str, typer.Argument(metavar="DST", help="Where to: NODE:PATH, :PATH with --group or --all, or a path here.")
    ],
    group: GroupOption = None,
    everywhere: AllOption = False,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Copy a file or a folder to nodes, or from one.

    As with cp, what is copied to a folder that is there gets into it. Modes and names are kept; on nodes it belongs
    to whom the folder around it belongs to. Each copy is put in its place when it is whole.
    """
    from hpctl.services.node_copy import copy_from, copy_to
    from hpctl.services.node_names import chosen_nodes

    session = wiring.session(invocation(ctx))
    (sender, here), (taker, there) = split(source), split(destination)
    if (sender is None) == (taker is None):
        raise UsageError("one of both is on a node, and the other is here", hint=_HINT)
    nodes = [one for one in (sender, taker) if one]
    if sender is not None and (group is not None or everywhere):
        raise UsageError("`--group` and `--all` say where to copy to, not from where", hint="name one node: NODE:PATH")
    chosen = chosen_nodes(session.cluster(cluster), nodes, group, everywhere, session.ports.clusters)

    with wiring.copying(session) as road:
        report = copy_to(chosen, here, there, road) if sender is None else copy_from(chosen, here, there, road)
    session.show(report)
    raise typer.Exit(report.exit_code)


def split(word: str) -> tuple[str | None, str]:
    """Return the node and the path of `NODE:PATH`; None as the node for what is here, as `./a:b` is."""
    node, colon, path = word.partition(":")
    return (node, path or ".") if colon and not node.startswith((".", "~", "/")) else (None, word)
