"""`hpctl cluster export`: the spec of a live cluster."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.cluster.group import NameArgument, app
from hpctl.cli.options import ProfileOption, RegionOption, VerboseOption, invocation
from hpctl.render.output import Output


class Form(StrEnum):
    """How a spec is written."""

    YAML = "yaml"
    JSON = "json"


def _form(ctx: typer.Context, value: Form) -> Form:
    if value is Form.JSON:
        invocation(ctx).output = Output.JSON  # errors too
    return value


FormOption = Annotated[
    Form,
    typer.Option("--output", "-o", callback=_form, help="hpctl's YAML, or JSON as CreateCluster takes it."),
]


@app.command()
def export(
    ctx: typer.Context,
    name: NameArgument,
    form: FormOption = Form.YAML,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Print the spec of a live cluster.

    Planning what it prints finds nothing to do.
    """
    import json

    from hpctl.render.terminal import write
    from hpctl.services import export as service
    from hpctl.spec.hpctl_yaml import to_yaml

    session = wiring.session(invocation(ctx))
    spec = service.export(name, session.world)
    text = to_yaml(spec) if form is Form.YAML else json.dumps(service.as_request(spec), indent=2) + "\n"
    write(session.terminal.stdout, text)
