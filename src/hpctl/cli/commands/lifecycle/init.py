"""`hpctl lifecycle init`: scripts of hpctl's own for the nodes of a spec."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring, wiring_local
from hpctl.cli.commands.lifecycle.group import FolderArgument, app
from hpctl.cli.options import FileOption, NameOption, OutputOption, QueryOption, SetOption, invocation
from hpctl.render.output import Output


@app.command()
def init(
    ctx: typer.Context,
    folder: FolderArgument,
    file: FileOption,
    name: NameOption = None,
    values: SetOption = None,
    controller_group: Annotated[
        str | None,
        typer.Option("--controller-group", metavar="NAME", help="Slurm controller, for a spec without Slurm roles."),
    ] = None,
    login_group: Annotated[
        str | None,
        typer.Option("--login-group", metavar="NAME", help="Slurm login nodes, for a spec without Slurm roles."),
    ] = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
) -> None:
    """Write lifecycle scripts for the nodes of a spec.

    On EKS or on Slurm; AWS is not asked. A file that is there with other content is never overwritten.
    """
    from hpctl.services import lifecycle as service

    spec = wiring.load(file, name, values).spec
    scripts = service.scripts_for(spec, service.Heads(controller_group, login_group))
    wiring_local.write_scripts(folder, scripts)
    wiring.session(invocation(ctx)).show(service.written(spec, folder, scripts, file))
