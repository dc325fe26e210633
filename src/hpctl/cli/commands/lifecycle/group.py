"""The noun `lifecycle`: what its verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    help="Write, examine and upload the scripts that prepare nodes.", no_args_is_help=True, rich_markup_mode=None
)

FolderArgument = Annotated[str, typer.Argument(metavar="FOLDER", help="Folder of the scripts on this machine.")]
SpecOption = Annotated[
    str | None,
    typer.Option("--file", "-f", metavar="FILE", help="Cluster spec that the scripts are for (- is stdin)."),
]
