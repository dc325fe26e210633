"""`hpctl dev up`: start a development pod, or start it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.dev.group import DEFAULT, NameArgument, app, place
from hpctl.cli.commands.job.group import NamespaceOption
from hpctl.cli.durations import seconds
from hpctl.cli.options import (
    AllowUnknownOption,
    ClusterOption,
    DryRunOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SkipOption,
    TimeoutOption,
    VerboseOption,
    WaitOption,
    blindness,
)
from hpctl.errors import InterruptedWaitError, RefusedError, Terminated, TerminatedWaitError, UsageError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpctl.cli.wiring import Session
    from hpctl.facts.dev import DevRecord, DevWish
    from hpctl.facts.dev_ports import SyncedFolder
    from hpctl.facts.jobs import Job
    from hpctl.report.dev import DevOutcomeReport
    from hpctl.services.create import Blindness
    from hpctl.services.dev.up import Result, Starting
    from hpctl.services.job.where import Where


@app.command()
def up(
    ctx: typer.Context,
    name: NameArgument = DEFAULT,
    accelerators: Annotated[
        str | None,
        typer.Option("--accelerators", "--gpus", metavar="[KIND:]COUNT", help="Accelerators, as H100:1 or 1."),
    ] = None,
    instance_type: Annotated[
        str | None, typer.Option("--instance-type", metavar="TYPE", help="Instance type of its node.")
    ] = None,
    image: Annotated[str | None, typer.Option("--image", metavar="IMAGE", help="Container image.")] = None,
    cpus: Annotated[float | None, typer.Option("--cpus", min=0.1, metavar="COUNT", help="CPUs.")] = None,
    memory: Annotated[float | None, typer.Option("--memory", min=0.1, metavar="GIB", help="Memory.")] = None,
    idle_stop: Annotated[
        float | None,
        typer.Option("--idle-stop", parser=seconds, metavar="DURATION", help="Stop when unused for so long (60m)."),
    ] = None,
    claim: Annotated[
        str | None, typer.Option("--claim", metavar="NAME", help="Keep its files in a claim that is there.")
    ] = None,
    storage: Annotated[
        int | None, typer.Option("--storage", min=1, metavar="GIB", help="Keep its files in a claim of its own.")
    ] = None,
    storage_class: Annotated[
        str | None, typer.Option("--storage-class", metavar="NAME", help="Storage class of that claim.")
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Keep its files in the pod: they go when it stops.")
    ] = False,
    queue: Annotated[str | None, typer.Option("--queue", metavar="NAME", help="Kueue queue.")] = None,
    priority: Annotated[str | None, typer.Option("--priority", metavar="NAME", help="Priority class.")] = None,
    workdir: Annotated[
        str, typer.Option("--workdir", metavar="FOLDER", help="What a new pod's working directory begins with.")
    ] = ".",
    sync: Annotated[bool, typer.Option("--sync/--no-sync", help="Bring the folder to a new pod.")] = True,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    dry_run: DryRunOption = False,
    skip: SkipOption = None,
    allow_unknown: AllowUnknownOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Start a development pod with accelerators and this folder, or start a stopped one again.

    Its files are in /workdir. They outlive the pod in a claim: --claim, --storage, or the cluster's default storage
    class. A pod that runs is left as it is.
    """
    from hpctl.services.dev.up import planned, start
    from hpctl.services.dev.wish import Said

    folder = wiring.synced_folder(workdir) if sync else None
    session, at = place(ctx, cluster, namespace)
    said = Said(_wish(ctx.params), ephemeral)
    starting = _starting(session, at, tuple(skip or ()), blindness(allow_unknown))
    if dry_run:
        session.show(planned(said, starting))
        return
    result, record, job = start(said, starting)
    if not wait:
        session.show(_outcome(session, at, result, record))
        return
    _until_running(session, at, job, timeout)
    notes = _brought(session, at, name, folder) if folder and result == "created" else ()
    session.show(_with_ssh(session, at, _outcome(session, at, result, record, notes)))


def _wish(said: Mapping[str, Any]) -> DevWish:
    from hpctl.facts.dev import DevWish

    idle = said["idle_stop"]
    return DevWish(
        **{field: said[field] for field in ("name", "accelerators", "instance_type", "image", "cpus", "claim")},
        **{field: said[field] for field in ("queue", "priority", "storage_class")},
        memory_gib=said["memory"],
        claim_gib=said["storage"],
        idle_stop_s=None if idle is None else max(1, round(idle)),
    )


def _starting(session: Session, at: Where, skip: tuple[str, ...], blind: Blindness) -> Starting:
    from hpctl.facts.jobs import BATCH_JOB
    from hpctl.facts.local_files import Sensitive
    from hpctl.services.create import Judging
    from hpctl.services.dev.up import Starting

    return Starting(
        at=at,
        ports=session.ports,
        world=session.world,
        files=wiring.local_files(),
        asked=wiring.asked((), BATCH_JOB, Sensitive.REFUSED),
        judging=Judging(skip),
        blindness=blind,
        show=session.show_beside,
    )


def _until_running(session: Session, at: Where, job: Job, timeout: float | None) -> None:
    """Wait until the pod runs; Ctrl-C leaves it alone."""
    from hpctl import timeouts
    from hpctl.render.job_progress import follow
    from hpctl.services.job.wait import demand_succeeded, until_running

    again = f"hpctl dev up {job.name} {at.flags}"
    hint = f"the pod goes on to start\nto return: {again}\nto stop it: hpctl dev stop {job.name} {at.flags}"
    limit = timeouts.DEV_WAIT_S if timeout is None else timeout
    try:
        steps = until_running(job, at, session.ports, timeout_s=limit, resume=again)
        ended = follow(steps, session.said.output, session.terminal)
    except Terminated as end:
        raise TerminatedWaitError("stopped waiting", hint=hint) from end
    except KeyboardInterrupt as end:
        raise InterruptedWaitError("stopped waiting", hint=hint) from end
    if ended is not None:
        demand_succeeded(ended, at)


def _brought(session: Session, at: Where, name: str, folder: SyncedFolder) -> tuple[str, ...]:
    """Bring the folder to the new pod and return what is to be said of it."""
    from hpctl.services.dev.inside import inside
    from hpctl.services.dev.sync import sync
    from hpctl.services.dev.sync_plan import Direction, SyncWish

    with wiring.counting(session) as passed:
        told = sync(inside(name, at, session.ports), folder, SyncWish(Direction.TO), passed)
    again = f"hpctl dev sync {name} {at.flags}"
    notes = (f"sent {len(told.sent)} files of `{folder.path}` to /workdir",) if told.sent else ()
    left = (f"{len(told.conflicts)} files are there already, and differ: {again}",) if told.conflicts else ()
    return (*notes, *left, *told.notes)


def _outcome(
    session: Session, at: Where, result: Result, record: DevRecord, notes: tuple[str, ...] = ()
) -> DevOutcomeReport:
    from hpctl.report.dev import DevOutcomeReport
    from hpctl.services.dev.look import row

    name, flags = record.wish.name, at.flags
    kept = () if record.wish.claim else ("its files are in the pod, and go when it stops: bring them with `dev sync`",)
    return DevOutcomeReport(
        verb="up",
        result=result,
        cluster=at.cluster,
        pod=row(record, at, session.ports),
        name=name,
        namespace=at.namespace,
        notes=(*notes, *kept),
        next_steps=(
            f"hpctl dev exec {name} {flags}",
            f"hpctl dev ssh {name} {flags}",
            f"hpctl dev sync {name} {flags}",
            f"hpctl dev stop {name} {flags}",
        ),
    )


def _with_ssh(session: Session, at: Where, report: DevOutcomeReport) -> DevOutcomeReport:
    """Prepare the way for ssh; where there is none, the report says why, and the pod is as good as it is."""
    from hpctl.services.dev.inside import inside
    from hpctl.services.dev.ssh import open_door, write_entry

    try:
        pod, files = inside(report.name, at, session.ports), wiring.ssh_files()
        line = write_entry(pod, open_door(pod, files), wiring.program_for_ssh(session), files)
    except (RefusedError, UsageError) as error:
        return report.model_copy(update={"notes": (*report.notes, f"no ssh: {error.message}")})
    return report.model_copy(update={"include": line})
