"""`accelerators` in all of its forms: one, a map, a list in order, or a set to choose from."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.spec.accelerators import AcceleratorError, accelerator, most_of_a_node
from hpctl.spec.job import Accelerator
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from hpctl.spec.positions import Place
from hpctl.spec.reading import Reading, shown
from hpctl.spec.yaml_values import is_null


def accelerators(reading: Reading, node: Node) -> tuple[Accelerator, ...]:
    """Read every alternative, in order; of nothing, none.

    One of several that HyperPod does not have is left out with a notice; when none remains, all are refused.
    """
    read: list[Accelerator] = []
    failed: list[tuple[Place, AcceleratorError]] = []
    for place, written in _written(reading, node):
        try:
            read.append(accelerator(written))
        except AcceleratorError as error:
            failed.append((place, error))
    if len(read) == 1 and isinstance(node, ScalarNode) and ":" not in node.text:
        _note_count(reading, node, read[0])
    for place, failure in failed:
        if read:
            reading.note(place, f"an alternative is left out: {str(failure).partition(';')[0]}")
        else:
            reading.refuse(place, str(failure), failure.nearest)
    return tuple(dict.fromkeys(read))


def _written(reading: Reading, node: Node) -> Iterator[tuple[Place, str]]:
    """Yield every alternative as `NAME` or `NAME:COUNT`."""
    for one in node.items if isinstance(node, SequenceNode) else (node,):
        match one:
            case ScalarNode(place, text):
                if not is_null(one):
                    yield place, text
            case MappingNode(entries=entries):
                yield from _mapped(reading, entries)
            case SequenceNode():
                _refuse(reading, one)


def _mapped(reading: Reading, entries: tuple[Entry, ...]) -> Iterator[tuple[Place, str]]:
    for entry in entries:
        if is_null(entry.value):
            yield entry.place, entry.key
        elif isinstance(entry.value, ScalarNode):
            yield entry.place, f"{entry.key}:{entry.value.text}"
        else:
            _refuse(reading, entry.value)


def _note_count(reading: Reading, node: ScalarNode, one: Accelerator) -> None:
    """A name alone is one device, although many think of the whole node."""
    whole = f"`{one.name}:{most_of_a_node(one.name)}` asks for all of a whole node"
    reading.note(node.place, f"`{one.name}` without a count is one device of each node; {whole}")


def _refuse(reading: Reading, node: Node) -> None:
    reading.refuse(node.place, f"{shown(node)} is not a count of accelerators, or a name such as `H100:8`")
