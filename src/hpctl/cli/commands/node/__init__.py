"""`hpctl node`: importing the verbs puts them on the noun, in the order of `--help`."""

from __future__ import annotations

from hpctl.cli.commands.node import look, label, logs, shell, execute, copy, forward, ssh, care  # isort: skip
from hpctl.cli.commands.node.group import app

__all__ = ["app", "care", "copy", "execute", "forward", "label", "logs", "look", "shell", "ssh"]
