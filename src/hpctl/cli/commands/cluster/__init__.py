"""`hpctl cluster`: importing the verbs puts them on the noun."""

from __future__ import annotations

from hpctl.cli.commands.cluster import change, look
from hpctl.cli.commands.cluster.group import app

__all__ = ["app", "change", "look"]
