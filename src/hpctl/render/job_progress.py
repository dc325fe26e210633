"""What waiting for a job says while it waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hpctl.render.data import compact
from hpctl.render.layout import lines
from hpctl.render.output import Output
from hpctl.render.page import Piece, Prose, Style
from hpctl.render.screen import Screen
from hpctl.render.terminal import Terminal, write
from hpctl.render.words import duration, moment
from hpctl.report.job import JobEnded, JobEventSeen, JobObserved, JobRemarked, JobStep

HEARTBEAT_S: Final = 60.0
"""What says nothing for longer looks like a process that hangs."""


def follow(steps: Iterable[JobStep], output: Output, terminal: Terminal) -> JobEnded | None:
    """Show every step as it comes and return the last, if it is an end; what the steps raise goes through.

    `-o jsonl` writes one object a step to stdout. Otherwise stderr is told in lines, when something changed and at
    least once a minute.
    """
    narrator = JobNarrator()
    screen = Screen(width=None, colour=terminal.colour_stderr)
    end: JobEnded | None = None
    for step in steps:
        if output is Output.JSONL:
            write(terminal.stdout, compact(step.model_dump(mode="json")))
        elif text := "".join(f"{line}\n" for line in lines(narrator.tell(step), screen)):
            write(terminal.stderr, text)
        if isinstance(step, JobEnded):
            end = step
    return end


class JobNarrator:
    """Tells steps as lines; a state that was told is not told again within a minute."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._said: tuple[object, ...] | None = None
        self._said_at_s = 0.0

    def tell(self, step: JobStep) -> Iterator[Piece]:
        """Yield the line of a step; of events only warnings are worth one."""
        time = moment(step.time)
        match step:
            case JobObserved():
                if self._is_news(step):
                    yield Prose(_observed(step), lead=time)
            case JobEventSeen():
                if step.event.type == "Warning":
                    text = f"{step.event.about_name}: {step.event.reason}: {step.event.message}"
                    yield Prose(text, lead=time, style=Style.WARN)
            case JobRemarked():
                yield Prose(step.message, lead=time)
            case JobEnded():
                first = f": {step.diagnoses[0].message}" if step.diagnoses else ""
                text = f"{step.job} {step.state} after {duration(step.elapsed_s)}{first}"
                yield Prose(text, lead=time, style=Style.BOLD)

    def _is_news(self, step: JobObserved) -> bool:
        now = (step.state, tuple(sorted(step.pods.items())), step.waiting_for)
        if now == self._said and step.elapsed_s - self._said_at_s < HEARTBEAT_S:
            return False
        self._said, self._said_at_s = now, step.elapsed_s
        return True


def _observed(step: JobObserved) -> str:
    pods = ", ".join(f"{count} {status}" for status, count in sorted(step.pods.items()))
    told = [f"{step.job} {step.state}", f"{pods} of {step.nodes} {step.parts}" if pods else ""]
    return "; ".join(filter(None, (*told, step.waiting_for)))
