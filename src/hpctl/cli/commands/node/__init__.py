"""`hpctl node`: importing the verbs puts them on the noun, in the order of `--help`."""

from __future__ import annotations

from hpctl.cli.commands.node import look  # isort: skip
from hpctl.cli.commands.node import label  # isort: skip
from hpctl.cli.commands.node.group import app

__all__ = ["app", "label", "look"]
