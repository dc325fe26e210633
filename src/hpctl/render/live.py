"""Progress on a terminal: events scroll by, and below them a region tells how things stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hpctl.render.layout import lines
from hpctl.render.page import Piece
from hpctl.render.safe import one_line
from hpctl.render.screen import Screen
from hpctl.render.steps import Narrator
from hpctl.render.terminal import Terminal
from hpctl.render.words import duration, time_of_day
from hpctl.report.progress import Finished, GroupProgress, Observed, Progress

if TYPE_CHECKING:
    from rich.console import Console, Group, RenderableType
    from rich.table import Table

_REDRAWS_A_SECOND = 8


def follow_live(steps: Iterable[Progress], terminal: Terminal) -> None:
    """Show `steps` on stderr; the cursor comes back however they end, and an interrupted region stays to be read."""
    from rich.live import Live

    console = _console(terminal)
    region = _Region(console)
    narrator = Narrator(time_of_day)
    answered_here = terminal.stdout.isatty()  # then the answer is the next line, and says how it ended
    with Live(
        get_renderable=region.now,
        console=console,
        refresh_per_second=_REDRAWS_A_SECOND,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as live:
        for step in steps:
            match step:
                case Observed():
                    region.see(step)
                case Finished():
                    region.end()
                    if not answered_here:
                        _print(narrator.tell(step), terminal, console)
                case _:
                    _print(narrator.tell(step), terminal, console)
            live.refresh()


def _console(terminal: Terminal) -> Console:
    from rich.console import Console

    return Console(
        file=terminal.stderr,
        force_terminal=True,
        no_color=not terminal.colour_stderr,
        _environ=dict(terminal.env),
    )


def _print(pieces: Iterable[Piece], terminal: Terminal, console: Console) -> None:
    from rich.text import Text

    screen = Screen(width=console.width, colour=terminal.colour_stderr)
    for line in lines(pieces, screen):  # safe already, so that the only escapes are our own
        console.print(Text.from_ansi(line), soft_wrap=True)


class _Region:
    """The redrawn part; time goes on in it between two steps."""

    def __init__(self, console: Console) -> None:
        from rich.spinner import Spinner

        self._console = console
        self._spinner = Spinner("dots" if console.encoding.startswith("utf") else "line")
        self._seen: Observed | None = None
        self._seen_at = console.get_time()

    def see(self, step: Observed) -> None:
        self._seen, self._seen_at = step, self._console.get_time()

    def end(self) -> None:
        self._seen = None

    def now(self) -> Group:
        """Return what the region looks like at this moment."""
        from rich.console import Group

        return Group(*self._rows())

    def _rows(self) -> Iterable[RenderableType]:
        from rich.text import Text

        seen = self._seen
        if seen is None:
            return
        elapsed_s = seen.elapsed_s + self._console.get_time() - self._seen_at
        self._spinner.update(text=Text(one_line(f"{seen.cluster} {seen.status} {duration(elapsed_s)}")))
        yield self._spinner
        yield _bars(seen.groups)
        if seen.waiting_for:
            yield Text(f"  waiting for {one_line(seen.waiting_for)}", style="dim")


def _bars(groups: Iterable[GroupProgress]) -> Table:
    """Return a line a group: its name, a bar, the counts and its status."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for group in groups:
        bar = ProgressBar(
            total=max(group.target_count, 1),
            completed=group.current_count,
            width=20,
            style="bright_black",  # the terminal's own colours: they are seen on dark and on light ones
            complete_style="green",
            finished_style="green",
        )
        counts = f"{group.current_count}/{group.target_count}"
        table.add_row(Text(f"  {one_line(group.name)}"), bar, Text(counts), Text(one_line(group.status or "")))
    return table
