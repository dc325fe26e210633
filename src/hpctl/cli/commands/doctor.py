"""`hpctl doctor`: what is wrong with this machine, the account and a spec, before it costs an hour."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.options import (
    AllowUnknownOption,
    NameOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SetOption,
    SkipOption,
    VerboseOption,
    invocation,
)
from hpctl.render.output import Output


class FailOn(StrEnum):
    """What makes the exit code other than 0."""

    FAIL = "fail"
    WARN = "warn"


def doctor(
    ctx: typer.Context,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="Judge this spec, too (- is stdin).")
    ] = None,
    name: NameOption = None,
    values: SetOption = None,
    list_: Annotated[bool, typer.Option("--list", help="List the checks that there are, and stop.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="CHECK", help="Run this check and what it needs; give it again for more."),
    ] = None,
    skip: SkipOption = None,
    offline: Annotated[bool, typer.Option("--offline", help="Run only the checks that ask AWS nothing.")] = False,
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="`warn`: warnings are exit code 21.")] = FailOn.FAIL,
    allow_unknown: AllowUnknownOption = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Examine this machine and the credentials; with -f a spec as well.

    Nothing is changed.
    """
    from hpctl.checks.engine import Reach
    from hpctl.errors import UnavailableError
    from hpctl.facts.world import World
    from hpctl.render.results import ResultTeller
    from hpctl.services import doctor as service
    from hpctl.services.create import Blindness

    said = invocation(ctx)
    if list_:
        wiring.session(said).show(service.declared())
        return
    loaded = wiring.load(file, name, values) if file else None
    session = wiring.session(said, region_of_spec=loaded.spec.region if loaded else None)
    teller = ResultTeller(said.output, session.terminal)
    wanted = service.Examination(
        tuple(only or ()), tuple(skip or ()), Reach.OFFLINE if offline else Reach.AWS, teller.expect, teller.tell
    )
    world = World(UnavailableError("nothing is asked with `--offline`")) if offline else session.world_or_reason()
    report = service.examine(wiring.machine(), loaded, world, wanted)
    teller.end(report, said.query)
    blindness = Blindness.ALLOWED if allow_unknown else Blindness.REFUSED
    service.demand_well(report, blindness, service.Threshold(fail_on))
