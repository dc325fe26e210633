"""What a long command says while it works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.errors import UsageError
from hpctl.render.data import compact
from hpctl.render.gather import gathered
from hpctl.render.layout import lines
from hpctl.render.output import Output
from hpctl.render.safe import one_line
from hpctl.render.screen import Screen
from hpctl.render.steps import Narrator
from hpctl.render.terminal import Terminal, write
from hpctl.report.progress import EventSeen, Progress


def follow(steps: Iterator[Progress], output: Output, terminal: Terminal) -> None:
    """Show every step as it comes, until there is none left; what the steps raise goes through.

    `-o jsonl` writes one object a step to stdout. Otherwise stderr is told: on a terminal by a region that is
    redrawn with events above it, elsewhere by lines that come when something changed, at least once a minute and at
    most every ten seconds.
    """
    if output is Output.JSONL:
        for step in steps:
            write(terminal.stdout, compact(step.model_dump(mode="json")))
    elif terminal.live:
        from hpctl.render.live import follow_live

        follow_live(gathered(steps), terminal)
    else:
        _follow_plainly(gathered(steps), terminal)


def check_streamable(output: Output) -> None:
    """Raise `UsageError` for a form that needs an end, which what is followed has not."""
    if output in (Output.JSON, Output.YAML):
        raise UsageError(f"`--follow` does not go with `-o {output}`: there is no end", hint="add `-o jsonl`")


def stream(steps: Iterable[Progress], output: Output, terminal: Terminal) -> None:
    """Show events as they come, where they are the answer: on stdout, a line each; all else is told on stderr.

    `-o jsonl` writes one object a step to stdout, `-o name` the ids of the events.
    """
    narrator = Narrator()
    answer, aside = (Screen(width=None, colour=colour) for colour in (terminal.colour, terminal.colour_stderr))
    for step in steps:
        if output is Output.JSONL:
            write(terminal.stdout, compact(step.model_dump(mode="json")))
        elif not isinstance(step, EventSeen):
            write(terminal.stderr, "".join(f"{line}\n" for line in lines(narrator.tell(step), aside)))
        elif output is Output.NAME:
            write(terminal.stdout, f"{one_line(step.event.event_id)}\n")
        else:
            write(terminal.stdout, "".join(f"{line}\n" for line in lines(narrator.tell(step), answer)))


def _follow_plainly(steps: Iterable[Progress], terminal: Terminal) -> None:
    screen = Screen(width=None, colour=terminal.colour_stderr)
    narrator = Narrator()
    for step in steps:
        if text := "".join(f"{line}\n" for line in lines(narrator.tell(step), screen)):
            write(terminal.stderr, text)
