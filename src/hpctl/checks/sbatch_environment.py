"""Whether variables reach a job on Slurm as they are meant, and do what people set them for.

Sources: sbatch(1) and srun(1), `--export`; srun 22.05.8, measured; `checks.job_environment` for EFA, NCCL and Neuron.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.catalog.instance_types import InstanceType
from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.job_environment import VERDICTS, Pods
from hpctl.checks.job_pods import known_type
from hpctl.checks.sbatch_calls import assignments, at, options, own
from hpctl.checks.secret_words import REFERENCE, SECRET_NAME, SECRET_VALUE
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.sbatch import SbatchScript
from hpctl.terms import AcceleratorKind

_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_KEYWORDS: Final = frozenset({"ALL", "NONE", "NIL"})
_OF_PODS: Final = frozenset({"FI_EFA_USE_HUGE_PAGE", "NCCL_SOCKET_IFNAME"})
"""Verdicts that hold in pods alone: a node has its own pages and interfaces."""


@check("sbatch-export", "values that `--export` carries arrive whole", blocking=False)
def export(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """A comma ends a value in `--export`, whatever quotes are around it.

    `--export=ALL,NCCL_IB_HCA=mlx5_0,mlx5_1` sets `NCCL_IB_HCA=mlx5_0`, and says nothing of the rest. An `export` in the
    script, and `--export=ALL`, carry any value.
    """
    script = own(job)
    for line, value in _exports(script) if script else ():
        named = False
        for part in value.split(","):
            has_value = "=" in part
            named = named or has_value
            stray = not has_value and part not in _KEYWORDS and not _VARIABLE.fullmatch(part) and "$" not in part
            if script is not None and named and part and stray:
                message = f"`--export` cuts the value at the comma before `{part}`"
                yield fail(at(script, line), message, remedy="export NAME=VALUE in the script, and --export=ALL")


@check("sbatch-secrets", "no secret is written out in the script", blocking=False)
def secrets(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """Slurm keeps the script and shows it (`scontrol write batch_script`); values in `--export` stand in `ps`.

    A file that only its owner may read, sourced by the script, is seen by nobody else. hpctl's own job files have
    `secrets`, which are brought in such a file.
    """
    script = own(job)
    seen: set[tuple[int, str]] = set()
    for line, name, value in (*assignments(script), *_carried(script)) if script else ():
        looks = bool(SECRET_NAME.search(name)) and not value.startswith("$") and not REFERENCE.search(value)
        if script is not None and value and (looks or SECRET_VALUE.search(value)) and (line, name) not in seen:
            seen.add((line, name))
            message = f"`{name}` looks like a secret, and is written out"
            yield warn(at(script, line), message, remedy="keep it in a file of mode 0600: . ~/.secrets")


@check("sbatch-environment", "variables for EFA, NCCL and Neuron are such as help", blocking=False)
def environment(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """With libfabric 1.18, aws-ofi-nccl 1.7 or newer no variable is needed for EFA.

    Many that are copied from older samples slow jobs down, and some end them. On several nodes that have EFA,
    `FI_PROVIDER=efa` makes a job fail where EFA cannot be used, instead of training over TCP.
    """
    script = own(job)
    if script is None:
        return
    kinds = _kinds(job)
    seen: set[str] = set()
    for line, name, value in assignments(script):
        if name not in seen:
            seen.add(name)
            yield from _judged(at(script, line), name, value, kinds)
    if script.nodes > 1 and kinds and all(kind.has_efa for kind in kinds) and "FI_PROVIDER" not in script.text:
        yield note(at(script, 1), "nothing says that EFA is to be used: `export FI_PROVIDER=efa` makes sure of it")


def _judged(where: str, name: str, value: str, kinds: frozenset[InstanceType]) -> Iterator[Finding]:
    pods = _as_pods(kinds)
    if name == "FI_PROVIDER" and value == "efa" and kinds and not any(kind.has_efa for kind in kinds):
        yield fail(where, "the nodes have no EFA, and libfabric finds no other provider", remedy="leave it out")
    if pods.neuron and name.startswith("NCCL_"):
        yield warn(where, f"`{name}` is for GPUs: collectives of Neuron do not read it", remedy="leave it out")
        return
    for row in VERDICTS:
        if row.name == name and name not in _OF_PODS and row.when(value, pods):
            message = f"`{name}={value}` {row.message}" if row.level != "note" else f"`{name}` {row.message}"
            match row.level:
                case "fail":
                    yield fail(where, message, remedy=row.remedy)
                case "warn":
                    yield warn(where, message, remedy=row.remedy)
                case "note":
                    yield note(where, f"{message}: {row.remedy}")


def _as_pods(kinds: frozenset[InstanceType]) -> Pods:
    return Pods(
        families=frozenset(kind.family for kind in kinds),
        neuron=bool(kinds) and all(kind.accelerator_kind is AcceleratorKind.NEURON for kind in kinds),
        gpus=any(kind.accelerator_kind is AcceleratorKind.NVIDIA for kind in kinds),
        host_network=True,
        huge_pages=True,
    )


def _kinds(job: JobOnSlurm) -> frozenset[InstanceType]:
    """Return the accelerated types among the nodes of the job's partition, as far as anybody tells."""
    named = job.script.value("partition") if job.script else None
    name = job.site.partition or named or job.site.default
    rows = [node for node in job.site.nodes if name is None or name in node.partitions]
    found = (known_type(job.site.type_of(node)) for node in rows)
    return frozenset(one for one in found if one and one.accelerator_kind is not AcceleratorKind.NONE)


def _exports(script: SbatchScript) -> Iterator[tuple[int, str]]:
    """Yield the values of `--export`, of the directives and of srun."""
    yield from ((one.line, one.value) for one in script.directives if one.name == "export" and one.value)
    yield from options(script, "export")


def _carried(script: SbatchScript) -> Iterator[tuple[int, str, str]]:
    for line, value in _exports(script):
        for part in value.split(","):
            name, equals, text = part.partition("=")
            if equals:
                yield line, name, text
