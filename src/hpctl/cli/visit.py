"""One call on the doctor: examine once and tell, or again and again until all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hpctl import timeouts
from hpctl.cli.typed import as_typed
from hpctl.errors import InterruptedWaitError, Terminated, TerminatedWaitError

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.facts.world import World
    from hpctl.render.output import CheckOutput
    from hpctl.render.results import ResultTeller
    from hpctl.report.check import CheckReport
    from hpctl.services.doctor import Examination
    from hpctl.services.patient import FindPatient, Patient

    Keeper = Callable[[Patient, World, CheckReport], None]


@dataclass(frozen=True)
class Visit:
    """Who is examined, for what; `demand` raises when a report is not well.

    `past` is the world that is asked in place of the session's, `keep` is told at the end what was seen.
    """

    session: Session
    find: FindPatient
    wanted: Examination
    demand: Callable[[CheckReport], None]
    output: CheckOutput
    past: World | None = None
    keep: Keeper = lambda _patient, _world, _report: None

    def __post_init__(self) -> None:
        """Raise `UsageError` for a query of what is no data."""
        from hpctl.render.data import check_query

        check_query(self.session.said.query, self.output)

    def once(self) -> CheckReport:
        """Examine, tell each result as it comes, and return them all."""
        from hpctl.services.doctor import examine

        world, teller = self._world(), self._teller()
        patient = self.find(world)
        report = examine(patient, world, replace(self.wanted, expect=teller.expect, observe=teller.tell))
        teller.end(report)
        self.keep(patient, world, report)
        return report

    def until_well(self, cluster: str, timeout: float | None) -> CheckReport:
        """Examine until all is well, and return the last report, which is shown; what changes is said on the way.

        Raises `WaitTimeoutError` when time runs out; the last report is shown then, too.
        """
        from hpctl.services.polling import Waiting
        from hpctl.services.vigil import Rounds

        limit_s = timeouts.CREATE_WAIT_S if timeout is None else timeout
        rounds = Rounds(self.look, self.demand, Waiting(cluster, limit_s, as_typed()), self.session.ports.clock)
        try:
            with _leaving():
                for remark in rounds.until_well():
                    self.session.say(remark)
        finally:
            if rounds.report:
                self.show(rounds.report)
        return rounds.last

    def look(self) -> CheckReport:
        """Examine in a world of its own, and tell nobody."""
        return self.look_in(self.fresh_world())

    def look_in(self, world: World) -> CheckReport:
        """Examine in a world that remembers afterwards what it was told, and tell nobody."""
        from hpctl.services.doctor import examine

        return examine(self.find(world), world, self.wanted)

    def fresh_world(self) -> World:
        """Return a world that was told nothing yet: each remembers what it was told."""
        from hpctl.facts.world import World

        return World(self.session.ports)

    def show(self, report: CheckReport) -> None:
        """Tell every result of a report."""
        teller = self._teller()
        teller.expect(tuple(result.id for result in report.results))
        for result in report.results:
            teller.tell(result)
        teller.end(report)

    def _teller(self) -> ResultTeller:
        from hpctl.render.results import ResultTeller

        return ResultTeller(self.output, self.session.said.query, self.session.terminal)

    def _world(self) -> World:
        from hpctl.checks.engine import Reach
        from hpctl.errors import UnavailableError
        from hpctl.facts.world import World

        if self.past:
            return self.past
        if self.wanted.reach is Reach.OFFLINE:
            return World(UnavailableError("nothing is asked with `--offline`"))
        return self.session.world_or_reason()


@contextmanager
def _leaving() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the waiting, and say how to go on with it."""
    message, hint = "stopped waiting; nothing was changed", f"to go on waiting: {as_typed()}"
    try:
        yield
    except Terminated as end:
        raise TerminatedWaitError(message, hint=hint) from end
    except KeyboardInterrupt as end:
        raise InterruptedWaitError(message, hint=hint) from end
