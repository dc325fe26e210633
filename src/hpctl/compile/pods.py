"""The pod template of a job: the same for every kind that runs it.

Sources: Kubernetes API reference and documentation; EFA needs locked memory (AWS documentation, "Elastic Fabric
Adapter").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hpctl.compile.asked import both_sides
from hpctl.compile.environment import environment
from hpctl.compile.fleet import TYPE_LABEL
from hpctl.compile.images import default_image
from hpctl.compile.labels import job_annotations, job_labels, own_labels
from hpctl.compile.making import Making
from hpctl.compile.pod_config import with_pod_config
from hpctl.compile.resources import as_manifest, resources_of, tolerations_of
from hpctl.compile.scripts import COMMAND
from hpctl.compile.storage import WORK_DIRECTORY, volumes
from hpctl.errors import UsageError
from hpctl.spec.job import Contract

HOST_NAME: Final = "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True)
class PodForm:
    """What differs between the pods of the kinds of jobs.

    `container` is what the job's container is called, `hosts` by which names the ranks find each other, `annotations`
    are further ones, `ports` and `env` those that the kind needs itself, and `apart` is what keeps a pod off the nodes
    of other ranks.
    """

    container: str
    hosts: Sequence[str] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    env: tuple[Mapping[str, Any], ...] = ()
    apart: Mapping[str, Any] | None = None


def template(making: Making, form: PodForm) -> dict[str, Any]:
    """Return the pod template.

    Raises:
        UsageError: a variable cannot be given to a program, or `pod_config` does not fit a pod.
    """
    spec = making.spec
    labels = job_labels(spec, making.payload)
    metadata = {"labels": labels, "annotations": {**job_annotations(spec), **form.annotations}}
    base = {"metadata": metadata, "spec": _pod(making, form)}
    return _settled(with_pod_config(base, both_sides(spec.pod_config)), making)


def apart_by_affinity(making: Making) -> dict[str, Any]:
    """Return what keeps a pod off every node that has a rank of the job."""
    if making.spec.nodes == 1:
        return {}
    others = {"labelSelector": {"matchLabels": own_labels(making.spec, making.payload)}, "topologyKey": HOST_NAME}
    return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [others]}}}


def _pod(making: Making, form: PodForm) -> dict[str, Any]:
    spec, placement = making.spec, making.placement
    mounted, mounts = volumes(spec, placement, making.payload)
    pod: dict[str, Any] = {
        "containers": [_container(making, form, mounts)],
        "volumes": mounted,
        # Variables of the namespace's Services would come before those of the image.
        "enableServiceLinks": False,
        "automountServiceAccountToken": spec.service_account is not None,
        "nodeSelector": dict(placement.selector),
        "tolerations": [as_manifest(one) for one in tolerations_of(placement)],
        **_apart(making, form),
    }
    if spec.service_account is not None:
        pod["serviceAccountName"] = spec.service_account
    if spec.priority is not None and spec.queue is None:
        pod["priorityClassName"] = spec.priority
    return {key: value for key, value in pod.items() if value not in ({}, [])}


def _container(making: Making, form: PodForm, mounts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    spec, placement = making.spec, making.placement
    container: dict[str, Any] = {
        "name": form.container,
        "image": spec.image or default_image(placement),
        "command": list(COMMAND),
        "env": [*environment(making, form.hosts), *form.env],
        "resources": resources_of(placement, spec.limits),
        "volumeMounts": list(mounts),
        # The last lines of a failed rank are then part of its status.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if spec.contract is Contract.TRAINING:
        container["workingDir"] = WORK_DIRECTORY
    if ports := dict.fromkeys((*form.ports, *spec.ports)):
        container["ports"] = [{"containerPort": port} for port in ports]
    if placement.efa:
        container["securityContext"] = {"capabilities": {"add": ["IPC_LOCK"]}}
    return container


def _apart(making: Making, form: PodForm) -> dict[str, Any]:
    """Return one rank a node, and which nodes a job rather goes to."""
    found = dict(form.apart if form.apart is not None else apart_by_affinity(making))
    if making.placement.preferred_types:
        rule = {"key": TYPE_LABEL, "operator": "In", "values": list(making.placement.preferred_types)}
        preference = {"weight": 100, "preference": {"matchExpressions": [rule]}}
        nodes = {"preferredDuringSchedulingIgnoredDuringExecution": [preference]}
        found["affinity"] = {**found.get("affinity", {}), "nodeAffinity": nodes}
    return found


def _settled(template: dict[str, Any], making: Making) -> dict[str, Any]:
    """Return a template after `pod_config` with what that must not take away: the job's labels, ill nodes left out."""
    pod = template.get("spec")
    containers = pod.get("containers") if pod else None
    if not pod or not containers:
        raise UsageError("`pod_config` takes the job's own container away")
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **own_labels(making.spec, making.payload)}
    if not metadata.get("annotations"):
        metadata.pop("annotations", None)
    return _without_nulls({"metadata": metadata, "spec": _avoiding(pod, making.placement.avoid)})


def _avoiding(pod: dict[str, Any], avoid: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Add to every term of the node affinity what a node must not be: one term more would be one way round it."""
    rules = [{"key": key, "operator": "NotIn", "values": list(values)} for key, values in avoid.items()]
    if not rules:
        return pod
    affinity = dict(pod.get("affinity") or {})
    nodes = dict(affinity.get("nodeAffinity") or {})
    required = nodes.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    old: Sequence[Mapping[str, Any]] = required.get("nodeSelectorTerms") or ({},)
    terms = [{**term, "matchExpressions": [*(term.get("matchExpressions") or ()), *rules]} for term in old]
    nodes["requiredDuringSchedulingIgnoredDuringExecution"] = {**required, "nodeSelectorTerms": terms}
    return {**pod, "affinity": {**affinity, "nodeAffinity": nodes}}


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """Leave out what `pod_config` has cleared: to Kubernetes null is the same as nothing."""
    return {key: _cleaned(item) for key, item in value.items() if item is not None}


def _cleaned(value: object) -> object:
    match value:
        case dict():
            return _without_nulls(value)
        case list():
            return [_cleaned(item) for item in value]
    return value
