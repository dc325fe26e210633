"""The noun `node`: what its verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli.completion import nodes

app = typer.Typer(help="Look at nodes, and work on them.", no_args_is_help=True, rich_markup_mode=None)

NodeArgument = Annotated[
    str,
    typer.Argument(
        metavar="NODE", autocompletion=nodes, help="Node: instance id, logical id, ip-... name, or group/0, group/1 ..."
    ),
]
GroupOption = Annotated[
    str | None, typer.Option("--group", metavar="NAME", help="On every node of this instance group.")
]
AllOption = Annotated[bool, typer.Option("--all", help="On every node of the cluster.")]
