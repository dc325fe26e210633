"""`hpctl dev`: development pods, to work in from a shell, an editor or ssh."""

from __future__ import annotations

from hpctl.cli.commands.dev import up, look, execute, ssh, sync, end  # isort: skip
from hpctl.cli.commands.dev.group import app

__all__ = ["app", "end", "execute", "look", "ssh", "sync", "up"]
