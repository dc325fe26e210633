"""What Kubernetes and the operators refuse of a job, said before anybody is asked, with its line.

Sources: Kubernetes 1.36, `pkg/apis/batch/validation` and `pkg/apis/core/validation`; kubeflow/training-operator 1.9,
`pkg/webhooks/pytorch`; kubeflow/mpi-operator 0.5, `pkg/apis/kubeflow/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.spec.kubernetes_names import MAX_PART, is_label_name, is_subdomain
from hpctl.spec.manifest import ManifestObject
from hpctl.spec.manifest_pods import PodTemplate, mapping, rows
from hpctl.spec.positions import SpecPath
from hpctl.spec.reading import cut

Need = tuple[SpecPath, str, str | None]
"""Where, what is wrong, and what may have been meant."""

_PODS_IN: Final = {
    "PyTorchJob": "pytorchReplicaSpecs",
    "MPIJob": "mpiReplicaSpecs",
    "HyperPodPyTorchJob": "replicaSpecs",
    "JobSet": "replicatedJobs",
    "Job": "template",
}
_ENDING: Final = ("Never", "OnFailure")
_LABEL: Final = f"small letters, digits and `-`, at most {MAX_PART} characters"


def unmet(job: ManifestObject, templates: tuple[PodTemplate, ...]) -> Iterator[Need]:
    """Yield what keeps a job from being made, or its pods from being started."""
    yield from _header(job)
    spec, key = mapping(job.body.get("spec")), _PODS_IN[job.kind]
    if not (spec.get(key) and templates):
        yield ("spec",), f"`spec.{key}` is missing: it describes the pods", None
        return
    if job.kind == "Job":
        yield from _batch(spec, templates)
    if job.kind == "MPIJob" and "Launcher" not in mapping(spec.get(key)):
        yield ("spec", key), "an MPIJob needs a `Launcher`, which starts the others", None
    for template in templates:
        yield from _containers(job, template)


def _header(job: ManifestObject) -> Iterator[Need]:
    metadata = mapping(job.body.get("metadata"))
    name = job.name or str(metadata.get("generateName") or "x").rstrip("-")
    if "$" not in name and "{" not in name and not (is_subdomain(name) and len(name) <= MAX_PART):
        yield ("metadata", "name"), f"`{cut(name)}` is not a name of Kubernetes: {_LABEL}", None
    if metadata.get("resourceVersion"):
        message = "the object comes out of a cluster; leave out what the cluster wrote: this, `uid` and `status`"
        yield ("metadata", "resourceVersion"), message, None


def _batch(spec: Mapping[str, Any], templates: tuple[PodTemplate, ...]) -> Iterator[Need]:
    if spec.get("selector") and spec.get("manualSelector") is not True:
        yield ("spec", "selector"), "Kubernetes selects a Job's pods itself; leave `selector` out", None
    for template in templates:
        if template.restart_policy not in _ENDING:
            said = f", not `{cut(template.restart_policy)}`" if template.restart_policy else ""
            message = f"the pods of a Job need `restartPolicy: Never` or `OnFailure`{said}"
            yield template.restart_path, message, "restartPolicy: Never"


def _containers(job: ManifestObject, template: PodTemplate) -> Iterator[Need]:
    found = list(template.containers())
    path = (*template.path, "spec")
    if not found:
        yield path, "the pods have no `containers`", None
    elif job.kind == "PyTorchJob" and all(one.get("name") != "pytorch" for _, one in found):
        message = "the training operator wants one container that is called `pytorch`"
        yield (*found[0][0], "name"), message, "pytorch"
    for where, one in (*found, *_before(template, path)):
        name = one.get("name")
        if not isinstance(name, str) or not is_label_name(name):
            said = f"`{cut(name)}` is not the name of a container" if name else "the container has no `name`"
            yield (*where, "name"), f"{said}: {_LABEL}", None
        if not one.get("image"):
            yield (*where, "image"), "the container has no `image`", None
        yield from _without_nul(where, one)


def _without_nul(where: SpecPath, container: Mapping[str, Any]) -> Iterator[Need]:
    texts = [((key, index), word) for key in ("command", "args") for index, word in enumerate(rows(container.get(key)))]
    env = rows(container.get("env"))
    texts += [(("env", index), mapping(row).get("value")) for index, row in enumerate(env)]
    for path, text in texts:
        if isinstance(text, str) and "\0" in text:
            yield (*where, *path), "a NUL character stands here, which no process can be given", None


def _before(template: PodTemplate, path: SpecPath) -> Iterator[tuple[SpecPath, Mapping[str, Any]]]:
    for index, one in enumerate(rows(template.spec.get("initContainers"))):
        yield (*path, "initContainers", index), mapping(one)
