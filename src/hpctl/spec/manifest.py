"""Kubernetes manifests, as they are in a file: submitted unchanged, never translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hpctl.spec.positions import NOWHERE, SourceMap

JOB_KINDS: Final = (
    ("kubeflow.org", "PyTorchJob"),
    ("sagemaker.amazonaws.com", "HyperPodPyTorchJob"),
    ("jobset.x-k8s.io", "JobSet"),
    ("batch", "Job"),
    ("kubeflow.org", "MPIJob"),
)
"""Group and kind of what `hpctl job` manages."""


@dataclass(frozen=True, slots=True)
class ManifestObject:
    """One object of a file; `body` is what the file says, typed as kubectl reads YAML.

    `name` is empty where only `metadata.generateName` is given; `namespace` is None where the file names none.
    `source` leads from a path of `body` (`spec.template.spec.containers[0].image`) to the file.
    """

    api_version: str
    kind: str
    name: str
    namespace: str | None
    body: Mapping[str, Any] = field(hash=False)
    source: SourceMap = field(default=NOWHERE, repr=False, compare=False)

    @property
    def group(self) -> str:
        """The API group, empty for the core."""
        return self.api_version.rpartition("/")[0]

    @property
    def is_job(self) -> bool:
        """Whether `hpctl job` manages objects of its kind."""
        return (self.group, self.kind) in JOB_KINDS


@dataclass(frozen=True, slots=True)
class KubernetesManifest:
    """The objects of a file, in its order; exactly one of them is a job."""

    objects: tuple[ManifestObject, ...]

    @property
    def job(self) -> ManifestObject:
        """The job."""
        return next(one for one in self.objects if one.is_job)

    @property
    def others(self) -> tuple[ManifestObject, ...]:
        """What stands beside the job: to be created before it, in this order."""
        return tuple(one for one in self.objects if not one.is_job)
