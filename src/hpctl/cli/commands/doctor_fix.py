"""`hpctl doctor --fix`: what may be mended is planned, confirmed, carried out and looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hpctl.cli import wiring_local
from hpctl.cli.typed import as_typed
from hpctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hpctl.cli.visit import Visit
    from hpctl.plan.fix import Bedside
    from hpctl.report.plan import PlanReport
    from hpctl.report.progress import Progress
    from hpctl.services.lock import Claim
    from hpctl.spec.load import Loaded

FixOption = Annotated[
    bool, typer.Option("--fix", help="Mend what is safe to mend, and say why the rest is left; asks first.")
]
FixDryRunOption = Annotated[bool, typer.Option("--dry-run", help="With --fix: show the plan and stop.")]
FixYesOption = Annotated[bool, typer.Option("--yes", "-y", help="With --fix: do not ask.")]
ScriptsOption = Annotated[
    Path | None,
    typer.Option(
        "--lifecycle", metavar="DIR", help="With --fix: your lifecycle scripts (else `lifecycle` beside the spec)."
    ),
]

_FOLDER: Final = "lifecycle"


@dataclass(frozen=True)
class FixWish:
    """What the command line says of mending; `cluster` and `loaded` are what is mended around."""

    fix: bool
    dry_run: bool
    yes: bool
    folder: Path | None
    cluster: str | None
    file: str | None
    loaded: Loaded | None

    def demand_sound(self, others: Mapping[str, object]) -> None:
        """Raise `UsageError` for mending that has nothing to go by, and for what belongs to it without it."""
        if not self.fix:
            alone = {"--dry-run": self.dry_run, "--yes": self.yes, "--lifecycle": self.folder}
            if given := [flag for flag, value in alone.items() if value]:
                raise UsageError(f"`{given[0]}` goes with `--fix`, and `doctor` changes nothing without it")
            return
        if given := [flag for flag, value in others.items() if value]:
            raise UsageError(f"`--fix` does not go with `{given[0]}`", hint="leave one of them out")
        if self.cluster is None and self.file is None:
            hint = "add `--file FILE`, or name a cluster: hpctl doctor CLUSTER --fix"
            raise UsageError("`--fix` mends what stands around a cluster, and none is named", hint=hint)


def mend(ctx: typer.Context, visit: Visit, wish: FixWish) -> None:
    """Plan, ask, carry out, and end as doctor does on what is seen then."""
    from hpctl.plan.fix import plan_fix
    from hpctl.render.progress import follow
    from hpctl.services.fix import fix, look_again, settled

    session = visit.session
    if not (wish.yes or wish.dry_run):
        session.demand_somebody("--yes")
    bedside = _bedside(visit, wish)
    claim = _claim(ctx, visit, wish, bedside.cluster)
    follow(settled(claim.resumed, session.ports), session.said.output, session.terminal)
    world = visit.fresh_world()
    checks = visit.look_in(world)
    planned = plan_fix(bedside, checks, world, run_id=claim.run_id)
    if wish.dry_run:
        session.show(planned)
        visit.demand(checks)
        return
    session.show_beside(planned)
    if planned.actions and not wish.yes:
        session.confirm(f"do this in account {planned.identity.account}?")
    _carry_out(visit, planned, fix(planned, session.ports))
    report = look_again(visit.look, planned, session.ports.clock) if planned.actions else checks
    visit.show(report)
    visit.demand(report)


def _bedside(visit: Visit, wish: FixWish) -> Bedside:
    from hpctl.errors import NotFoundError
    from hpctl.plan.fix import Bedside

    folder, scripts = _scripts(wish)
    if wish.loaded:
        spec = wish.loaded.spec
        return Bedside(spec.name, spec.kind_of_orchestrator, folder, scripts)
    found = visit.session.world.cluster(wish.cluster or "")
    if found is None:
        hint = "the clusters that there are: hpctl cluster list"
        raise NotFoundError(f"there is no cluster `{wish.cluster}`", hint=hint)
    return Bedside(found.name, found.orchestrator, folder, scripts)


def _scripts(wish: FixWish) -> tuple[str, Mapping[str, bytes]]:
    """Return the folder that is named, which must be there, or the one beside the spec, if it is."""
    if wish.folder:
        return str(wish.folder), wiring_local.read_scripts(wish.folder)
    beside = Path(wish.file).parent if wish.file and wish.file != "-" else Path()
    folder = beside / _FOLDER
    return str(folder), wiring_local.read_scripts(folder) if folder.is_dir() else {}


def _claim(ctx: typer.Context, visit: Visit, wish: FixWish, name: str) -> Claim:
    from hpctl.cli.commands.cluster.carry import hold, unclaimed

    return unclaimed() if wish.dry_run else hold(ctx, visit.session, name, "fix")


def _carry_out(visit: Visit, planned: PlanReport, steps: Iterator[Progress]) -> None:
    from hpctl.render.progress import follow
    from hpctl.services.record import farewell, recorded

    session = visit.session
    try:
        follow(recorded(steps, planned, "fix", session.ports), session.said.output, session.terminal)
    except KeyboardInterrupt as end:
        raise farewell(end, planned, session.ports, resume=as_typed(), cancel=None) from end
