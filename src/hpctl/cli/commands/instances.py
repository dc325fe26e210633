"""`hpctl instances`: what HyperPod's instance types are, without asking AWS."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.options import OutputOption, QueryOption, invocation
from hpctl.render.output import Output
from hpctl.terms import AcceleratorKind

app = typer.Typer(help="Look up instance types (works offline).", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    ctx: typer.Context,
    contains: Annotated[str, typer.Option("--contains", help="Only types with this in their name.")] = "",
    accelerator: Annotated[AcceleratorKind | None, typer.Option("--accelerator", help="Only this kind.")] = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
) -> None:
    """List the instance types that HyperPod offers."""
    from hpctl.services.instances import list_instance_types

    wiring.session(invocation(ctx)).show(list_instance_types(contains=contains, accelerator=accelerator))


@app.command()
def describe(
    ctx: typer.Context,
    instance_type: Annotated[str, typer.Argument(metavar="TYPE", help="For example ml.p5.48xlarge.")],
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
) -> None:
    """Tell all that the catalog knows of one type.

    With its sources: -o wide.
    """
    from hpctl.services.instances import describe_instance_type

    wiring.session(invocation(ctx)).show(describe_instance_type(instance_type))
