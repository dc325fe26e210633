"""`resources`: what each node shall have, and what holds for the whole task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hpctl.spec.job import Choice, Resume
from hpctl.spec.kubernetes_names import label_problems
from hpctl.spec.nodes import Node, ScalarNode, SequenceNode
from hpctl.spec.reading import Reading, named, shown
from hpctl.spec.skypilot.alternatives import wanted
from hpctl.spec.skypilot.keys import RECOVERY, RESOURCES, taken
from hpctl.spec.yaml_values import is_null, scalar

_MAX_PORT = 65_535
_MOST_PORTS = 100


@dataclass(frozen=True, slots=True)
class Resources:
    """What `resources` asks for."""

    choices: tuple[Choice, ...] = ()
    image: str | None = None
    ports: tuple[int, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    priority: str | None = None
    resume: Resume | None = None


def resources(reading: Reading, node: Node) -> Resources:
    """Read `resources`."""
    found = {entry.key: entry for entry in taken(reading, node, RESOURCES) if not is_null(entry.value)}
    reading.found["choices",] = node.place
    way = wanted(reading, found)
    return Resources(
        choices=way.choices,
        image=way.image,
        ports=_ports(reading, found["ports"].value) if "ports" in found else (),
        labels=labels(reading, found["labels"].value) if "labels" in found else {},
        priority=reading.text(found["priority_class"].value) if "priority_class" in found else None,
        resume=_resume(reading, found["job_recovery"].value) if "job_recovery" in found else None,
    )


def _ports(reading: Reading, node: Node) -> tuple[int, ...]:
    items = node.items if isinstance(node, SequenceNode) else (node,)
    ports = [port for item in items for port in _range(reading, item)]
    if len(ports) > _MOST_PORTS:
        reading.refuse(node.place, f"{len(ports)} ports are more than {_MOST_PORTS}")
    return tuple(dict.fromkeys(ports))


def _range(reading: Reading, node: Node) -> range:
    first, dash, last = (reading.text(node) or "").partition("-")
    if first.strip().isdecimal() and (last.strip().isdecimal() if dash else True):
        begin, end = int(first[:9]), int((last if dash else first)[:9])
        if 1 <= begin <= end <= _MAX_PORT:
            return range(begin, end + 1)
    reading.refuse(node.place, f"{shown(node)} is not a port, or a range such as `8000-8010`")
    return range(0)


def labels(reading: Reading, node: Node) -> dict[str, str]:
    """Read labels, and refuse those that Kubernetes would refuse."""
    read = texts(reading, node)
    entries = named(reading.entries(node))
    for key, why in label_problems(read):
        reading.refuse(entries[key].place, why)
    return read


def texts(reading: Reading, node: Node) -> dict[str, str]:
    """Read a map of texts."""
    read = {entry.key: reading.text(entry.value) for entry in reading.entries(node)}
    return {key: text or "" for key, text in read.items()}


def _resume(reading: Reading, node: Node) -> Resume | None:
    if isinstance(node, ScalarNode):
        _note_strategy(reading, node)
        return None
    found = named(taken(reading, node, RECOVERY))
    if "strategy" in found:
        _note_strategy(reading, found["strategy"].value)
    if "max_restarts_on_errors" not in found:
        return None
    restarts = reading.whole(found["max_restarts_on_errors"].value, 0)
    return Resume(max_retries=restarts) if restarts else None


def _note_strategy(reading: Reading, node: Node) -> None:
    if isinstance(node, ScalarNode) and scalar(node.text) is not None:
        why = "a job stays on its cluster; `max_restarts_on_errors` restarts it"
        reading.note(node.place, f"`{node.place.path}` has no effect here: {why}")
