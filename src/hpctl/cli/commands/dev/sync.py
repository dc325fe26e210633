"""`hpctl dev sync`: the working directory of a development pod, and a folder here."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from hpctl.cli import wiring_dev
from hpctl.cli.commands.dev.group import DEFAULT, NameArgument, app, place
from hpctl.cli.commands.job.group import NamespaceOption
from hpctl.cli.options import ClusterOption, OutputOption, ProfileOption, QueryOption, RegionOption, VerboseOption
from hpctl.errors import UsageError
from hpctl.render.output import Output


class Side(StrEnum):
    """Whose files count."""

    HERE = "here"
    POD = "pod"


@app.command()
def sync(
    ctx: typer.Context,
    name: NameArgument = DEFAULT,
    to: Annotated[bool, typer.Option("--to", help="Only bring what changed here to the pod.")] = False,
    from_: Annotated[bool, typer.Option("--from", help="Only bring what changed in the pod here.")] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete on one side what was deleted on the other since the last sync.")
    ] = False,
    prefer: Annotated[Side | None, typer.Option("--prefer", help="Whose file counts where both have changed.")] = None,
    workdir: Annotated[str, typer.Option("--workdir", metavar="FOLDER", help="The folder here.")] = ".",
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Sync a folder with a development pod, both ways.

    What git ignores stays where it is. A file that only one side has changed goes to the other. One that both
    have changed is left alone and named, and the exit code is 6. With .skyignore its patterns count, and not
    those of .gitignore.
    """
    from hpctl.services.dev.inside import inside
    from hpctl.services.dev.sync import sync as carry_out
    from hpctl.services.dev.sync_plan import Deletions, Direction, Prefer, SyncWish

    if to and from_:
        raise UsageError("`--to` and `--from` exclude each other", hint="without both, files go both ways")
    direction = Direction.TO if to else Direction.FROM if from_ else Direction.BOTH
    deletions = Deletions.CARRIED_OUT if delete else Deletions.TOLD
    wish = SyncWish(direction, Prefer(prefer) if prefer else Prefer.NEITHER, deletions)
    folder = wiring_dev.synced_folder(workdir)
    session, at = place(ctx, cluster, namespace)
    with wiring_dev.counting(session) as passed:
        report = carry_out(inside(name, at, session.ports), folder, wish, passed)
    session.show(report)
    raise typer.Exit(report.exit_code)
