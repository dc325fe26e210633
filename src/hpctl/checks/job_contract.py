"""Whether what runs a job can keep what the job counts on: its kind's operator, resuming, ssh between its nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.job_pods import TYPE_LABEL, templates
from hpctl.checks.live import eks_of
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import HYPERPOD_PYTORCH_JOB, JOB_KINDS, JOB_SET, MPI_JOB, PYTORCH_JOB
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.job import Contract
from hpctl.spec.manifest_pods import mapping

_OPERATORS: Final = {
    PYTORCH_JOB.qualified: re.compile(r"(?<!hp-)training-operator"),
    HYPERPOD_PYTORCH_JOB.qualified: re.compile("hp-training-operator"),
    JOB_SET.qualified: re.compile("jobset-controller"),
    MPI_JOB.qualified: re.compile("mpi-operator"),
}
"""What is in the names of Deployments that act on a kind (AWS's chart; EKS add-on; JobSet's and MPI's releases)."""

RESUME: Final = "sagemaker.amazonaws.com/enable-job-auto-resume"
RETRIES: Final = "sagemaker.amazonaws.com/job-max-retry-count"
"""Annotations by which HyperPod resumes jobs (AWS documentation, "auto-resume")."""

_NEEDS_SSH: Final = re.compile(
    r"(?m)^[^#\n]*?(?:^|[\s;&|(/`])(?P<word>mpirun|mpiexec|horovodrun|deepspeed|pdsh|ssh|scp|rsync)(?=\s|$)"
)
"""Programs that reach other nodes through ssh."""

_WITH_SSH: Final = re.compile(r"nccl-tests|mpi|horovod|deepspeed")
"""What is in the names of images that are made for such programs."""


@check(
    "job-kind",
    "the cluster knows this kind of job",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", "kubernetes:apigroups"),
)
def kind(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Kubernetes' own Jobs are everywhere, the other kinds come with their operators' definitions."""
    if job.kind is None or "." not in job.kind.group:
        return
    served = world.api_versions(eks_of(job.live, world)).get(job.kind.group, ())
    if job.kind.version not in served:
        evidence = (f"served: {', '.join(served)}",) if served else ()
        message = f"the cluster does not serve `{job.kind.api_version}`"
        yield fail(f"{job.kind.kind}/{job.name}", message, *evidence, remedy=_other_version(job, served))


@check(
    "job-operator",
    "somebody acts on this kind of job",
    needs=("job-kind",),
    reads=("eks:DescribeCluster", "kubernetes:deployments.apps"),
    blocking=False,
)
def operator(job: JobInCluster, world: World) -> Iterator[Finding]:
    """A job whose operator does not run is a record that nothing reads: no pods, no events, no error."""
    named = _OPERATORS.get(job.kind.qualified) if job.kind else None
    if job.kind is None or not named:
        return
    workloads = [one for one in world.workloads(eks_of(job.live, world)) if one.kind == "Deployment"]
    found = [one for one in workloads if named.search(one.name)]
    if not any(one.ready for one in found):
        what = f"{found[0]} is not ready" if found else "its operator is not installed"
        message = f"nothing acts on this kind of job: {what}"
        yield fail(f"{job.kind.kind}/{job.name}", message, remedy=_other_kind(job))


@check("job-selector", "nodes are asked for by the labels that they have", needs=("kube-token",), blocking=False)
def selector(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """HyperPod's nodes carry their type with its `ml.`; a selector without it matches none of them."""
    for template in templates(job):
        asked = template.node_selector.get(TYPE_LABEL)
        if asked and not asked.startswith("ml."):
            remedy = f"write `{TYPE_LABEL}: ml.{asked}`"
            yield warn(f"job/{job.name}", f"asks for nodes of type `{asked}`, without `ml.`", remedy=remedy)


@check("job-resume", "a job that shall be resumed can be", needs=("kube-token",), blocking=False)
def resume(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """HyperPod replaces a node that fails and starts the job's pods again.

    It takes two annotations, both or neither, on a PyTorchJob, and pods with `restartPolicy: OnFailure`.
    """
    notes = ((job.job or {}).get("metadata") or {}).get("annotations") or {}
    if str(notes.get(RESUME, "")).lower() != "true":
        return
    subject = f"job/{job.name}"
    if job.kind and job.kind.qualified not in (PYTORCH_JOB.qualified, HYPERPOD_PYTORCH_JOB.qualified):
        yield warn(subject, f"asks to be resumed, and HyperPod does not resume a {job.kind.kind}", remedy=_KINDS)
        return
    if not str(notes.get(RETRIES, "")).isdigit():
        yield fail(subject, "asks to be resumed, and does not say how often", remedy=f'write `{RETRIES}: "3"`')
    holders = _restart_policies(job)
    for role, policy in holders:
        if policy != "OnFailure":
            message = f"asks to be resumed, and {role} has restartPolicy `{policy}`"
            yield fail(subject, message, remedy="write `restartPolicy: OnFailure`")


@check("job-ssh", "programs that go through ssh find it", needs=("kube-token",), blocking=False)
def ssh(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """MPI and DeepSpeed's own launcher start processes on other nodes through ssh.

    Pods of a SkyPilot task reach each other through the image's sshd, with a key of the job's own. Images that are
    called after what needs it are taken to have it. Pods of other jobs have no keys: there torchrun does without.
    """
    if job.nodes == 1 or job.contract is None:
        return
    for title, text in job.scripts.items():
        found = _NEEDS_SSH.search(text)
        if found is None:
            continue
        if job.contract is Contract.SKYPILOT:
            if _has_ssh(job):
                return
            message = f"runs `{found['word']}`: the image must bring openssh-server"
            remedy = "take an image that has it, such as public.ecr.aws/hpc-cloud/nccl-tests:latest"
        else:
            message = f"runs `{found['word']}`, and the nodes of this job have no ssh between them"
            remedy = "run torchrun on every node, or write the job as a SkyPilot task, whose nodes have it"
        yield warn(f"job/{job.name} ({title})", message, remedy=remedy)
        return


_KINDS: Final = "take a kind that is resumed: --kind PyTorchJob"


def _other_version(job: JobInCluster, served: tuple[str, ...]) -> str:
    """Return what helps where a version is not served: a manifest's is the file's to change."""
    known = [one for one in JOB_KINDS if job.kind and one.qualified == job.kind.qualified and one.version in served]
    if job.contract is None and known:
        return f"write the job for the version that is served: `apiVersion: {known[0].api_version}`"
    return _other_kind(job)


def _other_kind(job: JobInCluster) -> str:
    look = f"hpctl cluster check {job.live.name}"
    other = "write the job as a kind" if job.contract is None else "take a kind"
    known_as = "such as `batch/v1` Job" if job.contract is None else "--kind Job"
    return f"{look}\nor {other} that the cluster has: {known_as}"


def _has_ssh(job: JobInCluster) -> bool:
    images = [str(one.get("image") or "") for template in templates(job) for one in template.containers[:1]]
    return bool(images) and all(_WITH_SSH.search(image.rpartition("/")[2]) for image in images)


def _restart_policies(job: JobInCluster) -> list[tuple[str, str]]:
    """Return the policy of each role; the training operator's own member wins over the pod's."""
    replicas = mapping(mapping((job.job or {}).get("spec")).get("pytorchReplicaSpecs"))
    return [(str(role), str(mapping(one).get("restartPolicy", "Never"))) for role, one in replicas.items()]
