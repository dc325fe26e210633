"""A cluster spec from a file: hpctl YAML, a CreateCluster request, or its bare list of instance groups.

What a file is, its content says. Every problem is found before any is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from hpctl.errors import Problem, SpecError
from hpctl.spec.arrange import Arrangement
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.document import compose
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from hpctl.spec.notation import Notation, Structure, keys
from hpctl.spec.positions import Place, SourceMap
from hpctl.spec.problems import problems_of
from hpctl.spec.reshape import reshaped
from hpctl.spec.source import TextSource, read, unreadable
from hpctl.spec.substitute import substitute
from hpctl.spec.verdict import elsewhere, in_file_order, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hpctl.spec.substitute import Substitution


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid spec, what was tolerated in its file (one sentence each), and where everything stands."""

    spec: ClusterSpec
    notices: tuple[str, ...]
    source: SourceMap


def load_cluster(
    source: Path | TextSource,
    *,
    env: Mapping[str, str],
    set_values: Mapping[str, str] = MappingProxyType({}),
    name: str | None = None,
) -> Loaded:
    """Load a spec; `set_values`, then `env`, fill its variables, and `name` replaces the cluster's.

    Raises SpecError with every problem in the order of the file.
    """
    text = read(source)
    tree, repeated = compose(text.name, text.text)
    filled = substitute(text.name, tree, {**env, **set_values})
    arrangement = Arrangement(text.name, _notation_of(text.name, tree), ClusterSpec)
    data = _arranged(_whole(text.name, filled.root, name), arrangement)
    if name is not None:
        _rename(data, name, arrangement)
    arrangement.notices += _unused(set_values, filled)
    spec, refused = _validated(data, arrangement)
    early = (*repeated, *filled.problems)
    problems = in_file_order((*early, *elsewhere(early, (*arrangement.problems, *refused))))
    if problems or spec is None:
        raise _invalid(text.name, problems)
    places = {path: node.place for path, node in arrangement.nodes.items()}
    return Loaded(spec, tuple(arrangement.notices), SourceMap(text.name, MappingProxyType(places)))


def _notation_of(file: str, tree: Node) -> Notation:
    match tree:
        case SequenceNode():
            return Notation.CREATE_CLUSTER
        case MappingNode(entries=entries):
            written = {entry.key for entry in entries}
        case _:
            raise _unrecognised(file, tree)
    if written & {"api_version", "kind"}:
        return Notation.HPCTL
    known = {notation: len(written & keys(ClusterSpec, notation).keys()) for notation in Notation}
    if not any(known.values()):
        raise _unrecognised(file, tree)
    return Notation.HPCTL if known[Notation.HPCTL] > known[Notation.CREATE_CLUSTER] else Notation.CREATE_CLUSTER


def _invalid(file: str, problems: tuple[Problem, ...]) -> SpecError:
    return invalid(file, "a valid cluster spec", problems, hint="`hpctl cluster schema` describes every key")


def _unrecognised(file: str, tree: Node) -> SpecError:
    message = "neither an hpctl spec (`api_version: hpctl/v1`) nor a CreateCluster request (`ClusterName`)"
    return unreadable(file, Problem(file, tree.place.line, tree.place.column, "", message))


def _whole(file: str, tree: Node, name: str | None) -> Node:
    """Make a request of the bare list that `--instance-groups` of the AWS CLI takes."""
    if not isinstance(tree, SequenceNode):
        return tree
    if name is None:
        message = "a bare list of instance groups has no cluster name; give one with `--name NAME`"
        raise _invalid(file, (Problem(file, tree.place.line, tree.place.column, "", message),))
    return MappingNode(tree.place, (Entry("InstanceGroups", tree.place, tree),))


def _arranged(tree: Node, arrangement: Arrangement) -> dict[str, object]:
    in_shape = reshaped(tree, arrangement) if arrangement.notation is Notation.CREATE_CLUSTER else tree
    data = arrangement.arrange(in_shape, Structure(ClusterSpec))
    if arrangement.notation is Notation.HPCTL:
        arrangement.problems += _headless(tree, arrangement)
    return data if isinstance(data, dict) else {}


def _headless(tree: Node, arrangement: Arrangement) -> Iterable[Problem]:
    """A spec says which version it is, so that it can still be read when there are several."""
    for key, value in (("api_version", "hpctl/v1"), ("kind", "Cluster")):
        if (key,) not in arrangement.nodes and (key,) not in arrangement.meant:
            message = f"`{key}` is missing; write `{key}: {value}`"
            yield Problem(arrangement.file, tree.place.line, tree.place.column, key, message, f"{key}: {value}")


def _rename(data: dict[str, object], name: str, arrangement: Arrangement) -> None:
    node = arrangement.nodes.get(("name",))
    if isinstance(node, ScalarNode) and node.text != name:
        arrangement.notices.append(f"`--name {name}` replaces the name in the file (line {node.place.line})")
    arrangement.nodes[("name",)] = ScalarNode(Place(1, 1, "--name"), name, plain=False)
    data["name"] = name


def _unused(set_values: Mapping[str, str], filled: Substitution) -> list[str]:
    return [f"`--set {name}=…` is not used in the file" for name in set_values if name not in filled.used]


def _validated(data: object, arrangement: Arrangement) -> tuple[ClusterSpec | None, tuple[Problem, ...]]:
    try:
        return ClusterSpec.model_validate(data), ()
    except ValidationError as error:
        return None, tuple(problems_of(error, arrangement))
