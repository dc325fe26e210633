"""`hpctl job submit`: from a file, or a command, to a job that runs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.job.follow import follow_to_the_end, wait_for
from hpctl.cli.commands.job.group import NamespaceOption, SharedDirOption, UserOption, app, on_slurm, place
from hpctl.cli.commands.job.submit_slurm import After, Ready, submit_on_slurm
from hpctl.cli.commands.job.wished import (
    AcceleratorsOption,
    DryRunOption,
    EnvOption,
    FollowOption,
    ImageOption,
    IncludeSensitiveOption,
    InstanceTypeOption,
    Kind,
    KindOption,
    NameOption,
    NodesOption,
    PriorityOption,
    QueueOption,
    SecretOption,
    WaitOption,
    WordsArgument,
    WorkdirOption,
    YesOption,
    overrides,
)
from hpctl.cli.options import (
    AllowUnknownOption,
    ClusterOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    SkipOption,
    TimeoutOption,
    VerboseOption,
    blindness,
)
from hpctl.errors import HpctlError, UsageError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.facts.jobs import ObjectKind
    from hpctl.services.create import Blindness
    from hpctl.services.job.prepare import Prepared
    from hpctl.services.job.where import Where


@dataclass(frozen=True)
class Source:
    """Where the wish is written: a file, or the command line itself."""

    file: str | None
    command: tuple[str, ...]


@app.command()
def submit(
    ctx: typer.Context,
    words: WordsArgument = None,
    name: NameOption = None,
    nodes: NodesOption = None,
    accelerators: AcceleratorsOption = None,
    instance_type: InstanceTypeOption = None,
    image: ImageOption = None,
    env: EnvOption = None,
    secret: SecretOption = None,
    workdir: WorkdirOption = None,
    include_sensitive: IncludeSensitiveOption = False,
    queue: QueueOption = None,
    priority: PriorityOption = None,
    kind: KindOption = None,
    values: SetOption = None,
    cluster: ClusterOption = None,
    namespace: NamespaceOption = None,
    user: UserOption = None,
    shared_dir: SharedDirOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    skip: SkipOption = None,
    allow_unknown: AllowUnknownOption = False,
    wait: WaitOption = False,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Submit a job.

    What it is made of is judged and shown first; it is created whole or not at all. With --wait or --follow the exit
    code is the job's: 0 succeeded, 100 failed, 103 cancelled.
    """
    from hpctl.facts.local_files import Sensitive
    from hpctl.render.progress import check_streamable
    from hpctl.services.create import Judging

    source = source_of(tuple(words or ()), tuple(sys.argv))
    if follow:
        check_streamable(output)
    loaded = wiring.load_job(source.file, source.command, values or (), overrides(ctx.params))
    session, at = place(ctx, cluster, namespace or loaded.namespace)
    sensitive = Sensitive.INCLUDED if include_sensitive else Sensitive.REFUSED
    asked = wiring.asked(secret or (), _object_kind(kind), sensitive)
    ready = Ready(loaded, asked, Judging(tuple(skip or ())), blindness(allow_unknown))
    after = After.SHOW if dry_run else After.FOLLOW if follow else After.WAIT if wait else After.RETURN
    if on_slurm(at):
        submit_on_slurm(session, at, ready, after, timeout)
    else:
        _submit_on_eks(session, at, ready, after, timeout)


def _submit_on_eks(session: Session, at: Where, ready: Ready, after: After, timeout: float | None) -> None:
    from hpctl.services.job.prepare import prepare

    files = wiring.local_files()
    with session.looking_at(f"what the job needs on cluster {at.cluster}"):
        prepared = prepare(ready.loaded, at, ready.asked, session.world, session.ports, files, ready.judging)
    if after is After.SHOW:
        _show_plan(session, at, prepared, ready.blind)
    else:
        _create(session, at, prepared, ready.blind, after, timeout)


def source_of(words: tuple[str, ...], argv: tuple[str, ...]) -> Source:
    """Return what is submitted: what stands behind `--` is a command, else the one word is a file.

    Raises `UsageError` for neither, both, or several files.
    """
    command = argv[argv.index("--") + 1 :] if "--" in argv else ()
    files = words[: len(words) - len(command)]
    hint = "hpctl job submit FILE\nhpctl job submit -- COMMAND..."
    if bool(files) == bool(command):
        raise UsageError("give one of a file and a command", hint=hint)
    if len(files) > 1:
        raise UsageError(f"one job at a time: there are {len(files)} files", hint=hint)
    return Source(files[0] if files else None, command)


def _show_plan(session: Session, at: Where, prepared: Prepared, blind: Blindness) -> None:
    from hpctl.render.jobs import manifests
    from hpctl.render.terminal import write
    from hpctl.services.job.prepare import demand_possible
    from hpctl.services.job.submit import ask_server

    if session.said.output is Output.YAML and session.said.query is None:
        session.show_beside(prepared.report)
        write(session.terminal.stdout, manifests(prepared.report))
    else:
        session.show(prepared.report)
    demand_possible(prepared, blind)
    ask_server(prepared, at, session.ports)


def _create(
    session: Session, at: Where, prepared: Prepared, blind: Blindness, after: After, timeout: float | None
) -> None:
    from hpctl.services.job.find import find
    from hpctl.services.job.prepare import demand_possible
    from hpctl.services.job.submit import submit as carry_out

    session.show_beside(prepared.report)
    try:
        demand_possible(prepared, blind)
    except HpctlError:
        session.show_to_machines(prepared.report)
        raise
    outcome = carry_out(prepared, at, session.ports)
    if after is After.RETURN:
        session.show(outcome)
        return
    session.show_beside(outcome)
    job = find(outcome.job, at, session.ports.jobs)
    match after:
        case After.FOLLOW:
            follow_to_the_end(session, at, job, timeout)
        case After.WAIT:
            wait_for(session, at, job, timeout)


def _object_kind(kind: Kind | None) -> ObjectKind | None:
    from hpctl.facts.jobs import JOB_KINDS

    return next((one for one in JOB_KINDS if one.kind == kind), None)
