"""`hpctl cluster update-software`: another image for the nodes of a live cluster."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl import timeouts
from hpctl.cli import wiring
from hpctl.cli.commands.cluster.carry import Consent, agreed, carry_out, hold, resume, unclaimed
from hpctl.cli.commands.cluster.group import NameArgument, app
from hpctl.cli.durations import seconds
from hpctl.cli.options import (
    DryRunOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    TimeoutOption,
    VerboseOption,
    WaitOption,
    YesOption,
    invocation,
)
from hpctl.render.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.report.progress import Progress

GroupOption = Annotated[
    list[str] | None, typer.Option("--group", metavar="NAME", help="This instance group (else all); again for more.")
]
ImageOption = Annotated[
    str | None, typer.Option("--image-id", metavar="AMI", help="AMI for the nodes, or `default` (else the latest).")
]
ReleaseOption = Annotated[
    str | None, typer.Option("--release", metavar="VERSION", help="Release of HyperPod's AMI, such as 1.2.3.")
]
BatchOption = Annotated[
    str | None, typer.Option("--batch-size", metavar="N|P%", help="Most nodes of a group at a time.")
]
RollbackBatchOption = Annotated[
    str | None, typer.Option("--rollback-batch-size", metavar="N|P%", help="The same while rolling back.")
]
WaitBetweenOption = Annotated[
    float | None,
    typer.Option("--wait-between", parser=seconds, metavar="DURATION", help="Watch the alarms so long after a batch."),
]
AlarmOption = Annotated[
    list[str] | None,
    typer.Option("--rollback-alarm", metavar="NAME", help="CloudWatch alarm that rolls back; again for more."),
]


@app.command("update-software")
def update_software(
    ctx: typer.Context,
    name: NameArgument,
    group: GroupOption = None,
    image_id: ImageOption = None,
    release: ReleaseOption = None,
    batch_size: BatchOption = None,
    rollback_batch_size: RollbackBatchOption = None,
    wait_between: WaitBetweenOption = None,
    rollback_alarm: AlarmOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Give the nodes of a cluster another image.

    Wipes their root volumes, and runs the lifecycle scripts again.
    """
    from hpctl.plan.software import SoftwareWish
    from hpctl.services import software as service
    from hpctl.services.delete import name_of

    rollout = service.Rollout(batch_size, rollback_batch_size, wait_between, tuple(rollback_alarm or ()))
    wish = SoftwareWish(tuple(group or ()), image_id, release, rollout.configuration())
    session = wiring.session(invocation(ctx))
    if not (yes or dry_run):
        session.demand_somebody("--yes")
    known = name_of(name, session.ports.clusters)
    claim = unclaimed() if dry_run else hold(ctx, session, known, "update-software")
    planned = service.plan(known, wish, session.world, run_id=claim.run_id)
    question = f"wipe these root volumes of cluster `{planned.cluster}`?"
    if not agreed(session, planned, Consent(question, yes, dry_run)):
        return
    before = service.before(planned, session.ports)
    steps: Iterator[Progress] = service.update(planned, session.ports)
    if wait:
        patience = timeouts.CREATE_WAIT_S if timeout is None else timeout
        told = resume(planned)
        steps = chain(steps, service.follow(planned, session.ports, before, timeout_s=patience, resume=told))
    carry_out(session, planned, "update-software", steps)
