"""What a task's scripts read of SkyPilot's variables, and which of them nobody sets.

Sources: SkyPilot 0.14.1, documentation "Environment variables"; older names from the documentation of releases 0.1 to
0.6 (`SKY_NODE_IPS`, `SKYPILOT_SPOT_RUN_ID`, `SKYPILOT_JOB_ID`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Final

from hpctl.catalog.nearest import nearest

_BOTH: Final = frozenset({"NUM_NODES", "TASK_ID", "CLUSTER_INFO", "USER"})
_SET: Final = {
    "setup": _BOTH | {"SETUP_NODE_RANK", "SETUP_NODE_IPS", "SETUP_NUM_GPUS_PER_NODE"},
    "run": _BOTH | {"NODE_RANK", "NODE_IPS", "NUM_GPUS_PER_NODE", "INTERNAL_JOB_ID"},
}
"""What is set in each script, without `SKYPILOT_`."""
_MOST: Final = 10
"""How many are told of one script."""
_OLDER: Final = {
    "SKY_NODE_RANK": "NODE_RANK",
    "SKY_NODE_IPS": "NODE_IPS",
    "SKY_NUM_NODES": "NUM_NODES",
    "SKY_NUM_GPUS_PER_NODE": "NUM_GPUS_PER_NODE",
    "SKYPILOT_JOB_ID": "INTERNAL_JOB_ID",
    "SKYPILOT_JOB_RUN_ID": "TASK_ID",
    "SKYPILOT_RUN_ID": "TASK_ID",
    "SKYPILOT_SPOT_RUN_ID": "TASK_ID",
}
_READ: Final = re.compile(r"(?<!\\)\$(?:\{#?(SKY(?:PILOT)?_[A-Z0-9_]+)(?!:?[-=+?A-Z0-9_])|(SKY(?:PILOT)?_[A-Z0-9_]+))")
"""A variable that is read; of `${NAME:-default}` the author knows that it may not be set."""
_ASSIGNED: Final = re.compile(r"\b(SKY(?:PILOT)?_[A-Z0-9_]+)=")


def unset(part: str, script: str, own: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each variable that `part` (`setup` or `run`) reads and nobody sets, and the one that may be meant.

    `own` are the variables that the task has itself; what the script assigns is its own business.
    """
    assigned = {found[1] for found in _ASSIGNED.finditer(script)}
    read = dict.fromkeys(found[1] or found[2] for found in _READ.finditer(script))
    left = (name for name in read if _is_promised(part, name) is False and name not in own and name not in assigned)
    for name in islice(left, _MOST):
        yield name, _meant(part, name, name.removeprefix("SKYPILOT_"))


def _is_promised(part: str, name: str) -> bool | None:
    """Tell whether a variable is set; None of those that are not SkyPilot's."""
    if not name.startswith("SKYPILOT_") and name not in _OLDER:
        return None
    return name.removeprefix("SKYPILOT_") in _SET[part]


def _meant(part: str, name: str, bare: str) -> str | None:
    bare = _OLDER.get(name, bare)
    wanted = f"SETUP_{bare}" if part == "setup" and f"SETUP_{bare}" in _SET[part] else bare
    close = wanted if wanted in _SET[part] else next(iter(nearest(wanted, sorted(_SET[part]))), None)
    return f"SKYPILOT_{close}" if close else None
