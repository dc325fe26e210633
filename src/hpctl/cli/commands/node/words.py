"""Words behind `--`: a command for somewhere else, kept apart from what stands before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typer.core import TyperCommand

if TYPE_CHECKING:
    import typer
    from typer._click.core import Context

_KEY: Final = "hpctl.words behind --"


class WithCommand(TyperCommand):
    """A command line that ends in `-- COMMAND...`, of which Typer sees what stands before the `--` alone."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Keep what stands behind the first `--`."""
        before, behind = args, list[str]()
        if "--" in args:
            at = args.index("--")
            before, behind = args[:at], args[at + 1 :]
        ctx.meta[_KEY] = tuple(behind)
        return super().parse_args(ctx, before)


def command_of(ctx: typer.Context) -> tuple[str, ...]:
    """Return the words behind `--`, none without one."""
    words: tuple[str, ...] = ctx.meta[_KEY]
    return words
