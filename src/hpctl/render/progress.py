"""What a long command says while it works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.render.data import compact
from hpctl.render.gather import gathered
from hpctl.render.layout import lines
from hpctl.render.output import Output
from hpctl.render.screen import Screen
from hpctl.render.steps import Narrator
from hpctl.render.terminal import Terminal, write
from hpctl.report.progress import Progress


def follow(steps: Iterator[Progress], output: Output, terminal: Terminal) -> None:
    """Show every step as it comes, until there is none left; what the steps raise goes through.

    `-o jsonl` writes one object a step to stdout. Otherwise stderr is told: on a terminal by a region that is
    redrawn with events above it, elsewhere by lines that come when something changed, at least once a minute.
    """
    if output is Output.JSONL:
        for step in steps:
            write(terminal.stdout, compact(step.model_dump(mode="json")))
    elif terminal.live:
        from hpctl.render.live import follow_live

        follow_live(gathered(steps), terminal)
    else:
        _follow_plainly(gathered(steps), terminal)


def _follow_plainly(steps: Iterable[Progress], terminal: Terminal) -> None:
    screen = Screen(width=None, colour=terminal.colour_stderr)
    narrator = Narrator()
    for step in steps:
        if text := "".join(f"{line}\n" for line in lines(narrator.tell(step), screen)):
            write(terminal.stderr, text)
