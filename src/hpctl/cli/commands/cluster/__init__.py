"""`hpctl cluster`: importing the verbs puts them on the noun, in the order of `--help`."""

from __future__ import annotations

from hpctl.cli.commands.cluster import plan, create, update, software, delete, look, connect, export, events  # isort: skip
from hpctl.cli.commands.cluster.group import app

__all__ = ["app", "connect", "create", "delete", "events", "export", "look", "plan", "software", "update"]
