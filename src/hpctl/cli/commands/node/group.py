"""The noun `node`: what its verbs share."""

from __future__ import annotations

import typer

app = typer.Typer(help="Look at nodes, and work on them.", no_args_is_help=True, rich_markup_mode=None)
