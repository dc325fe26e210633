"""Take nodes out of work, and put them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from hpctl.catalog.nearest import nearest
from hpctl.errors import NotFoundError, UsageError
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_meaning import is_drained, is_held
from hpctl.facts.slurm_nodes import SlurmNode, slurm_name
from hpctl.facts.slurm_reasons import action_of, meant
from hpctl.report.slurm import SlurmChangeReport
from hpctl.services.node_names import by_name
from hpctl.services.slurm.view import View, view


def drain(cluster: str, words: Sequence[str], reason: str, ports: Ports) -> SlurmChangeReport:
    """Let nodes take no further jobs; what runs there goes on.

    Raises `UsageError` for a reason that cannot be one, `NotFoundError` for nodes that Slurm does not have.
    """
    _demand_sound(reason, words)
    seen = view(cluster, ports)
    nodes = tuple(_named(seen, words))
    todo = [node for node in nodes if not is_drained(node) or node.reason != reason]
    if todo:
        ports.slurm.drain(seen.controller, [node.name for node in todo], reason)
    wanted = meant(reason)
    remarks = (f"HyperPod does nothing for this reason: it is not exactly `{wanted}`",) if wanted else ()
    return _report(seen, "drain", nodes, todo, ports, remarks)


def resume(cluster: str, words: Sequence[str], ports: Ports) -> SlurmChangeReport:
    """Let nodes take jobs again; `NotFoundError` for nodes that Slurm does not have."""
    seen = view(cluster, ports)
    nodes = tuple(_named(seen, words))
    todo = [node for node in nodes if is_held(node)]
    if todo:
        ports.slurm.resume(seen.controller, [node.name for node in todo])
    return _report(seen, "resume", nodes, todo, ports, tuple(_remarks(todo)))


def _remarks(nodes: Iterable[SlurmNode]) -> Iterator[str]:
    for node in nodes:
        if action := action_of(node.reason):
            yield f"HyperPod was told to {action} `{node.name}`, and may be at it already: hpctl node list"
        if node.has("NOT_RESPONDING"):
            yield f"slurmd on `{node.name}` does not answer: Slurm will take it for down again"


def _demand_sound(reason: str, words: Sequence[str]) -> None:
    if not reason.strip():
        raise UsageError("a reason says something", hint="--reason 'what is wrong, and who looks after it'")
    if not reason.isprintable():
        message = "a reason stands on one line, and has no control characters"
        raise UsageError(message, hint="Slurm shows it in tables: --reason 'what is wrong'")
    if action := action_of(reason):
        raise UsageError(
            f"`{reason}` tells HyperPod to {action} the node, which draining does not",
            hint=f"hpctl node {action} {' '.join(words)}",
        )


def _named(seen: View, words: Sequence[str]) -> Iterator[SlurmNode]:
    """Yield the nodes that words name, as Slurm does or in any other way; each once."""
    others = {name: slurm_name(node) for name, node in by_name(seen.instances.values()).items()}
    known = {node.name: node for node in seen.nodes}
    names = [word if word in known else others.get(word) or word for word in words]
    if unknown := [name for name in names if name not in known]:
        raise _unknown(seen.cluster, unknown, (*known, *others))
    yield from (known[name] for name in dict.fromkeys(names))


def _unknown(cluster: str, names: Sequence[str], choices: Iterable[str]) -> NotFoundError:
    words, near = ", ".join(f"`{name}`" for name in names), nearest(names[0], choices)
    hint = f"did you mean `{near[0]}`?\n" if near else ""
    message = f"Slurm on cluster `{cluster}` has no node {words}"
    return NotFoundError(message, hint=f"{hint}its nodes: hpctl slurm status --cluster {cluster}")


def _report(
    seen: View,
    verb: Literal["drain", "resume"],
    nodes: Sequence[SlurmNode],
    done: Sequence[SlurmNode],
    ports: Ports,
    remarks: tuple[str, ...],
) -> SlurmChangeReport:
    names = {node.name for node in nodes}
    now = ports.slurm.nodes(seen.controller) if done else seen.nodes
    return SlurmChangeReport(
        cluster=seen.cluster,
        verb=verb,
        nodes=tuple(seen.facts(node for node in now if node.name in names)),
        unchanged=tuple(node.name for node in nodes if node not in done),
        remarks=remarks,
    )
