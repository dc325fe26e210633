"""`hpctl cluster check|plan`: judge a spec, and say what it would take."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated
from uuid import uuid4

import typer

from hpctl.cli import wiring, wiring_local
from hpctl.cli.commands.cluster.group import app
from hpctl.cli.commands.cluster.wished import DeleteGroupOption, SpecOrNoneOption
from hpctl.cli.completion import clusters
from hpctl.cli.options import (
    AllowUnknownOption,
    FileOption,
    NameOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    SkipOption,
    VerboseOption,
    blindness,
    invocation,
)
from hpctl.cli.typed import about_the_same
from hpctl.errors import ExitCode, UsageError
from hpctl.render.output import Output


@app.command()
def check(
    ctx: typer.Context,
    cluster: Annotated[
        str | None, typer.Argument(metavar="NAME", autocompletion=clusters, help="Judge this cluster, which lives.")
    ] = None,
    file: SpecOrNoneOption = None,
    name: NameOption = None,
    values: SetOption = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Namespace for jobs (else default).")
    ] = None,
    skip: SkipOption = None,
    allow_unknown: AllowUnknownOption = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run every check on a spec file or a live cluster.

    Nothing is planned. Of a live cluster, what `hpctl doctor NAME` judges of it: how it is, and on EKS whether its
    Kubernetes API answers and lets you in, what you may do there, and whether all that jobs need runs there.
    """
    from hpctl.services.cluster_check import check_live
    from hpctl.services.create import Judging, check_spec, demand_passed

    _demand_one(cluster, file, {"--name": name, "--set": values}, {"--namespace": namespace})
    judging = Judging(tuple(skip or ()))
    if file is not None:
        loaded = wiring.load(file, name, values)
        session = wiring.session(invocation(ctx), region_of_spec=loaded.spec.region)
        with session.looking_at(f"what cluster {loaded.spec.name} needs"):
            report = check_spec(loaded, session.world, judging)
    else:
        session = wiring.session(invocation(ctx))
        with session.looking_at(f"cluster {cluster}"):
            report = check_live(cluster or "", namespace or "default", session.world, judging)
    session.show(report)
    demand_passed(report, blindness(allow_unknown))


def _demand_one(
    cluster: str | None, file: str | None, of_spec: Mapping[str, object], of_cluster: Mapping[str, object]
) -> None:
    """Raise `UsageError` unless there is one thing to judge, and nothing that is about the other."""
    if (cluster is None) == (file is None):
        raise UsageError("give one of a live cluster (`NAME`) and a spec (`-f FILE`)")
    stray = [flag for flag, value in (of_spec if file is None else of_cluster).items() if value]
    if stray:
        kind = "a spec" if file is None else "a live cluster"
        raise UsageError(f"{', '.join(stray)} is about {kind}", hint="leave it out")


@app.command()
def plan(
    ctx: typer.Context,
    file: FileOption,
    name: NameOption = None,
    values: SetOption = None,
    skip: SkipOption = None,
    allow_unknown: AllowUnknownOption = False,
    delete_group: DeleteGroupOption = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Save the plan, for create or update --plan FILE.")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 10 when there is something to do.")
    ] = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Show what creating or updating would do.

    Where the cluster exists, every field that differs, and what changing it means.
    """
    from hpctl.services.create import Judging
    from hpctl.services.update import demand_possible, plan_either

    loaded = wiring.load(file, name, values)
    session = wiring.session(invocation(ctx), region_of_spec=loaded.spec.region)
    judging = Judging(tuple(skip or ()))
    groups = tuple(delete_group or ())
    with session.looking_at(f"what cluster {loaded.spec.name} needs"):
        planned = plan_either(loaded, session.world, judging, run_id=uuid4().hex, delete_groups=groups)
    session.show(planned)
    demand_possible(planned, blindness(allow_unknown))
    if out:
        wiring_local.write_plan(out, planned.model_dump_json(indent=2) + "\n")
    if planned.actions:
        verb = f"hpctl cluster {'create' if planned.state == 'absent' else 'update'}"
        saved = about_the_same(f"{verb} --plan {shlex.quote(out)}", {}, session.said) if out else None
        session.suggest(saved or about_the_same(verb, ctx.params, session.said))
    if detailed_exitcode and planned.actions:
        raise typer.Exit(ExitCode.CHANGES)
