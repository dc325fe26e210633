"""Examine again and again, until all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from hpctl.errors import ChecksFailedError, ChecksUnknownError, ChecksWarnedError
from hpctl.facts.ports import Clock
from hpctl.report.check import CheckReport
from hpctl.services.polling import Lookout, Waiting, polls

_UNWELL: Final = (ChecksFailedError, ChecksUnknownError, ChecksWarnedError)


class Rounds:
    """Examinations of one cluster, one after the other; `report` is the last of them."""

    def __init__(
        self,
        examine: Callable[[], CheckReport],
        demand: Callable[[CheckReport], None],
        waiting: Waiting,
        clock: Clock,
    ) -> None:
        """Nothing was examined yet. `examine` looks anew each time, `demand` raises for what is not well."""
        self._examine = examine
        self._demand = demand
        self._waiting = waiting
        self._clock = clock
        self.report: CheckReport | None = None

    @property
    def last(self) -> CheckReport:
        """The last report; there is one when `until_well` has ended by itself."""
        if self.report is None:
            raise AssertionError
        return self.report

    def until_well(self) -> Iterator[str]:
        """Examine until all is well; yield what is not, whenever that has changed.

        Raises `WaitTimeoutError` when time runs out, `NotFoundError` when what is examined is gone, `UnavailableError`
        when AWS does not answer several times in a row.
        """
        lookout, told = Lookout(self._waiting.resume), ""
        for _elapsed_s in polls(self._waiting, self._clock, late="not well yet"):
            report = lookout.look(self._examine)
            if report is None:
                continue
            self.report = report
            unwell = self._unwell(report)
            if unwell is None:
                return
            if unwell != told:
                told = unwell
                yield f"not well yet: {unwell}"

    def _unwell(self, report: CheckReport) -> str | None:
        try:
            self._demand(report)
        except _UNWELL as error:
            return error.message
        return None
