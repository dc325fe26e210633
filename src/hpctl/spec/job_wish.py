"""What comes out of a job's file or command line, and what the command line may change in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

from hpctl.errors import Problem
from hpctl.spec.job import JobSpec
from hpctl.spec.manifest import KubernetesManifest
from hpctl.spec.positions import NOWHERE, SourceMap
from hpctl.spec.sbatch import SbatchScript

JobWish: TypeAlias = JobSpec | KubernetesManifest | SbatchScript


class JobNotation(Enum):
    """How a job was written down."""

    HPCTL = "an hpctl job"
    SKYPILOT = "a SkyPilot task"
    KUBERNETES = "a Kubernetes manifest"
    SBATCH = "an sbatch script"
    COMMAND = "a command"


@dataclass(frozen=True, slots=True)
class JobOverrides:
    """What flags say about a job; what is None or empty leaves the file's word.

    `accelerators` is as SkyPilot writes it (`H100:8`). `env` is merged into the file's, and wins; `secrets` are names
    that are added. `workdir` is a folder, relative to the current directory.
    """

    name: str | None = None
    namespace: str | None = None
    nodes: int | None = None
    accelerators: str | None = None
    instance_type: str | None = None
    image: str | None = None
    queue: str | None = None
    priority: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    secrets: tuple[str, ...] = ()
    workdir: str | None = None


NO_OVERRIDES = JobOverrides()


@dataclass(frozen=True, slots=True)
class LoadedJob:
    """A valid wish and all that its file said beside it.

    `notices` are sentences about what has no effect or was understood in a certain way, with file, line and column.
    `warnings` are what a manifest's author should look at; nothing in them stops a submission. `secret_values` are
    those that a SkyPilot file itself holds (a value from the environment or a file wins). `source` leads from paths of
    the wish to the file.
    """

    wish: JobWish
    notation: JobNotation
    notices: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    source: SourceMap = NOWHERE
    secret_values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False, hash=False)

    @property
    def namespace(self) -> str | None:
        """The namespace that the file names, or None."""
        match self.wish:
            case JobSpec(namespace=namespace):
                return namespace
            case KubernetesManifest(job=job):
                return job.namespace
            case SbatchScript():
                return None
