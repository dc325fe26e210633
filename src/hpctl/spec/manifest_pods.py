"""The pod templates of a job's manifest, whatever kind it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hpctl.spec.manifest import ManifestObject
from hpctl.spec.positions import SpecPath


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """One template: its `body` (metadata and spec), where it stands, and how many pods are made of it.

    `restart_policy` is that of the replica, where the kind has one, else the pod's.
    """

    path: SpecPath
    body: Mapping[str, Any] = field(hash=False)
    replicas: int
    restart_policy: str
    restart_path: SpecPath

    @property
    def spec(self) -> Mapping[str, Any]:
        """The pods' spec."""
        return mapping(self.body.get("spec"))

    def containers(self) -> Iterator[tuple[SpecPath, Mapping[str, Any]]]:
        """Yield each container and where it stands."""
        for index, one in enumerate(rows(self.spec.get("containers"))):
            yield (*self.path, "spec", "containers", index), mapping(one)


def pod_templates(job: ManifestObject) -> Iterator[PodTemplate]:
    """Yield the templates of a job of any kind."""
    spec = mapping(job.body.get("spec"))
    match job.kind:
        case "PyTorchJob":
            yield from _replicas(spec, "pytorchReplicaSpecs")
        case "MPIJob":
            yield from _replicas(spec, "mpiReplicaSpecs")
        case "HyperPodPyTorchJob":
            for index, one in enumerate(rows(spec.get("replicaSpecs"))):
                yield _template(("spec", "replicaSpecs", index), mapping(one), number(mapping(one).get("replicas")))
        case "JobSet":
            for index, one in enumerate(rows(spec.get("replicatedJobs"))):
                yield _of_job_set(("spec", "replicatedJobs", index), mapping(one))
        case _:
            yield _template(("spec",), spec, number(spec.get("parallelism")))


def _replicas(spec: Mapping[str, Any], key: str) -> Iterator[PodTemplate]:
    for name, one in mapping(spec.get(key)).items():
        yield _template(("spec", key, name), mapping(one), number(mapping(one).get("replicas")))


def _of_job_set(path: SpecPath, row: Mapping[str, Any]) -> PodTemplate:
    inner = mapping(mapping(row.get("template")).get("spec"))
    pods = number(row.get("replicas")) * number(inner.get("parallelism"))
    return _template((*path, "template", "spec"), inner, pods)


def _template(path: SpecPath, row: Mapping[str, Any], replicas: int) -> PodTemplate:
    body = mapping(row.get("template"))
    if "restartPolicy" in row:
        policy, where = row["restartPolicy"], (*path, "restartPolicy")
    else:
        policy = mapping(body.get("spec")).get("restartPolicy")
        where = (*path, "template", "spec", "restartPolicy")
    return PodTemplate((*path, "template"), body, replicas, str(policy or ""), where)


def mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping as it is, and of anything else an empty one: its problem is told elsewhere."""
    return value if isinstance(value, Mapping) else {}


def rows(value: object) -> list[Any]:
    """Return a list as it is, and of anything else an empty one."""
    return value if isinstance(value, list) else []


def number(value: object) -> int:
    """Return a number of pods; one where nothing is said."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 1
