"""What Slurm's commands print, read into rows.

`scontrol -o show` writes `Key=value` on one line, since long before 20.11. Releases add keys and move them; so each is
looked for by its name, and what is not there stays unknown. Free text (a reason) may hold anything, `Key=` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from hpctl.facts.hostlists import hosts_of
from hpctl.facts.slurm_nodes import SlurmNode, SlurmPartition, SlurmRun

RUNS: Final = "%i|%u|%T|%P|%N|%j"
"""The format of squeue that `runs_of` reads; the name, which may hold anything, stands last."""

_REASON: Final = re.compile(
    r" Reason=(?P<text>.*) \[(?P<by>[^\[\]@]+)@(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d|Unknown)\]"
)
_NOTHING: Final = ("", "(null)", "N/A", "None", "Unknown", "n/a")


def nodes_of(text: str) -> tuple[SlurmNode, ...]:
    """Read `scontrol -o show node`."""
    return tuple(_node(line) for line in text.splitlines() if line.startswith("NodeName="))


def _node(line: str) -> SlurmNode:
    facts, reason = line.partition(" Reason=")[0], _REASON.search(line)
    return SlurmNode(
        name=_text(facts, "NodeName") or "",
        state=_text(facts, "State") or "UNKNOWN",
        partitions=_list(facts, "Partitions"),
        gres=_text(facts, "Gres") or "",
        gres_used=_text(facts, "GresUsed") or "",
        features=_list(facts, "ActiveFeatures") or _list(facts, "Features"),
        cpus=_number(facts, "CPUTot"),
        memory_mib=_number(facts, "RealMemory"),
        address=_text(facts, "NodeAddr"),
        host=_text(facts, "NodeHostName"),
        version=_text(facts, "Version"),
        booted_at=_time(_text(facts, "BootTime")),
        slurmd_since=_time(_text(facts, "SlurmdStartTime")),
        reason=reason["text"] if reason else None,
        reason_by=reason["by"] if reason else None,
        reason_at=_time(reason["at"]) if reason else None,
    )


def partitions_of(text: str) -> tuple[SlurmPartition, ...]:
    """Read `scontrol -o show partition`."""
    return tuple(_partition(line) for line in text.splitlines() if line.startswith("PartitionName="))


def _partition(line: str) -> SlurmPartition:
    return SlurmPartition(
        name=_text(line, "PartitionName") or "",
        state=_text(line, "State") or "UNKNOWN",
        is_default=_text(line, "Default") == "YES",
        nodes=_text(line, "Nodes") or "",
        node_count=_number(line, "TotalNodes"),
        max_time=_text(line, "MaxTime") or "",
    )


def runs_of(text: str) -> Iterator[SlurmRun]:
    """Read `squeue -h -o` with the format `RUNS`; jobs that hold no node are passed over."""
    for line in text.splitlines():
        fields = line.split("|", 5)
        if len(fields) == len(RUNS.split("|")) and (nodes := hosts_of(fields[4])):
            job_id, user, state, partition, _, name = fields
            yield SlurmRun(job_id, user, state, partition, nodes, name)


def _text(line: str, key: str) -> str | None:
    found = re.search(rf"(?:^| ){key}=(\S*)", line)
    return found[1] if found and found[1] not in _NOTHING else None


def _list(line: str, key: str) -> tuple[str, ...]:
    return tuple(filter(None, (_text(line, key) or "").split(",")))


def _number(line: str, key: str) -> int:
    text = _text(line, key) or ""
    return int(text) if text.isdecimal() else 0


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        return None
