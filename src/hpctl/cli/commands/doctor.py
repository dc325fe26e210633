"""`hpctl doctor`: what is wrong with this machine, the account, a spec or a live cluster, before it costs an hour."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands import doctor_job
from hpctl.cli.commands.doctor_fix import FixDryRunOption, FixOption, FixWish, FixYesOption, ScriptsOption, mend
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
from hpctl.cli.visit import Visit
from hpctl.errors import UsageError
from hpctl.render.output import CheckOutput

if TYPE_CHECKING:
    from hpctl.facts.world import World
    from hpctl.report.check import CheckReport
    from hpctl.services.patient import FindPatient, Patient, Ward
    from hpctl.spec.load import Loaded


class FailOn(StrEnum):
    """What makes the exit code other than 0."""

    FAIL = "fail"
    WARN = "warn"


def doctor(
    ctx: typer.Context,
    cluster: Annotated[
        str | None, typer.Argument(metavar="CLUSTER", help="Judge this cluster, which lives (its name or ARN).")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="Judge this spec, too (- is stdin).")
    ] = None,
    name: NameOption = None,
    values: SetOption = None,
    node: Annotated[str | None, typer.Option("--node", metavar="ID", help="Only this node of the cluster.")] = None,
    job: doctor_job.JobOption = None,
    cluster_of_job: ClusterOption = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Namespace for jobs (else default).")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the checks that there are, and stop.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="CHECK", help="Run this check and what it needs; give it again for more."),
    ] = None,
    skip: SkipOption = None,
    offline: Annotated[bool, typer.Option("--offline", help="Run only the checks that ask AWS nothing.")] = False,
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="`warn`: warnings are exit code 21.")] = FailOn.FAIL,
    allow_unknown: AllowUnknownOption = False,
    wait: Annotated[bool, typer.Option("--wait", help="Look again and again, until the cluster is well.")] = False,
    timeout: TimeoutOption = None,
    fix: FixOption = False,
    lifecycle: ScriptsOption = None,
    dry_run: FixDryRunOption = False,
    yes: FixYesOption = False,
    output: CheckOutputOption = CheckOutput.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Examine this machine and the credentials; with -f a spec as well, with CLUSTER a cluster that lives.

    With --job it is a job's file, as it would be submitted to CLUSTER or --cluster. Nothing is changed, but with --fix
    what is safe to mend, after a plan and a question.
    """
    from hpctl.checks.engine import Reach
    from hpctl.services import doctor as service
    from hpctl.services import patient

    said = invocation(ctx)
    if list_:
        wiring.session(said).show(service.declared())
        return
    of_spec = {"--file": file, "--name": name, "--offline": offline}
    if job:
        _demand_apart({"--job": job}, {**of_spec, "--node": node, "--wait": wait, "--timeout": timeout})
    else:
        _demand_apart({"CLUSTER": cluster}, {**of_spec, "--set": values})
        _refuse_typed(ctx, "cluster_of_job")
    if cluster is None and not job:
        _demand_cluster({"--node": node, "--namespace": namespace, "--wait": wait, "--timeout": timeout})
    job_file = doctor_job.load(job, values or ()) if job else None
    loaded = wiring.load(file, name, values) if file else None
    session = wiring.session(said, region_of_spec=loaded.spec.region if loaded else None)
    wanted = service.Examination(tuple(only or ()), tuple(skip or ()), Reach.OFFLINE if offline else Reach.AWS)

    def demand(report: CheckReport) -> None:
        service.demand_well(report, blindness(allow_unknown), service.Threshold(fail_on))

    wish = FixWish(fix, dry_run, yes, lifecycle, cluster, file, loaded)
    wish.demand_sound({"--job": job, "--node": node, "--offline": offline, "--wait": wait})
    found = (
        doctor_job.finder(session, job_file, cluster or cluster_of_job, namespace)
        if job_file
        else _finder(loaded, patient.Ward(cluster, namespace or "default", node) if cluster else None)
    )
    visit = Visit(session, found, wanted, demand, output)
    if fix:
        mend(ctx, visit, wish)
    else:
        demand(visit.until_well(cluster, timeout) if wait and cluster else visit.once())


def _finder(loaded: Loaded | None, ward: Ward | None) -> FindPatient:
    """Return how a live cluster is found, or this machine with a spec."""
    from hpctl.services import patient

    def find(world: World) -> Patient:
        if ward is None:
            return patient.a_machine(wiring.machine(), loaded)
        return patient.a_live_one(wiring.machine(), ward, world)

    return find


def _demand_apart(one: Mapping[str, object], others: Mapping[str, object]) -> None:
    """Raise `UsageError` when something of the one is given together with something of the others."""
    given, beside = ([flag for flag, value in some.items() if value] for some in (one, others))
    if given and beside:
        raise UsageError(f"`{given[0]}` does not go with `{beside[0]}`", hint="leave one of them out")


def _refuse_typed(ctx: typer.Context, parameter: str) -> None:
    """Raise `UsageError` for a `--cluster` that was typed, and is no job's; one of the environment is for others."""
    source = ctx.get_parameter_source(parameter)
    if source is not None and source.name == "COMMANDLINE":
        raise UsageError("`--cluster` goes with `--job`", hint=f"hpctl doctor {ctx.params[parameter]}")


def _demand_cluster(of_cluster: Mapping[str, object]) -> None:
    """Raise `UsageError` when something is said of a cluster, and none is named."""
    for flag, value in of_cluster.items():
        if value is not None and value is not False:
            raise UsageError(
                f"`{flag}` is about a live cluster, and none is named", hint=f"hpctl doctor CLUSTER {flag}"
            )
