"""Whether a job's processes are as many as its devices, and find each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, warn
from hpctl.checks.job_commands import Launch, launches, texts
from hpctl.checks.job_pods import EFA, GPU, NEURON, PodTemplate, environment, known_type, nodes_for, templates
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import BATCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, PYTORCH_JOB
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.manifest_pods import mapping, rows

_HERE: Final = re.compile(r"(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)(?::\d+)?")
_MPI: Final = re.compile(r"(?<!which )(?<!command -v )(?:(?<=[\s;&|(/])|^)(?:mpirun|mpiexec)(?=\s)(?P<rest>[^\n;]*)")
_EXPORTED: Final = re.compile(r"-x\s+LD_LIBRARY_PATH\b|-genvall\b|-envall\b|mca_base_env_list|-prefix\b")
"""How MPI is told to hand the path of libraries on: Open MPI's `-x`, MPICH's and Intel's for all variables."""

_OPERATED: Final = (PYTORCH_JOB.qualified, HYPERPOD_PYTORCH_JOB.qualified)
_ALONE: Final = (BATCH_JOB.qualified, JOB_SET.qualified)
"""Kinds whose operators tell torchrun where the others are, and kinds of which nobody does."""

_ADDRESSES: Final = frozenset({"MASTER_ADDR", "PET_MASTER_ADDR", "PET_RDZV_ENDPOINT"})


@check(
    "job-rendezvous",
    "the processes of several nodes find each other",
    needs=("kube-token",),
    blocking=False,
)
def rendezvous(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """Processes of several nodes meet at an address that all of them know, and wait until all are there.

    The training operator tells the pods of a PyTorchJob, where it has a Master or an `elasticPolicy`. Jobs of hpctl's
    own files are told as well. A manifest of another kind has to tell it itself. A call that says where is right or
    wrong by itself: at `localhost` each node meets itself.
    """
    for template in templates(job) if job.nodes > 1 else ():
        calls = tuple(launches(job, template))
        for launch in calls:
            yield from _met(job, launch)
        if not any(_place(launch) or "standalone" in launch.options for launch in calls):
            yield from _untold(job, template, calls)


@check(
    "job-nproc",
    "each node starts as many processes as it has devices",
    needs=("job-fits",),
    reads=("eks:DescribeCluster", "kubernetes:nodes"),
    blocking=False,
)
def nproc(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Each call of torchrun starts `--nproc-per-node` processes, each of which takes one device.

    With more, those that find none end with `invalid device ordinal`; with fewer, devices are idle and paid for. What
    a shell or an operator fills in, and `auto` or `gpu`, is not judged. Of Neuron the logical cores count.
    """
    for template in templates(job):
        devices = _devices(template, job, world)
        for launch in launches(job, template) if devices else ():
            count = _processes(job, launch)
            if count is not None and count != devices:
                what = "more than" if count > devices else "fewer than"
                yield warn(
                    f"job/{job.name} ({launch.where})",
                    f"starts {_of(count, 'process')} on each node, {what} it has devices",
                    f"devices of a pod: {devices}",
                    remedy=f"--nproc-per-node={devices}",
                )


@check("job-env-mpi", "MPI hands the path of libraries on", needs=("kube-token",), blocking=False)
def mpi_environment(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """MPI starts processes on other nodes through ssh, where the variables of the first node are not there.

    Without `-x LD_LIBRARY_PATH` these find neither libfabric nor NCCL's plugin, and NCCL goes over TCP. Jobs that ask
    for no EFA interface lose nothing.
    """
    roles = templates(job)
    for template in roles if job.nodes > 1 and any(one.requests.get(EFA) for one in roles) else ():
        for one in texts(job, template):
            call = _MPI.search(one.text)
            if call and not _EXPORTED.search(call["rest"]) and not call["rest"].lstrip().startswith("$"):
                remedy = "mpirun -x LD_LIBRARY_PATH -x PATH ..."
                message = "calls mpirun, which does not hand LD_LIBRARY_PATH on"
                yield warn(f"job/{job.name} ({one.where})", message, remedy=remedy)


@check("job-operator-image", "pods of a HyperPodPyTorchJob start its agent", needs=("kube-token",), blocking=False)
def operator_image(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """HyperPod's training operator talks to an agent in each pod.

    `hyperpodrun`, of the package hyperpod-elastic-agent in the image, is torchrun with that agent. Without it the job
    never gets ready. A container that names no command may start it by its image, and is not judged.
    """
    if job.kind is None or job.kind.qualified != HYPERPOD_PYTORCH_JOB.qualified:
        return
    for template in templates(job):
        told = list(texts(job, template))
        if told and not any("hyperpodrun" in one.text for one in told):
            yield warn(
                f"HyperPodPyTorchJob/{job.name} ({', '.join(one.where for one in told)})",
                "does not start `hyperpodrun`: the operator waits for an agent in each pod",
                remedy="pip install hyperpod-elastic-agent  # in the image\nhyperpodrun ... in place of torchrun ...",
            )


def _met(job: JobInCluster, launch: Launch) -> Iterator[Finding]:
    """Judge what one call of torchrun on several nodes says itself."""
    subject, nodes = f"job/{job.name} ({launch.where})", launch.number("nnodes")
    if "standalone" in launch.options:
        message = f"calls torchrun with --standalone: each of {job.nodes} nodes trains by itself"
        yield warn(subject, message, remedy="leave --standalone out")
    elif _HERE.fullmatch(_place(launch)):
        message = f"calls torchrun with `{_place(launch)}`, where each node meets itself"
        yield warn(subject, message, remedy=f"--rdzv-backend=c10d --rdzv-endpoint={_first(job)}")
    elif nodes is not None and nodes != job.nodes:
        message = f"calls torchrun with --nnodes={nodes}, and the job has {job.nodes} nodes"
        yield warn(subject, message, remedy=f"--nnodes={job.nodes}")


def _untold(job: JobInCluster, template: PodTemplate, calls: tuple[Launch, ...]) -> Iterator[Finding]:
    """Tell of pods to which neither hpctl nor an operator nor the manifest's variables say where to meet."""
    names = {str(mapping(row).get("name")) for one in template.containers for row in rows(one.get("env"))}
    elsewhere = any(one.get("envFrom") for one in template.containers) or names & _ADDRESSES
    if job.contract is not None or job.kind is None or elsewhere:
        return
    if _without_master(job):
        yield warn(
            f"PyTorchJob/{job.name}",
            "has neither a Master nor an `elasticPolicy`: its pods are not told where they meet",
            remedy="call one replica of the job `Master`, or write `elasticPolicy: {rdzvBackend: c10d}`",
        )
    elif calls and job.kind.qualified in _ALONE:
        remedy = f"--nnodes={job.nodes} --rdzv-backend=c10d --rdzv-id={job.name} --rdzv-endpoint=HOST:29500"
        yield warn(
            f"job/{job.name} ({calls[0].where})",
            f"calls torchrun, and nothing tells it where the other {job.nodes - 1} of {job.nodes} nodes are",
            remedy=f"{remedy}\nor write it as an hpctl job file, or as a PyTorchJob",
        )


def _without_master(job: JobInCluster) -> bool:
    spec = mapping((job.job or {}).get("spec"))
    is_one = job.kind is not None and job.kind.qualified == PYTORCH_JOB.qualified
    return is_one and "Master" not in mapping(spec.get("pytorchReplicaSpecs")) and not spec.get("elasticPolicy")


def _place(launch: Launch) -> str:
    return launch.options.get("rdzv-endpoint") or launch.options.get("master-addr") or ""


def _first(job: JobInCluster) -> str:
    told = job.contract is not None or (job.kind is not None and job.kind.qualified in _OPERATED)
    return "$MASTER_ADDR:$MASTER_PORT" if told else "HOST:29500"


def _processes(job: JobInCluster, launch: Launch) -> int | None:
    """Return how many processes a call starts; None where that is told elsewhere."""
    if "nproc-per-node" in launch.options:
        return launch.number("nproc-per-node")
    operated = job.kind is not None and job.kind.qualified in _OPERATED
    said = str(mapping((job.job or {}).get("spec")).get("nprocPerNode") or "")
    if operated and said:
        return int(said) if said.isascii() and said.isdecimal() else None
    # hpctl tells the pods of its own files by PET_NPROC_PER_NODE; a manifest's may have it in their variables.
    told = job.contract is not None or any(
        "PET_NPROC_PER_NODE" in environment(one) for template in templates(job) for one in template.containers
    )
    return None if told else 1


def _devices(template: PodTemplate, job: JobInCluster, world: World) -> int:
    """Return how many devices a pod has for processes; 0 where it has none, or where that is not known."""
    asked = template.requests
    if count := int(asked.get(GPU, 0)):
        return count
    kinds = [known_type(node.instance_type) for node in nodes_for(template, job, world)]
    ratios = {kind.logical_neuron_cores // kind.accelerator_count for kind in kinds if kind and kind.accelerator_count}
    cores = int(asked.get("aws.amazon.com/neuroncore", 0))
    chips = int(max((asked.get(name, 0.0) for name in NEURON if not name.endswith("core")), default=0))
    return cores or (chips * ratios.pop() if len(ratios) == 1 else 0)


def _of(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 'es'}"
