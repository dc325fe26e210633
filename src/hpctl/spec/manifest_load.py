"""Kubernetes manifests from a file: what they are is judged, what they say is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hpctl.catalog.manifest_fields import POD_TEMPLATE, manifest_kind
from hpctl.catalog.nearest import nearest
from hpctl.errors import UsageError
from hpctl.spec.job_wish import JobOverrides
from hpctl.spec.manifest import JOB_KINDS, KubernetesManifest, ManifestObject
from hpctl.spec.manifest_pods import pod_templates
from hpctl.spec.manifest_shape import shape_problems
from hpctl.spec.nodes import Entry, MappingNode, Node, SequenceNode
from hpctl.spec.positions import Place, SourceMap, SpecPath
from hpctl.spec.reading import Reading, named, shown
from hpctl.spec.yaml_values import plain

_OTHER_OPERATOR: Final = "of the training operator's kinds hpctl runs PyTorchJob; MPIJob runs MPI and Horovod"
_NAMES: Final = frozenset({"name", "generateName"})
_INSTEAD: Final = {
    "Pod": "put its `spec` into the `template` of a `batch/v1` Job",
    "CronJob": "submit its `jobTemplate` as a `batch/v1` Job",
    "Deployment": "a Deployment never ends; put its `template` into a `batch/v1` Job",
    "StatefulSet": "a StatefulSet never ends; put its `template` into a `batch/v1` Job",
    "TrainJob": "hpctl manages PyTorchJob of the training operator v1, which HyperPod's Helm chart brings",
    **dict.fromkeys(("TFJob", "XGBoostJob", "MXJob", "PaddleJob", "JAXJob"), _OTHER_OPERATOR),
    "AppWrapper": "submit the job in its `components` by itself",
    "Workflow": "Argo runs it; submit the job of a step by itself",
    "LeaderWorkerSet": "a LeaderWorkerSet never ends; write its pods as a JobSet",
    "Kustomization": "put it through `kubectl kustomize FOLDER` first",
    "RayJob": "start Ray in the `run` part of a job",
    "RayCluster": "start Ray in the `run` part of a job",
}


def read_manifest(reading: Reading, roots: tuple[Node, ...], given: JobOverrides) -> KubernetesManifest:
    """Read every object; problems are kept in `reading`. Name and namespace of `given` are put in.

    Raises UsageError where the file says another namespace than the flag.
    """
    objects = tuple(
        one for root in roots for node in _unlisted(reading, root) if (one := _object(reading, node, given)) is not None
    )
    _demand_one_job(reading, objects, roots[0].place)
    return KubernetesManifest(objects)


def _unlisted(reading: Reading, root: Node) -> Iterator[Node]:
    """Yield the objects of a `List` (or `JobList`, as kubectl takes both), or the one that a document is."""
    entries = named(root.entries) if isinstance(root, MappingNode) else {}
    if "items" in entries and "kind" in entries and shown(entries["kind"].value).endswith("List`"):
        yield from reading.items(entries["items"].value)
    else:
        yield root


def _object(reading: Reading, node: Node, given: JobOverrides) -> ManifestObject | None:
    entries = named(node.entries) if isinstance(node, MappingNode) else {}
    missing = [key for key in ("apiVersion", "kind") if key not in entries]
    if not isinstance(node, MappingNode) or missing:
        listed = " and ".join(f"`{key}`" for key in missing)
        reading.refuse(node.place, f"{shown(node)} is no object of Kubernetes: {listed} is missing")
        return None
    if _group(reading, entries) == "hpctl":
        reading.refuse(entries["apiVersion"].place, "hpctl's own YAML says `api_version`", "api_version")
        return None
    api_version, kind = reading.text(entries["apiVersion"].value) or "", reading.text(entries["kind"].value) or ""
    if (fields := manifest_kind(api_version, kind)) is not None:
        reading.problems += shape_problems(reading.file, node, fields)
    body: Any = plain(node)
    metadata = _placed(reading, body, given)
    if given.name is not None and (_group(reading, entries), kind) in JOB_KINDS:
        metadata = {"name": given.name, **{key: metadata[key] for key in metadata if key not in _NAMES}}
    found = ManifestObject(
        api_version=api_version,
        kind=kind,
        name=str(metadata.get("name") or ""),
        namespace=str(metadata["namespace"]) if metadata.get("namespace") else None,
        body={**body, "metadata": metadata},
        source=SourceMap(reading.file, dict(_places(node))),
    )
    if fields is None and found.is_job:
        # A version that hpctl does not know: its pods are Kubernetes' all the same.
        for template in pod_templates(found):
            below = _below(node, template.path)
            reading.problems += shape_problems(reading.file, below, POD_TEMPLATE) if below else ()
    return found


def _below(node: Node, path: SpecPath) -> Node | None:
    """Return the node at a path, None where the file has none."""
    for step in path:
        match node:
            case MappingNode(entries=entries) if step in named(entries):
                node = named(entries)[str(step)].value
            case SequenceNode(items=items) if isinstance(step, int) and step < len(items):
                node = items[step]
            case _:
                return None
    return node


def _demand_header(reading: Reading, one: ManifestObject) -> None:
    """Refuse an object without a name, and a Job of a version that no Kubernetes has."""
    metadata = one.body["metadata"]
    if not (metadata.get("name") or metadata.get("generateName")):
        place = one.source.at(("metadata",) if ("metadata",) in one.source.places else ("kind",))
        reading.refuse(place, "`metadata.name` is missing")
    if (one.group, one.kind) == ("batch", "Job") and one.api_version != "batch/v1":
        message = f"Kubernetes has no `{one.api_version}` Job"
        reading.refuse(one.source.at(("apiVersion",)), message, "batch/v1")


def _group(reading: Reading, entries: dict[str, Entry]) -> str:
    """Return the API group that an object names."""
    return (reading.text(entries["apiVersion"].value) or "").rpartition("/")[0]


def _placed(reading: Reading, body: dict[str, Any], given: JobOverrides) -> dict[str, Any]:
    """Return the metadata, with the namespace that is given."""
    metadata = dict(body["metadata"]) if isinstance(body.get("metadata"), dict) else {}
    own = metadata.get("namespace")
    if given.namespace is None:
        return metadata
    if own is not None and own != given.namespace:
        message = f"`--namespace {given.namespace}`: `{reading.file}` puts an object into `{own}`"
        raise UsageError(message, hint=f"give `--namespace {own}`, or change the manifest")
    return {**metadata, "namespace": given.namespace}


def _demand_one_job(reading: Reading, objects: tuple[ManifestObject, ...], first: Place) -> None:
    jobs = [one for one in objects if one.is_job]
    if not jobs:
        if objects or not reading.problems:
            _refuse_kinds(reading, objects, first)
        return
    for one in objects:
        _demand_header(reading, one)
    for extra in jobs[1:]:
        reading.refuse(extra.source.at("kind"), "a second job begins here; a file describes one job")


def _refuse_kinds(reading: Reading, objects: tuple[ManifestObject, ...], first: Place) -> None:
    kinds = ", ".join(f"{kind} ({group})" for group, kind in JOB_KINDS)
    for one in objects:
        place, close = _nearest_kind(one)
        advice = _INSTEAD.get(one.kind) or f"hpctl runs {kinds}"
        reading.refuse(place, f"`{one.api_version}` {one.kind} is not a job: {advice}", close)
    if not objects:
        reading.refuse(first, f"there is no job: hpctl runs {kinds}")


def _nearest_kind(one: ManifestObject) -> tuple[Place, str | None]:
    """Return where an object says that it is no job, and what it may have been meant to be."""
    group = next((group for group, kind in JOB_KINDS if kind == one.kind), None)
    if group is not None:
        return one.source.at("apiVersion"), group
    close = next(iter(nearest(one.kind, [kind for _, kind in JOB_KINDS])), None)
    return one.source.at("kind"), None if one.kind in _INSTEAD else close


def _places(node: Node, path: SpecPath = ()) -> Iterator[tuple[SpecPath, Place]]:
    yield path, node.place
    match node:
        case MappingNode(entries=entries):
            for entry in entries:
                yield from _entry_places(entry, (*path, entry.key))
        case SequenceNode(items=items):
            for index, item in enumerate(items):
                yield from _places(item, (*path, index))


def _entry_places(entry: Entry, path: SpecPath) -> Iterator[tuple[SpecPath, Place]]:
    for found, place in _places(entry.value, path):
        yield found, entry.place if found == path else place
