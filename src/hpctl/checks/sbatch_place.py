"""Whether a job finds its nodes on Slurm: its partition, enough of them, with what it asks of each, and time enough."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.catalog.nearest import nearest
from hpctl.checks.declare import check, fail, warn
from hpctl.checks.sbatch_calls import of
from hpctl.errors import AccessError, UnavailableError
from hpctl.facts.slurm_nodes import SlurmNode
from hpctl.facts.slurm_site import count_of, is_usable
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.sbatch import Directive, SbatchScript
from hpctl.spec.slurm_time import minutes_of

_COUNT: Final = re.compile(r"(?:(?P<name>[A-Za-z_]\w*)(?:[:/](?P<type>[A-Za-z]\w*))?[:=])?(?P<count>\d+)", re.ASCII)
_SHOWN: Final = 5
"""Nodes that a finding names."""


@check("sbatch-fits", "the cluster has nodes that the job fits on")
def fits(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """A job from an hpctl file or a SkyPilot task is placed before it is submitted, by the nodes that Slurm has.

    What no node could ever run, sbatch refuses at best; at worst the job waits for ever.
    """
    if isinstance(job.refusal, (AccessError, UnavailableError)):  # nobody could look whether it fits
        raise job.refusal
    if job.refusal is not None:
        yield fail(f"job/{job.name}", job.refusal.message, remedy=job.refusal.hint or "hpctl slurm status")


@check("sbatch-partition", "the partition is there and takes jobs", needs=("sbatch-fits",), blocking=False)
def partition(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """A partition is asked for by name; without one Slurm takes its default.

    A partition that is DOWN takes jobs and starts none; one that is INACTIVE or DRAIN takes none.
    """
    there = {one.name: one for one in job.site.partitions}
    for name in _wanted(job) if there else ():
        found = there.get(name)
        if found is None:
            close = next(iter(nearest(name, there, limit=1)), None) or next(iter(there))
            rows = ", ".join(f"`{one}`" for one in sorted(there))
            yield fail(_place(job, "partition"), f"Slurm has no partition `{name}`", f"there are {rows}", remedy=close)
        elif found.state.upper() != "UP":
            message = f"partition `{name}` is {found.state}: it starts no jobs"
            yield warn(_place(job, "partition"), message, remedy=f"scontrol update PartitionName={name} State=UP")


@check("sbatch-nodes", "the partition has as many nodes as the job wants", needs=("sbatch-partition",), blocking=False)
def nodes(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """A job that wants more nodes than its partition has is refused, or waits with `PartitionNodeLimit`.

    Nodes that are drained, down or being replaced run nothing: the job waits until they are back. Login nodes run
    slurmd on HyperPod too, and count in a partition of all nodes.
    """
    script, there = job.script, _candidates(job)
    if script is None or not job.site.nodes:
        return
    wanted = script.nodes
    usable = [node for node in there if is_usable(node)]
    if wanted > len(there):
        message = f"wants {wanted} {'node' if wanted == 1 else 'nodes'}, and its partition has {len(there)} of the kind"
        yield fail(
            _place(job, "nodes"), message, remedy=f"--nodes={max(1, len(there))}, or more instances in the group"
        )
    elif wanted > len(usable):
        ill = [f"{node.name}: {node.state}" for node in there if not is_usable(node)]
        message = f"{len(usable)} of {wanted} nodes can run jobs now: the job waits for the others"
        yield warn(_place(job, "nodes"), message, *ill[:_SHOWN], remedy="hpctl slurm status")


@check("sbatch-gres", "nodes have the devices that the job asks for", needs=("sbatch-partition",), blocking=False)
def devices(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """Devices are generic resources (`Gres`) of nodes; more of them than a node has is refused.

    Neuron devices are none on HyperPod: whole nodes are asked for with `--exclusive`.
    """
    script, there = job.script, _candidates(job)
    for found, name, count in _asked(script) if script and job.site.nodes else ():
        most = max((count_of(node, name) for node in there), default=0)
        if count > most and script is not None:
            option = f"--{found.name}"
            message = f"`{option}` asks for {count} `{name}` of each node, and they have {most or _offered(there)}"
            fewer = f"{option}={'' if found.name.startswith('gpus') else f'{name}:'}{most}"
            yield fail(of(script, found), message, remedy=fewer if most else f"--exclusive, without `{option}`")


@check("sbatch-time", "the time limit is one that the partition allows", needs=("sbatch-partition",), blocking=False)
def time_limit(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """A job whose limit is above its partition's waits for ever with `PartitionTimeLimit`, or is refused.

    A number alone is minutes, not hours: `--time=24` ends a job after 24 minutes.
    """
    script = job.script
    found = script.last("time") if script else None
    if script is None or found is None:
        return
    minutes = minutes_of(found.value or "")
    if minutes is None:
        message = f"`{found.value}` is no time limit"
        yield fail(of(script, found), message, remedy="--time=MINUTES, HH:MM:SS, or DAYS-HH:MM:SS")
        return
    for one in job.site.partitions:
        most = minutes_of(one.max_time) if one.name in _wanted(job) else None
        if most is not None and minutes > most:
            message = f"a limit of {found.value} is above that of partition `{one.name}` ({one.max_time})"
            yield fail(of(script, found), message, remedy=f"--time={one.max_time}")


def _wanted(job: JobOnSlurm) -> tuple[str, ...]:
    """Return the partitions that the job may go to: those named for it, or Slurm's default."""
    told = job.site.partition or (job.script.value("partition") if job.script else None) or job.site.default
    return tuple(told.split(",")) if told else ()


def _candidates(job: JobOnSlurm) -> tuple[SlurmNode, ...]:
    """Return the nodes that the job may go to."""
    names, script = _wanted(job), job.script
    barred = set((script.value("exclude") or "").split(",")) if script else set()
    feature = script.value("constraint") if script else None
    return tuple(
        node
        for node in job.site.nodes
        if (not names or set(names) & set(node.partitions))
        and node.name not in barred
        and (feature is None or not re.fullmatch(r"[\w.-]+", feature) or feature in node.features)
    )


def _asked(script: SbatchScript) -> Iterator[tuple[Directive, str, int]]:
    """Yield what is asked of each node: the directive, the resource and how many of it."""
    for name in ("gres", "gpus-per-node"):
        found = script.last(name)
        for part in (found.value or "").split(",") if found else ():
            told = _COUNT.fullmatch(part)
            if found and (told or name == "gres") and part not in ("", "none"):
                resource = "gpu" if name != "gres" else part.partition(":")[0]
                yield found, resource, int(told["count"]) if told else 1


def _offered(there: tuple[SlurmNode, ...]) -> str:
    rows = sorted({node.gres.partition("(")[0] for node in there if node.gres})
    return ", ".join(f"`{one}`" for one in rows) or "none"


def _place(job: JobOnSlurm, name: str) -> str:
    """Return where an option stands in a script of one's own; of a compiled job, its name."""
    found = job.script.last(name) if job.script and job.spec is None else None
    if job.script is not None and found is not None:
        return of(job.script, found)
    return f"job/{job.name}"
