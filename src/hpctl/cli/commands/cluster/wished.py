"""Where a plan comes from: a spec file that is judged now, or a plan that was saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from hpctl.cli import wiring, wiring_local
from hpctl.cli.commands.cluster.carry import hold, unclaimed
from hpctl.cli.options import invocation
from hpctl.errors import UsageError

if TYPE_CHECKING:
    from typing import Literal

    from hpctl.cli.wiring import Session
    from hpctl.facts.world import World
    from hpctl.plan.journal import Purpose
    from hpctl.report.plan import PlanReport
    from hpctl.services.create import Judging
    from hpctl.services.lock import Claim
    from hpctl.spec.load import Loaded

SpecOrNoneOption = Annotated[
    str | None,
    typer.Option("--file", "-f", metavar="FILE", help="Cluster spec, YAML or CreateCluster JSON (- is stdin)."),
]
PlanFileOption = Annotated[
    str | None,
    typer.Option("--plan", metavar="FILE", help="Do exactly what a saved plan says (cluster plan --out)."),
]
DeleteGroupOption = Annotated[
    list[str] | None,
    typer.Option(
        "--delete-group", metavar="NAME", help="Let this group go, which the spec no longer has; again for more."
    ),
]


@dataclass(frozen=True)
class Wished:
    """What the command line says about where the plan comes from."""

    file: str | None
    plan: str | None
    name: str | None
    values: list[str] | None
    skip: list[str] | None
    delete_groups: tuple[str, ...] = ()

    def demand_one(self) -> None:
        """Raise `UsageError` unless there is a spec or a saved plan, and nothing that the plan has settled."""
        if (self.file is None) == (self.plan is None):
            raise UsageError("give one of a spec (`-f FILE`) and a saved plan (`--plan FILE`)")
        settled = {
            "--name": self.name,
            "--set": self.values,
            "--skip": self.skip,
            "--delete-group": self.delete_groups,
        }
        if self.plan and (given := [flag for flag, value in settled.items() if value]):
            raise UsageError(f"a saved plan is done as it stands: leave out {', '.join(given)}")


@dataclass(frozen=True)
class Decided:
    """A plan, the session that it was made in, and after how many seconds what it does is usually done."""

    session: Session
    plan: PlanReport
    usual_wait_s: float


Claiming = Callable[["Session", str], "Claim"]


class Deciding(Protocol):
    """What decides on a plan for a spec: a service's `plan`."""

    def __call__(self, loaded: Loaded, world: World, judging: Judging, *, run_id: str) -> PlanReport:
        """Return the plan; `run_id` marks what it makes."""
        ...


def claiming(ctx: typer.Context, purpose: Purpose, yes: bool, dry_run: bool) -> Claiming:  # noqa: FBT001  flags
    """Return how a cluster is claimed: held until the command ends, or not at all where nothing is done.

    Whoever will be asked is looked for first.
    """

    def claim(session: Session, name: str) -> Claim:
        if dry_run:
            return unclaimed()
        if not yes:
            session.demand_somebody("--yes")
        return hold(ctx, session, name, purpose)

    return claim


def decided(
    ctx: typer.Context, wished: Wished, command: Literal["create", "update"], decide: Deciding, claim: Claiming
) -> Decided:
    """Return the plan for the spec, or what is left to do of the saved one; the cluster is claimed first."""
    from hpctl import timeouts
    from hpctl.services.create import Judging, usual_wait_s
    from hpctl.services.saved import read_plan, still_good

    if wished.file is None:
        file = wished.plan or ""
        read = read_plan(file, wiring_local.read_plan(file), command)
        session = wiring.session(invocation(ctx), region_of_spec=read.identity.region)
        claim(session, read.cluster)
        patience = timeouts.CREATE_WAIT_S + timeouts.DEEP_CHECKS_S
        with session.looking_at(f"cluster {read.cluster}"):
            return Decided(session, still_good(read, session.world), patience)
    loaded = wiring.load(wished.file, wished.name, wished.values)
    session = wiring.session(invocation(ctx), region_of_spec=loaded.spec.region)
    run_id = claim(session, loaded.spec.name).run_id
    with session.looking_at(f"what cluster {loaded.spec.name} needs"):
        plan = decide(loaded, session.world, Judging(tuple(wished.skip or ())), run_id=run_id)
    return Decided(session, plan, usual_wait_s(loaded.spec))
