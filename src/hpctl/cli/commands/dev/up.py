"""`hpctl dev up`: start a development pod, or start it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from hpctl.cli import wiring, wiring_dev
from hpctl.cli.commands.dev.group import DEFAULT, NameArgument, app, place
from hpctl.cli.commands.dev.wished import (
    AcceleratorsOption,
    ClaimOption,
    CpusOption,
    EphemeralOption,
    IdleStopOption,
    MemoryOption,
    StorageClassOption,
    StorageOption,
    SyncOption,
    WorkdirOption,
)
from hpctl.cli.commands.job.group import NamespaceOption
from hpctl.cli.commands.job.wished import ImageOption, InstanceTypeOption, PriorityOption, QueueOption
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
    accelerators: AcceleratorsOption = None,
    instance_type: InstanceTypeOption = None,
    image: ImageOption = None,
    cpus: CpusOption = None,
    memory: MemoryOption = None,
    idle_stop: IdleStopOption = None,
    claim: ClaimOption = None,
    storage: StorageOption = None,
    storage_class: StorageClassOption = None,
    ephemeral: EphemeralOption = False,
    queue: QueueOption = None,
    priority: PriorityOption = None,
    workdir: WorkdirOption = ".",
    sync: SyncOption = True,
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
    """Start a development pod, or start a stopped one again.

    A new one begins with this folder. Its files are in /workdir. They outlive the pod in a claim: --claim,
    --storage, or the cluster's default storage class. A pod that runs is left as it is.
    """
    from hpctl.services.dev.up import planned, start
    from hpctl.services.dev.wish import Said
    from hpctl.services.job.prepare import demand_possible

    folder = wiring_dev.synced_folder(workdir) if sync else None
    session, at = place(ctx, cluster, namespace)
    said = Said(_wish(ctx.params), ephemeral)
    starting = _starting(session, at, tuple(skip or ()), blindness(allow_unknown))
    if dry_run:
        prepared = planned(said, starting)
        session.show(prepared.report)
        demand_possible(prepared, starting.blindness)
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

    with wiring_dev.counting(session) as passed:
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
        pod, files = inside(report.name, at, session.ports), wiring_dev.ssh_files()
        line = write_entry(pod, open_door(pod, files), wiring.program_for_ssh(session), files)
    except (RefusedError, UsageError) as error:
        return report.model_copy(update={"notes": (*report.notes, f"no ssh: {error.message}")})
    return report.model_copy(update={"include": line})
