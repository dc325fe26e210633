"""The noun `lifecycle`: the scripts that prepare nodes."""

from __future__ import annotations

from hpctl.cli.commands.lifecycle import init, lint, upload
from hpctl.cli.commands.lifecycle.group import app

__all__ = ["app", "init", "lint", "upload"]
