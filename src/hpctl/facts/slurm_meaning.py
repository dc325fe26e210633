"""States of Slurm's nodes in words (man 1 sinfo, "NODE STATE CODES")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.facts.slurm_nodes import SlurmNode
from hpctl.facts.slurm_reasons import action_of

_BASE: Final = {
    "IDLE": "free",
    "ALLOCATED": "busy",
    "MIXED": "partly busy",
    "DOWN": "down",
    "ERROR": "down after an error",
    "UNKNOWN": "not seen by Slurm yet",
    "FUTURE": "not there yet",
    "INVAL": "has less than slurm.conf says",
    "COMPLETING": "a job is ending",
    "RESERVED": "reserved",
    "PLANNED": "kept for a job that is planned",
}
_FLAGS: Final = {
    "NOT_RESPONDING": "slurmd does not answer",
    "COMPLETING": "a job is ending",
    "INVALID_REG": "has less than slurm.conf says",
    "MAINTENANCE": "in maintenance",
    "MAINT": "in maintenance",
    "RESERVED": "reserved",
    "PLANNED": "kept for a job that is planned",
    "POWERED_DOWN": "switched off",
    "POWERING_DOWN": "being switched off",
    "POWER_DOWN": "to be switched off",
    "POWERING_UP": "being switched on",
    "REBOOT_REQUESTED": "to be rebooted",
    "REBOOT_ISSUED": "rebooting",
    "REBOOT": "to be rebooted",
    "BLOCKED": "blocked by another partition",
    "PERFCTRS": "its performance counters are in use",
    "UNDRAINING": "coming back",
}
_DRAINING: Final = ("DRAIN", "DRAINED", "DRAINING")
_FAILING: Final = ("FAIL", "FAILED", "FAILING")
_AWAY: Final = (
    *("DOWN", "ERROR", "UNKNOWN", "FUTURE", "INVAL", "INVALID_REG", "NOT_RESPONDING", "MAINT", "MAINTENANCE"),
    *("POWERED_DOWN", "POWERING_DOWN", "POWER_DOWN", "REBOOT_ISSUED", "REBOOT_REQUESTED", "REBOOT", "BLOCKED"),
    *_DRAINING,
    *_FAILING,
)
_SILENT: Final = ("CLOUD", "DYNAMIC_NORM", "DYNAMIC_FUTURE")
"""Flags that say where a node comes from, not how it is."""

_BUSY: Final = ("ALLOCATED", "MIXED", "COMPLETING")


def takes_jobs(node: SlurmNode) -> bool:
    """Whether a new job may come to the node, if not at once."""
    return not node.has(*_AWAY)


def is_busy(node: SlurmNode) -> bool:
    """Whether jobs run on the node."""
    return node.has(*_BUSY)


def is_drained(node: SlurmNode) -> bool:
    """Whether somebody has taken the node out of work."""
    return node.has(*_DRAINING)


def is_held(node: SlurmNode) -> bool:
    """Whether resuming the node would change something."""
    return node.has("DOWN", "ERROR", *_DRAINING, *_FAILING)


def meaning(node: SlurmNode) -> str:
    """Return a node's state in words; a word that is unknown here stands for itself."""
    return ", ".join(dict.fromkeys(_phrases(node)))


def _phrases(node: SlurmNode) -> Iterator[str]:
    if action := action_of(node.reason):
        yield f"HyperPod is to {action} it"
    base, *flags = node.words
    held = is_drained(node) or node.has(*_FAILING)
    if node.has(*_FAILING):
        yield "failing: what runs may end" if is_busy(node) else "failed"
    if is_drained(node):
        yield "draining: takes no more jobs" if is_busy(node) else "drained"
    if base not in (*_DRAINING, *_FAILING) and not (held and base in ("IDLE", *_BUSY)):
        yield _BASE.get(base, base)
    yield from (_FLAGS.get(flag, flag) for flag in flags if flag not in (*_DRAINING, *_FAILING, *_SILENT))
