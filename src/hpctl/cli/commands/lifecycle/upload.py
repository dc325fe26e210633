"""`hpctl lifecycle upload`: a folder of scripts into S3."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring, wiring_local
from hpctl.cli.commands.lifecycle.group import FolderArgument, SpecOption, app
from hpctl.cli.options import (
    DryRunOption,
    NameOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    VerboseOption,
    YesOption,
    invocation,
)
from hpctl.errors import HpctlError, UsageError
from hpctl.render.output import Output


@app.command()
def upload(
    ctx: typer.Context,
    folder: FolderArgument,
    file: SpecOption = None,
    name: NameOption = None,
    values: SetOption = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="URI", help="Upload to s3://BUCKET/PREFIX, not where the spec says.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace objects that have other content (else exit code 6).")
    ] = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Upload scripts to where nodes find them.

    The spec says where; each is read back. What is there with the same content stays, and what is only there too.
    """
    from hpctl.services import upload as service
    from hpctl.services.lifecycle import folder_of

    if (file is None) == (to is None):
        raise UsageError("give one of a spec (`-f FILE`) and an address (`--to s3://BUCKET/PREFIX`)")
    loaded = wiring.load(file, name, values) if file else None
    target = folder_of(loaded.spec if loaded else None, to)
    local = service.LocalScripts(folder, wiring_local.read_scripts(folder))
    session = wiring.session(invocation(ctx), region_of_spec=loaded.spec.region if loaded else None)
    if loaded:
        service.demand_meant(loaded.spec, session.world)
    overwriting = service.Overwriting.WANTED if overwrite else service.Overwriting.REFUSED
    planned = service.compare(local, target, session.ports, session.world, overwriting)
    if dry_run:
        session.show(planned)
        service.demand_unopposed(planned)
        return
    session.show_beside(planned)
    try:
        service.demand_unopposed(planned)
    except HpctlError:
        session.show_to_machines(planned)
        raise
    if planned.wanted and not yes:
        session.demand_somebody("--yes")
        session.confirm(f"upload {len(planned.wanted)} files to `{planned.uri}` in account {planned.identity.account}?")
    done = service.upload(planned, local, target, session.ports)
    session.show(done) if done.uploaded else session.show_to_machines(done)
