"""Remember, while steps pass by, how it all ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from hpctl.plan.journal import Deed
from hpctl.report.cluster import OutcomeReport
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Finished, Progress, Started


class Witness:
    """Passes steps on and can say afterwards what they amounted to."""

    def __init__(self, steps: Iterable[Progress]) -> None:
        """See nothing yet."""
        self._steps = steps
        self._started: Started | None = None
        self._finished: Finished | None = None

    def __iter__(self) -> Iterator[Progress]:
        """Yield the steps as they come."""
        for step in self._steps:
            match step:
                case Started():
                    self._started = step
                case Finished():
                    self._finished = step
            yield step

    def outcome(self, plan: PlanReport, verb: Deed) -> OutcomeReport:
        """Return how carrying out `plan` ended."""
        arn = self._started.arn if self._started and self._started.arn else plan.arn
        return OutcomeReport(
            cluster=plan.cluster,
            verb=verb,
            result=self._result(verb),
            arn=arn,
            elapsed_s=self._finished.elapsed_s if self._finished else None,
            next_steps=_next(plan.cluster, verb),
        )

    def _result(self, verb: Deed) -> Literal["done", "started", "unchanged"]:
        if self._started is None and not (verb == "delete" and self._finished):
            return "unchanged"
        return "done" if self._finished else "started"


def _next(cluster: str, verb: Deed) -> tuple[str, ...]:
    match verb:
        case "delete":
            return ()
        case "reboot" | "replace":
            return (f"hpctl node list --cluster {cluster}",)
        case _:
            return (f"hpctl cluster describe {cluster}",)
