"""The reasons of nodes in Slurm by which HyperPod is told to act.

HyperPod compares them to the letter: `action:replace`, `Action: Replace` or a space at the end do nothing, and nobody
says so. Source: SageMaker AI developer guide, "Manually replace or reboot a node using Slurm".
"""

from __future__ import annotations

import re
from typing import Final

ACTIONS: Final = {"Action:Replace": "replace", "Action:Reboot": "reboot"}
"""The reasons, and what HyperPod does on them."""

_LIKE: Final = re.compile(r"\W*action\W*(?P<verb>replace|reboot)\w*\W*", re.IGNORECASE)


def action_of(reason: str | None) -> str | None:
    """Return what HyperPod does for a reason (`replace`, `reboot`), None when it does nothing."""
    return ACTIONS.get(reason or "")


def meant(reason: str | None) -> str | None:
    """Return the reason that somebody meant who wrote one that HyperPod ignores, None for any other."""
    if not reason or reason in ACTIONS:
        return None
    found = _LIKE.fullmatch(reason)
    return f"Action:{found['verb'].capitalize()}" if found else None
