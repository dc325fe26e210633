"""Whether a job on Trainium uses the cores that it has, and keeps what it compiles.

Sources: AWS Neuron SDK documentation, "Neuron Runtime configuration" and "Neuron persistent cache".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.catalog.instance_types import InstanceType
from hpctl.checks.declare import check, fail, warn
from hpctl.checks.job_environment import Setting, settings
from hpctl.checks.job_pods import NEURON, PodTemplate, known_type, nodes_for, templates
from hpctl.checks.job_volumes import Keeping, keeping
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.world import World
from hpctl.report.check import Finding

VISIBLE, COUNT, LOGICAL = "NEURON_RT_VISIBLE_CORES", "NEURON_RT_NUM_CORES", "NEURON_LOGICAL_NC_CONFIG"
_CACHE_FLAG: Final = re.compile(r"--cache_dir[=\s]+(?P<place>\S+)")
_READS = ("eks:DescribeCluster", "kubernetes:nodes")


@check(
    "job-env-neuron",
    "variables about Neuron cores fit the cores that the pods have",
    needs=("job-fits",),
    reads=_READS,
    blocking=False,
)
def cores(job: JobInCluster, world: World) -> Iterator[Finding]:
    """A process that is told of a core which is not there ends with `NRT_INVALID` before it has computed anything.

    The runtime counts logical cores: two of Trainium2's physical cores are one unless `NEURON_LOGICAL_NC_CONFIG` says
    otherwise, and Trainium's are themselves.
    """
    for template in (one for one in templates(job) if set(one.requests) & set(NEURON)):
        kinds = {kind for node in nodes_for(template, job, world) if (kind := known_type(node.instance_type))}
        if len(kinds) == 1:
            given = {one.name: one for one in settings(template, job)}
            yield from _counted(template, kinds.pop(), given)


@check(
    "job-neuron-cache",
    "what Neuron compiles is kept for the other nodes and the next start",
    needs=("kube-token",),
    blocking=False,
)
def cache(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """Each new graph is compiled before it runs, which takes minutes to hours.

    The compiler keeps what it made at `NEURON_COMPILE_CACHE_URL`, or at `--cache_dir` of `NEURON_CC_FLAGS`; without
    these in `/var/tmp` of the container. Every node of a job then compiles the same, and again after every restart.
    """
    for template in templates(job) if job.nodes > 1 else ():
        if not set(template.requests) & set(NEURON):
            continue
        given = list(settings(template, job))
        place = next(filter(None, map(_cache_of, given)), None)
        subject = f"job/{job.name}" if template.role == "pods" else f"job/{job.name} ({template.role})"
        remedy = "NEURON_COMPILE_CACHE_URL=/fsx/neuron-cache, on storage that all nodes mount, or s3://BUCKET/PREFIX"
        if place is None:
            yield warn(subject, f"its {job.nodes} nodes compile the same graphs, each for itself", remedy=remedy)
        elif keeping(template, place) is Keeping.NODE:
            yield warn(subject, f"keeps what it compiles on each node by itself: `{place}`", remedy=remedy)


def _counted(template: PodTemplate, kind: InstanceType, given: dict[str, Setting]) -> Iterator[Finding]:
    """Judge what is said of cores against those of the pods on nodes of one type."""
    per_core = _number(given.get(LOGICAL))
    widths = (1, 2) if kind.physical_neuron_cores > kind.logical_neuron_cores else (1,)
    if per_core is not None and per_core not in widths:
        message = f"{kind.name} has no logical cores of {per_core} physical ones"
        remedy = f"one of: {', '.join(map(str, widths))}"
        yield fail(f"env/{LOGICAL}", message, _shown(given[LOGICAL]), remedy=remedy)
        return
    have = _cores(template, kind, per_core)
    highest = _highest(given.get(VISIBLE))
    if highest is not None and highest >= have:
        message = f"names core {highest}, and a pod has {have} on {kind.name}"
        yield fail(f"env/{VISIBLE}", message, _shown(given[VISIBLE]), remedy=f"{VISIBLE}=0-{have - 1}, or leave it out")
    wanted = _number(given.get(COUNT))
    if wanted is not None and wanted > have:
        message = f"asks for {wanted} cores, and a pod has {have} on {kind.name}"
        yield fail(f"env/{COUNT}", message, _shown(given[COUNT]), remedy=f"{COUNT}={have}, or leave it out")


def _cores(template: PodTemplate, kind: InstanceType, per_core: int | None) -> int:
    """Return how many cores the runtime of a pod counts."""
    total = kind.physical_neuron_cores // per_core if per_core else kind.logical_neuron_cores
    by_core = int(template.requests.get("aws.amazon.com/neuroncore", 0))
    chips = max((int(template.requests.get(key, 0)) for key in NEURON if not key.endswith("core")), default=0)
    return chips * total // kind.accelerator_count if chips else by_core


def _cache_of(setting: Setting) -> str | None:
    if setting.name == "NEURON_COMPILE_CACHE_URL":
        return setting.value or None
    found = _CACHE_FLAG.search(setting.value) if setting.name == "NEURON_CC_FLAGS" else None
    return found["place"] if found else None


def _number(setting: Setting | None) -> int | None:
    return int(setting.value) if setting and setting.value.isascii() and setting.value.isdecimal() else None


def _highest(setting: Setting | None) -> int | None:
    """Return the last core of `0`, `0-15` or `0,2,4-7`; None where it is anything else."""
    if setting is None or not re.fullmatch(r"[0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*", setting.value):
        return None
    return max(int(each) for each in re.split("[-,]", setting.value))


def _shown(setting: Setting) -> str:
    return f"{setting.where}: {setting.name}={setting.value}"
