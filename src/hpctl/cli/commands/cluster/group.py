"""The noun `cluster`: what its verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli.completion import clusters

app = typer.Typer(help="Create, change, look at and delete clusters.", no_args_is_help=True, rich_markup_mode=None)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", autocompletion=clusters, help="Cluster name.")]
