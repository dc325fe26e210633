"""`hpctl job`: importing the verbs puts them on the noun, in the order of `--help`."""

from __future__ import annotations

from hpctl.cli.commands.job import submit, look, logs, wait, end, execute, init, schema  # isort: skip
from hpctl.cli.commands.job.group import app

__all__ = ["app", "end", "execute", "init", "logs", "look", "schema", "submit", "wait"]
