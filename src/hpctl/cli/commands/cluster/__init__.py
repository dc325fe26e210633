"""`hpctl cluster`: importing the verbs puts them on the noun, in the order of `--help`."""

from __future__ import annotations

from hpctl.cli.commands.cluster import plan, create, delete, look, events  # isort: skip
from hpctl.cli.commands.cluster.group import app

__all__ = ["app", "create", "delete", "events", "look", "plan"]
