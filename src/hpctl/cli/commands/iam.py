"""`hpctl iam`: what to allow whom, in the form that IAM takes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.options import NameOption, ProfileOption, RegionOption, SetOption, VerboseOption, invocation

app = typer.Typer(help="Write least-privilege IAM policies.", no_args_is_help=True, rich_markup_mode=None)


class Whose(StrEnum):
    """Whose policy it is."""

    CALLER = "caller"
    EXECUTION_ROLE = "execution-role"
    DOCTOR = "doctor"
    DOCTOR_FIX = "doctor-fix"


@app.callback()
def iam() -> None:
    """Write least-privilege IAM policies."""


@app.command()
def policy(
    ctx: typer.Context,
    whose: Annotated[Whose, typer.Argument(metavar="WHOSE", help="caller, execution-role, doctor or doctor-fix.")],
    file: Annotated[
        str | None,
        typer.Option("--file", "-f", metavar="FILE", help="Allow what this spec takes, no more (- is stdin)."),
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="NAME", help="Only what nodes of this instance group need.")
    ] = None,
    name: NameOption = None,
    values: SetOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Print a policy document, ready for `aws iam create-policy`.

    `caller`: create, follow, change and delete clusters. `doctor`: only look. `doctor-fix`: what `doctor --fix`
    changes, beside `doctor`. `execution-role`: what nodes do.
    """
    import json

    from hpctl.render.terminal import write
    from hpctl.services import iam_policy as service

    said = invocation(ctx)
    spec = wiring.load(file, name, values).spec if file else None
    session = wiring.session(said, region_of_spec=spec.region if spec else None)
    place = service.place_of(spec, session.world_or_reason(), said.region)
    document = service.policy(service.Policy(whose), spec, place, group=group)
    write(session.terminal.stdout, json.dumps(document, indent=2) + "\n")
