"""`hpctl doctor`: what is wrong with this machine, the account, a spec or a live cluster, before it costs an hour."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from hpctl.cli import wiring
from hpctl.cli.commands import doctor_job
from hpctl.cli.commands.doctor_bundle import BundleOption, FromOption, keeper, opened
from hpctl.cli.commands.doctor_fix import FixDryRunOption, FixOption, FixWish, FixYesOption, ScriptsOption, mend
from hpctl.cli.commands.doctor_options import (
    ClusterArgument,
    FailOn,
    FailOnOption,
    ListOption,
    NamespaceOption,
    NodeOption,
    OfflineOption,
    OnlyOption,
    SpecOption,
    UntilWellOption,
    demand_consistent,
)
from hpctl.cli.options import (
    AllowUnknownOption,
    CheckOutputOption,
    ClusterOption,
    NameOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    SkipOption,
    TimeoutOption,
    VerboseOption,
    blindness,
    invocation,
)
from hpctl.cli.typed import about_the_same
from hpctl.cli.visit import Visit
from hpctl.render.output import CheckOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpctl.cli.wiring import Session
    from hpctl.facts.world import World
    from hpctl.services.patient import FindPatient, Patient
    from hpctl.spec.load import Loaded


def doctor(
    ctx: typer.Context,
    cluster: ClusterArgument = None,
    file: SpecOption = None,
    name: NameOption = None,
    values: SetOption = None,
    node: NodeOption = None,
    job: doctor_job.JobOption = None,
    cluster_of_job: ClusterOption = None,
    namespace: NamespaceOption = None,
    list_: ListOption = False,
    only: OnlyOption = None,
    skip: SkipOption = None,
    offline: OfflineOption = False,
    fail_on: FailOnOption = FailOn.FAIL,
    allow_unknown: AllowUnknownOption = False,
    wait: UntilWellOption = False,
    timeout: TimeoutOption = None,
    fix: FixOption = False,
    lifecycle: ScriptsOption = None,
    dry_run: FixDryRunOption = False,
    yes: FixYesOption = False,
    bundle: BundleOption = None,
    past: FromOption = None,
    output: CheckOutputOption = CheckOutput.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Examine this machine, a spec, a live cluster or a job.

    Without arguments it is the machine and the credentials; with -f a spec as well, with CLUSTER a cluster that lives.

    With --job it is a job's file, as it would be submitted to CLUSTER or --cluster. Nothing is changed, but with --fix
    what is safe to mend, after a plan and a question.
    """
    from hpctl.checks.engine import Reach
    from hpctl.services import doctor as service

    said = invocation(ctx)
    if list_:
        wiring.session(said).show(service.declared())
        return
    demand_consistent(ctx)
    loaded = wiring.load(file, name, values) if file else None
    session = wiring.session(said, region_of_spec=loaded.spec.region if loaded else None)
    wanted = service.Examination(tuple(only or ()), tuple(skip or ()), Reach.OFFLINE if offline else Reach.AWS)
    demand = partial(service.demand_well, blindness=blindness(allow_unknown), threshold=service.Threshold(fail_on))
    wish = FixWish(fix, dry_run, yes, lifecycle, cluster, file, loaded)
    wish.demand_sound({"--job": job, "--node": node, "--offline": offline, "--wait": wait})
    find, world = opened(past) if past else (_finder(ctx, session, loaded), None)
    visit = Visit(session, find, wanted, demand, output, world, keeper(bundle, session))
    if fix:
        mend(ctx, visit, wish)
    else:
        demand(visit.until_well(cluster, timeout) if wait and cluster else visit.once())
        _suggest(ctx.params, session)


def _suggest(params: Mapping[str, object], session: Session) -> None:
    """Name the next command after a spec, or this machine, that is well, where all of it was looked at."""
    in_part = any(params[one] for one in ("cluster", "job", "only", "offline", "past", "bundle"))
    if in_part or params["output"] != CheckOutput.TABLE:
        return
    session.suggest(about_the_same("hpctl cluster plan", params, session.said) if params["file"] else "hpctl init")


def _finder(ctx: typer.Context, session: Session, loaded: Loaded | None) -> FindPatient:
    """Return how a job or a live cluster is found, or this machine with a spec."""
    from hpctl.services import patient

    said = ctx.params
    cluster, namespace = said["cluster"], said["namespace"]
    if said["job"]:
        job = doctor_job.load(said["job"], said["values"] or ())
        return doctor_job.finder(session, job, cluster or said["cluster_of_job"], namespace)

    def find(world: World) -> Patient:
        if cluster is None:
            return patient.a_machine(wiring.machine(), loaded)
        return patient.a_live_one(wiring.machine(), patient.Ward(cluster, namespace or "default", said["node"]), world)

    return find
