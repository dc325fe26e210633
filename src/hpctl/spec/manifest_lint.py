"""What a manifest says that Kubernetes takes and HyperPod makes something else of.

Sources: AWS documentation, "SageMaker HyperPod job auto-resume" and its EKS samples; the Kubernetes documentation,
"Extended resources"; sizes of instance types from the catalog.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.errors import NotFoundError, Problem
from hpctl.spec.manifest import KubernetesManifest, ManifestObject
from hpctl.spec.manifest_filled import literal, unfilled
from hpctl.spec.manifest_needs import unmet
from hpctl.spec.manifest_pods import PodTemplate, mapping, pod_templates, rows
from hpctl.spec.positions import SpecPath
from hpctl.spec.skypilot.sizes import gibibytes

_INSTANCE_TYPE: Final = "node.kubernetes.io/instance-type"
_INSTANCE_TYPES: Final = (_INSTANCE_TYPE, "beta.kubernetes.io/instance-type")
"""The label, and its older name, which nodes still carry."""
_EFA: Final = "vpc.amazonaws.com/efa"
_ACCELERATORS: Final = ("nvidia.com/gpu", "aws.amazon.com/neuron", "aws.amazon.com/neurondevice")
_EXTENDED = re.compile(r"(nvidia\.com|aws\.amazon\.com|vpc\.amazonaws\.com)/\S+|hugepages-\S+", re.ASCII)
_RESUME: Final = "sagemaker.amazonaws.com/enable-job-auto-resume"
_RETRIES: Final = "sagemaker.amazonaws.com/job-max-retry-count"
_SHM: Final = "/dev/shm"  # noqa: S108 - the path in the pods


@dataclass(slots=True)
class Lint:
    """What was found: `problems` no cluster takes or could run, `warnings` are worth a look."""

    job: ManifestObject
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def problem(self, path: SpecPath, message: str, close: str | None = None) -> None:
        """Remember what keeps the job from running."""
        self.problems.append(self._at(path, message, close))

    def warn(self, path: SpecPath, message: str, close: str | None = None) -> None:
        """Remember what may not be meant."""
        self.warnings.append(self._at(path, message, close))

    def _at(self, path: SpecPath, message: str, close: str | None) -> Problem:
        place = self.job.source.at(path)
        return Problem(self.job.source.file, place.line, place.column, place.path, message, close)


def lint(manifest: KubernetesManifest) -> Lint:
    """Judge a manifest by itself, without a cluster: its job, and whether the other objects are filled in."""
    found = Lint(manifest.job)
    templates = tuple(pod_templates(manifest.job))
    for one in manifest.objects:
        beside = Lint(one)
        for path, message in unfilled(one):
            beside.problem(path, message)
        found.problems += beside.problems
    _resume(found, templates)
    pods = sum(template.replicas for template in templates)
    for template in templates:
        for path, message in literal(template):
            found.warn(path, message)
        types = tuple(_types(found, template))
        for path, container in template.containers():
            _resources(found, path, mapping(container.get("resources")))
            _shared_memory(found, template, path, container)
            _interfaces(found, path, mapping(container.get("resources")), types, pods)
    return found


def demands(manifest: KubernetesManifest) -> tuple[Problem, ...]:
    """Judge what a job must have; of one that is misspelt or not filled in it would say the same in other words."""
    found = Lint(manifest.job)
    for path, message, close in unmet(manifest.job, tuple(pod_templates(manifest.job))):
        found.problem(path, message, close)
    return tuple(found.problems)


def _resume(found: Lint, templates: tuple[PodTemplate, ...]) -> None:
    annotations = mapping(mapping(found.job.body.get("metadata")).get("annotations"))
    wanted, retries = annotations.get(_RESUME) == "true", annotations.get(_RETRIES)
    path: SpecPath = ("metadata", "annotations")
    if retries is not None and not wanted:
        found.warn((*path, _RETRIES), f'without `{_RESUME}: "true"` it has no effect', f'{_RESUME}: "true"')
    if not wanted:
        return
    if retries is None:
        found.warn((*path, _RESUME), f"auto-resume needs `{_RETRIES}` too", f'{_RETRIES}: "1"')
    if found.job.kind != "PyTorchJob":
        found.warn((*path, _RESUME), f"HyperPod resumes a PyTorchJob, and this is a {found.job.kind}")
    for template in templates:
        if template.restart_policy != "OnFailure":
            message = "auto-resume needs `restartPolicy: OnFailure`"
            found.warn(template.restart_path, message, "restartPolicy: OnFailure")


def _types(found: Lint, template: PodTemplate) -> Iterator[InstanceType]:
    """Yield the instance types that a template asks for by name."""
    for path, name in _type_names(template):
        try:
            yield instance_type(name)
        except NotFoundError:
            try:
                known = instance_type(f"ml.{name}")
            except NotFoundError:
                continue
            message = f"HyperPod's nodes carry `{known.name}`; with `{name}` the pods stay pending"
            found.warn(path, message, known.name)
            yield known


def _type_names(template: PodTemplate) -> Iterator[tuple[SpecPath, str]]:
    spec, path = template.spec, (*template.path, "spec")
    for label in _INSTANCE_TYPES:
        if isinstance(name := mapping(spec.get("nodeSelector")).get(label), str):
            yield (*path, "nodeSelector", label), name
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    affinity = (*path, "affinity", "nodeAffinity")
    node = mapping(mapping(spec.get("affinity")).get("nodeAffinity"))
    terms = rows(mapping(node.get(required)).get("nodeSelectorTerms"))
    for at, term in enumerate(terms):
        for below, row in enumerate(rows(mapping(term).get("matchExpressions"))):
            if mapping(row).get("key") in _INSTANCE_TYPES and mapping(row).get("operator") == "In":
                where = (*affinity, required, "nodeSelectorTerms", at, "matchExpressions", below)
                for index, name in enumerate(rows(row.get("values"))):
                    if isinstance(name, str):
                        yield (*where, "values", index), name


def _resources(found: Lint, path: SpecPath, resources: Mapping[str, Any]) -> None:
    """Devices are counted, not shared: Kubernetes refuses a request without the same limit."""
    requests, limits = mapping(resources.get("requests")), mapping(resources.get("limits"))
    for name, wanted in requests.items():
        if not _EXTENDED.fullmatch(name):
            continue
        where = (*path, "resources", "requests", name)
        if name not in limits:
            found.problem(where, f"`{name}` is requested without a limit; the two must be equal", f"limits: {name}")
        elif not _same(limits[name], wanted):
            found.problem(where, f"`{name}`: the request is {wanted} and the limit {limits[name]}; they must be equal")


def _same(limit: object, request: object) -> bool:
    """Tell whether two amounts are equal, whatever units they are written in."""
    amount = gibibytes(str(limit))
    return str(limit) == str(request) or (amount is not None and amount == gibibytes(str(request)))


def _shared_memory(found: Lint, template: PodTemplate, path: SpecPath, container: Mapping[str, Any]) -> None:
    if not any(_asked(container, name) for name in _ACCELERATORS):
        return
    mounts = [mapping(row) for row in rows(container.get("volumeMounts"))]
    mount = next((row for row in mounts if str(row.get("mountPath", "")).rstrip("/") == _SHM), None)
    if mount is None:
        found.warn(
            path, f"`{_SHM}` has 64 MiB, too little for training; mount an `emptyDir` with `medium: Memory` there"
        )
        return
    for index, row in enumerate(rows(template.spec.get("volumes"))):
        if mapping(row).get("name") == mount.get("name") and "hostPath" in mapping(row):
            where = (*template.path, "spec", "volumes", index)
            found.warn(where, f"`{_SHM}` of the node is shared by all of its pods; an `emptyDir` is each pod's own")


def _interfaces(
    found: Lint, path: SpecPath, resources: Mapping[str, Any], types: tuple[InstanceType, ...], pods: int
) -> None:
    """Compare the EFA interfaces of a container with those of the types that its pods may run on."""
    limits = mapping(resources.get("limits")) or mapping(resources.get("requests"))
    asked, devices = _count(limits.get(_EFA)), max(_count(limits.get(name)) for name in _ACCELERATORS)
    known = [row for row in types if row.efa_interfaces is not None]
    if not known:
        return
    most = max(row.efa_interfaces or 0 for row in known)
    names = ", ".join(f"`{row.name}`" for row in known)
    where = (*path, "resources", "limits", _EFA)
    if asked > most:
        found.problem(
            where, f"{asked} EFA interfaces are asked for, and {names} has {most}", str(most) if most else None
        )
    elif most and pods > 1 and not asked and devices:
        found.warn(
            path, f"without `{_EFA}` the nodes talk by TCP; {names} has {_interfaces_of(most)}", f"{_EFA}: {most}"
        )
    elif 0 < asked < most and any(devices and devices == row.accelerator_count for row in known):
        found.warn(where, f"{asked} of {most} EFA interfaces for all accelerators of {names}", str(most))


def _interfaces_of(count: int) -> str:
    return f"{count} interface{'' if count == 1 else 's'}"


def _asked(container: Mapping[str, Any], name: str) -> bool:
    resources = mapping(container.get("resources"))
    return any(_count(mapping(resources.get(part)).get(name)) for part in ("limits", "requests"))


def _count(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - no overflow
