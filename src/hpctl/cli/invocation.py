"""What was said on a command line."""

from __future__ import annotations

from dataclasses import dataclass

from hpctl.render.output import Output


@dataclass
class Invocation:
    """What was said on this command line, wherever it stood: before the noun or after the verb."""

    output: Output = Output.TABLE
    query: str | None = None
    profile: str | None = None
    region: str | None = None
    verbose: bool = False
    terminated: bool = False
