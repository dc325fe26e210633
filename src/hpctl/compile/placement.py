"""Where a job goes: the first of its choices that the cluster can satisfy, on nodes of one instance type.

Nodes that fit but are busy or ill are no refusal, the job waits for them; nodes that could never run it are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from hpctl.compile.asked import Asked, asked_by
from hpctl.compile.attempts import Attempt, Rank, Tier, attempt
from hpctl.compile.fleet import ACCELERATOR_KEYS, Machine, Pool, pools_of
from hpctl.compile.misfit import misfit
from hpctl.compile.node_labels import with_node_labels
from hpctl.compile.remarks import remarks
from hpctl.compile.shares import Sharing
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.placement import Placement
from hpctl.spec.accelerators import satisfies
from hpctl.spec.job import Choice, JobSpec


def place(spec: JobSpec, nodes: Sequence[KubernetesNode], in_use: Mapping[str, Mapping[str, float]]) -> Placement:
    """Decide where each node of a job goes and what it asks for there.

    `in_use` are by node name the sums of what the pods there have asked for, in the units of `facts.quantities`.

    Raises:
        DoesNotFitError: no nodes of the cluster could ever run it; the hint names the nearest that fits.
        UsageError: `pod_config` cannot be read.
    """
    asked = asked_by(spec.pod_config)
    machines = tuple(Machine(node, in_use.get(node.name, {})) for node in nodes if asked.takes(node.labels))
    tried = [list(_attempts(spec, choice, machines, asked)) for choice in spec.choices or (Choice(),)]
    # All choices are as good: the first that can run now comes before an earlier one that has to wait. Within a choice
    # the best attempt is the first.
    ranked = ((one.tier, number, one) for number, rows in enumerate(tried) for one in rows)
    tier, _, found = min(ranked, key=itemgetter(0, 1), default=(Tier.NEVER, 0, None))
    if found is None or tier is Tier.NEVER:
        raise misfit(spec, nodes, machines, [next(iter(rows), None) for rows in tried])
    placement = with_node_labels(found.placement, found.sharing.pool)
    return replace(placement, notices=tuple(remarks(found)))


def _attempts(spec: JobSpec, choice: Choice, machines: tuple[Machine, ...], asked: Asked) -> Iterator[Attempt]:
    """Yield the attempts at one choice, the best first."""
    rows = (attempt(Sharing(spec, choice, pool, asked)) for pool in _pools(choice, machines, asked))
    yield from sorted(rows, key=_rank)


def _pools(choice: Choice, machines: tuple[Machine, ...], asked: Asked) -> Iterator[Pool]:
    """Yield the nodes that are of the kind that a choice names."""
    accelerator, keys = choice.accelerator, asked.resources.keys() & set(ACCELERATOR_KEYS)
    if accelerator is None and choice.instance_type is None and not keys:
        if machines:
            yield Pool(None, machines)
        return
    for pool in pools_of(machines):
        named = pool.accelerator_name or ""
        if accelerator is not None and not satisfies(named, accelerator.name):
            continue
        if choice.instance_type is None or choice.instance_type == pool.instance_type:
            yield pool


def _rank(one: Attempt) -> Rank:
    return one.rank
