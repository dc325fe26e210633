"""`hpctl lifecycle lint`: what nodes would stumble over in their scripts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from hpctl.cli import wiring, wiring_local
from hpctl.cli.commands.lifecycle.group import SpecOption, app
from hpctl.cli.options import (
    NameOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    VerboseOption,
    invocation,
)
from hpctl.errors import UsageError
from hpctl.render.output import Output


class FailOn(StrEnum):
    """What makes the exit code other than 0."""

    FAIL = "fail"
    WARN = "warn"


@app.command()
def lint(
    ctx: typer.Context,
    folder: Annotated[
        str | None, typer.Argument(metavar="[FOLDER]", help="Folder of the scripts on this machine (else in S3).")
    ] = None,
    file: SpecOption = None,
    name: NameOption = None,
    values: SetOption = None,
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="`warn`: warnings are exit code 21.")] = FailOn.FAIL,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Examine lifecycle scripts in a folder or in S3.

    In S3 it is with -f alone. Nothing of them is run. With a folder and -f they are judged as nodes of the spec would
    run them; AWS is not asked.
    """
    from hpctl.services import lint as service
    from hpctl.services.create import Blindness
    from hpctl.services.doctor import Threshold, demand_well
    from hpctl.services.upload import LocalScripts

    loaded = wiring.load(file, name, values) if file else None
    session = wiring.session(invocation(ctx), region_of_spec=loaded.spec.region if loaded else None)
    if folder is not None:
        report = service.lint_folder(LocalScripts(folder, wiring_local.read_scripts(folder)), loaded, wiring.shell())
    elif loaded is not None:
        report = service.lint_in_s3(loaded, session.world_or_reason())
    else:
        raise UsageError("there is nothing to examine", hint="name a folder, or a spec with `-f FILE`")
    session.show(report)
    demand_well(report, Blindness.REFUSED, Threshold(fail_on))
