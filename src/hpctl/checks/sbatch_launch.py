"""Whether a script starts something on all of its nodes, and whether its container is one that pyxis can start.

Sources: sbatch(1): the script runs on the first node alone; the documentation of NVIDIA/pyxis.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.sbatch_calls import assignments, at, of, options, own, runs
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.sbatch import SbatchScript

_LAUNCHERS: Final = r"srun|mpirun|mpiexec|pdsh|clush|prun|horovodrun|deepspeed|ray|parallel-ssh"
_HERE: Final = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[?::1\]?")
_REGISTRY: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?/[^#]*")
_MASTER: Final = 'MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)'
_NONE: Final = "srun of this cluster takes no `--container-image`: it has no pyxis"


@check("sbatch-launch", "something starts on all of the nodes", blocking=False)
def launch(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """A script runs on the first node of its job; srun, or MPI, starts programs on all of them.

    torchrun without srun waits for the others at its rendezvous, until it gives up; at `localhost` each node meets
    itself. The other nodes are paid for and idle.
    """
    script = own(job)
    if script is None or script.nodes < 2:  # noqa: PLR2004  several nodes
        return
    if runs(script, _LAUNCHERS) is None and "srun" not in script.text:
        where = of(script, found) if (found := script.last("nodes")) else at(script, 1)
        message = f"the job has {script.nodes} nodes, and nothing starts anything but on the first"
        yield warn(where, message, remedy="srun torchrun ... in place of torchrun ...")
    for line, name, value in assignments(script):
        if name == "MASTER_ADDR" and _HERE.fullmatch(value):
            message = f"`{value}` is each node itself: the ranks of other nodes do not find each other"
            yield warn(at(script, line), message, remedy=_MASTER)


@check("sbatch-image", "the container image is one that pyxis can start", blocking=False)
def image(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """Pyxis takes the path of a file only when it begins with `/` or `./`; anything else is an image to import.

    Behind a registry stands `#`, not `/`: `nvcr.io#nvidia/pytorch:25.01-py3`. Without it the image is looked for at
    Docker Hub. Clusters whose lifecycle scripts install neither enroot nor pyxis know none of these options.
    """
    script = job.script
    for line, value in _images(script) if script else ():
        where = at(script, line) if script and job.spec is None else f"job/{job.name}"
        if job.site.containers is False:
            remedy = "install them by the lifecycle scripts (`enable_docker_enroot_pyxis`), or leave the image out"
            yield fail(where, _NONE, remedy=remedy)
        elif value.endswith((".sqsh", ".squashfs")) and not value.startswith(("/", "./", "$")):
            message = f"`{value}` is no path for pyxis: it looks for an image of that name"
            yield fail(where, message, remedy=f"--container-image=./{value}, or an absolute path")
        elif _REGISTRY.fullmatch(value) and not value.startswith("docker"):
            registry, _, rest = value.partition("/")
            message = f"`{value}`: pyxis reads the registry as part of a name at Docker Hub"
            yield warn(where, message, remedy=f"--container-image={registry}#{rest}")


def _images(script: SbatchScript) -> Iterator[tuple[int, str]]:
    yield from ((one.line, one.value or "") for one in script.directives if one.name == "container-image")
    yield from ((line, value) for line, value in options(script, "container-image") if value)
