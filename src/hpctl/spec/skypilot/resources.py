"""`resources`: alternatives for a node, and what holds for the whole task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hpctl.spec.job import Choice, Resume
from hpctl.spec.kubernetes_names import label_problems
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from hpctl.spec.reading import Reading, asks_nothing, named, shown
from hpctl.spec.skypilot.choices import KEYS, choices
from hpctl.spec.skypilot.infra import Elsewhere, elsewhere
from hpctl.spec.skypilot.keys import RECOVERY, RESOURCES, taken
from hpctl.spec.yaml_values import is_null, scalar

_PLACE_KEYS = frozenset({"infra", "cloud", "region", "zone"})
_OF_ALTERNATIVES = KEYS | _PLACE_KEYS | {"use_spot"}
_DOCKER = "docker:"
_MACHINE_IMAGES = ("ami-", "skypilot:", "projects/", "image-", "ocid1.")
_SPOT = "capacity belongs to the cluster's instance groups; leave `use_spot` out"
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
    if where := elsewhere(reading, found):
        reading.refuse(where.place, where.why)
    _refuse_spot(reading, found)
    return Resources(
        choices=_alternatives(reading, found),
        image=image(reading, found["image_id"].value) if "image_id" in found else None,
        ports=_ports(reading, found["ports"].value) if "ports" in found else (),
        labels=labels(reading, found["labels"].value) if "labels" in found else {},
        priority=reading.text(found["priority_class"].value) if "priority_class" in found else None,
        resume=_resume(reading, found["job_recovery"].value) if "job_recovery" in found else None,
    )


def _alternatives(reading: Reading, found: Mapping[str, Entry]) -> tuple[Choice, ...]:
    lists = [found[key] for key in ("any_of", "ordered") if key in found]
    if not lists:
        return choices(reading, found) if KEYS & found.keys() else ()
    if len(lists) > 1:
        reading.refuse(lists[1].place, "`any_of` and `ordered` exclude each other; keep one of them")
    items = reading.items(lists[0].value, "a list of alternatives")
    read: list[Choice] = []
    left_out: list[tuple[Elsewhere, Entry]] = []
    for item in items:
        outcome = _alternative(reading, found, item)
        if isinstance(outcome, Elsewhere):
            left_out.append((outcome, lists[0]))
        else:
            read += outcome
    for other, entry in left_out:
        if read and entry.key == "any_of":
            reading.note(other.place, f"an alternative is left out: {other.why}")
        else:
            reading.refuse(other.place, other.why)
    return tuple(dict.fromkeys(read))


def _alternative(reading: Reading, base: Mapping[str, Entry], node: Node) -> tuple[Choice, ...] | Elsewhere:
    own = {entry.key: entry for entry in taken(reading, node, RESOURCES) if not is_null(entry.value)}
    for entry in own.values():
        if entry.key not in _OF_ALTERNATIVES:
            reading.refuse(entry.place, f"`{entry.key}` holds for all alternatives; write it beside the list of them")
    if where := elsewhere(reading, own):
        return where
    if "use_spot" in own and not asks_nothing(own["use_spot"].value):
        return Elsewhere(own["use_spot"].place, f"the key `{own['use_spot'].place.path}` is not honoured: {_SPOT}")
    return choices(reading, {**base, **own})


def _refuse_spot(reading: Reading, found: Mapping[str, Entry]) -> None:
    if "use_spot" in found and reading.flag(found["use_spot"].value):
        reading.refuse(found["use_spot"].place, f"the key `resources.use_spot` is not honoured: {_SPOT}")


def image(reading: Reading, node: Node) -> str | None:
    """Read `image_id`: a container image, with or without `docker:`, or a map of them that all agree."""
    if isinstance(node, MappingNode):
        images = {image(reading, entry.value): entry for entry in node.entries}
        if len(images) > 1:
            reading.refuse(node.place, "the images differ by region, and the cluster is in one; name one image")
        return next(iter(images), None)
    text = (reading.text(node) or "").strip()
    bare = text[len(_DOCKER) :] if text.casefold().startswith(_DOCKER) else text
    reading.found["image",] = node.place
    if text.startswith(_MACHINE_IMAGES):
        reading.refuse(node.place, f"{shown(node)} is a machine's image; pods take `docker:IMAGE`")
        return None
    if not bare or any(character.isspace() for character in bare):
        reading.refuse(node.place, f"{shown(node)} is not a container image, such as `docker:REPOSITORY/NAME:TAG`")
        return None
    return bare


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
