"""`hpctl doctor --bundle FILE` and `--from FILE`: what was seen, to be judged again elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring_local

if TYPE_CHECKING:
    from hpctl.cli.visit import Keeper
    from hpctl.cli.wiring import Session
    from hpctl.facts.world import World
    from hpctl.report.check import CheckReport
    from hpctl.services.patient import FindPatient, Patient

BundleOption = Annotated[
    str | None, typer.Option("--bundle", metavar="FILE", help="Write what was seen to FILE, without secrets.")
]
FromOption = Annotated[str | None, typer.Option("--from", metavar="FILE", help="Judge a bundle again, and ask nobody.")]


def keeper(file: str | None, session: Session) -> Keeper:
    """Return who writes what was seen to a file, or nothing without one."""

    def keep(patient: Patient, world: World, report: CheckReport) -> None:
        if file:
            from hpctl.services.bundle import written

            wiring_local.write_bundle(file, written(patient, world, report))
            session.say(f"bundle: {file} (no secrets, account ids or e-mail addresses; names are in it)")

    return keep


def opened(file: str) -> tuple[FindPatient, World]:
    """Return who was examined and what the world answered then; `UsageError` when the file is no bundle."""
    from hpctl.services.bundle import read

    bundle = read(wiring_local.read_bundle(file))
    return lambda _world: bundle.patient, bundle.world
