"""The wish for a job: what both orchestrators share, whatever notation it was written in.

A file in hpctl's own YAML and a SkyPilot task become this model; a Kubernetes manifest does not, it is submitted as it
is (`spec.manifest`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hpctl.spec.frozen_map import Frozen
from hpctl.spec.job_model import ModelWish
from hpctl.spec.model import SpecModel


class Contract(StrEnum):
    """What a job's scripts are promised."""

    TRAINING = "training"
    """hpctl's: the rendezvous variables of torchrun; the job ends with its run scripts."""
    SKYPILOT = "skypilot"
    """SkyPilot's: barriers, `SKYPILOT_*`, ssh between all nodes; no pod ends before every rank has."""


class MountMode(StrEnum):
    """How what lies in S3 comes to a path: by a copy before setup, or so that what is written there reaches S3."""

    COPY = "copy"
    MOUNT = "mount"


class Accelerator(SpecModel):
    """Devices of one kind on each node; for Neuron chips, not cores. `count` is above 0; a part means to share one."""

    name: str
    count: Annotated[float, Field(gt=0)]


class Choice(SpecModel):
    """One way to be satisfied on each node; what is None is not asked for, and filled in by the node's share.

    `cpus` and `memory_gib` are requests. `efa` is an explicit count of interfaces: it wins over the share.
    `ephemeral_storage_gib` is asked of the node's disk.
    """

    accelerator: Accelerator | None = None
    instance_type: str | None = None
    cpus: Annotated[float, Field(gt=0)] | None = None
    memory_gib: Annotated[float, Field(gt=0)] | None = None
    efa: Annotated[int, Field(ge=0)] | None = None
    ephemeral_storage_gib: Annotated[int, Field(gt=0)] | None = None


class Mount(SpecModel):
    """Storage at an absolute `path` of every pod: of exactly one of these origins."""

    exactly_one: ClassVar[tuple[str, ...]] = ("claim", "host_path", "s3", "local")

    path: str = Field(description="Where it is in the pods, absolute")
    claim: str | None = Field(None, description="A PersistentVolumeClaim of the namespace")
    host_path: str | None = Field(None, description="A folder of the node, such as `/opt/dlami/nvme`")
    s3: str | None = Field(None, description="An S3 URI, copied before setup or mounted by a claim")
    local: str | None = Field(None, description="A file or folder of this machine, brought as `workdir` is")
    read_only: bool = Field(default=False, description="Whether pods may only read it")
    mode: MountMode = Field(MountMode.COPY, description="How `s3` comes: writes reach S3 with `mount` alone")


class Topology(SpecModel):
    """How near the nodes shall be (Kueue's pod set annotations): a node label that all share."""

    exactly_one: ClassVar[tuple[str, ...]] = ("required", "preferred")

    required: str | None = Field(None, description="Wait until there is room that near")
    preferred: str | None = Field(None, description="Start farther apart when there is none")


class Resume(SpecModel):
    """What HyperPod does when a node fails: replace it and start the job again, at most so often."""

    max_retries: Annotated[int, Field(ge=1, strict=True)] = Field(3, description="How often, at most")


class JobSpec(SpecModel):
    """A job as somebody wants it.

    `choices` are tried in order (SkyPilot's `any_of`); one is usual, none means a CPU job of the smallest share.
    `env` reaches the scripts exactly as written; `secrets` are names, whose values are taken from the environment or a
    file at submission and never stand here. `workdir` is a folder of this machine. `timeout_s` ends the job.
    `model` is judged, and changes nothing of what runs.
    `pod_config` is merged into every pod (SkyPilot's rules). `described` is where the wish comes from, for messages.
    """

    api_version: Literal["hpctl/v1"] = "hpctl/v1"
    kind: Literal["Job"] = "Job"
    contract: Contract = Contract.TRAINING
    name: str
    namespace: str | None = None
    image: str | None = None
    nodes: Annotated[int, Field(ge=1)] = 1
    choices: tuple[Choice, ...] = ()
    setup: str | None = None
    run: str | None = None
    env: Annotated[Mapping[str, str], *Frozen] = Field(default_factory=dict, validate_default=True)
    secrets: tuple[str, ...] = ()
    workdir: str | None = None
    mounts: tuple[Mount, ...] = ()
    queue: str | None = None
    priority: str | None = None
    topology: Topology | None = None
    resume: Resume | None = None
    timeout_s: Annotated[int, Field(ge=1)] | None = None
    labels: Annotated[Mapping[str, str], *Frozen] = Field(default_factory=dict, validate_default=True)
    annotations: Annotated[Mapping[str, str], *Frozen] = Field(default_factory=dict, validate_default=True)
    service_account: str | None = None
    ports: tuple[int, ...] = ()
    model: ModelWish | None = None
    limits: Annotated[float, Field(ge=1)] | None = None
    """Limits of CPU and memory as a multiple of their requests; None sets no limits."""
    pod_config: str | None = None
    """A JSON object (text, so that the spec stays hashable)."""
