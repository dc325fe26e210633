"""`hpctl sandbox`: importing the verbs puts them on the noun, in the order of `--help`."""

from __future__ import annotations

from hpctl.cli.commands.sandbox import life, inject  # isort: skip
from hpctl.cli.commands.sandbox.group import app

__all__ = ["app", "inject", "life"]
