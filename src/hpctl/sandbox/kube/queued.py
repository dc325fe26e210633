"""Which kinds of jobs Kueue holds back, and what its webhook does when such a job is created: it begins suspended.

Source: kubernetes-sigs/kueue v0.19, pkg/controller/jobframework (defaults.go, interface.go). That task governance does
the same with HyperPodPyTorchJobs follows from AWS documentation, "Task governance"; its code is not public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.crds.kueue_parts import GROUP
from hpctl.sandbox.kube.kinds import CUSTOM_RESOURCES

if TYPE_CHECKING:
    from hpctl.sandbox.kube.objects import Objects
    from hpctl.sandbox.kube.resources import Object, Resource

QUEUE: Final = f"{GROUP}/queue-name"
"""The label of a job that names its LocalQueue."""
PRIORITY: Final = f"{GROUP}/priority-class"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of jobs, the path of the field that suspends one, and the conditions that it ends with."""

    group: str
    kind: str
    plural: str
    path: tuple[str, ...]
    succeeded: str
    failed: str = "Failed"


KINDS: Final = (
    Kind("batch", "Job", "jobs", ("spec", "suspend"), "Complete"),
    Kind("kubeflow.org", "PyTorchJob", "pytorchjobs", ("spec", "runPolicy", "suspend"), "Succeeded"),
    Kind("jobset.x-k8s.io", "JobSet", "jobsets", ("spec", "suspend"), "Completed"),
    Kind(
        "sagemaker.amazonaws.com",
        "HyperPodPyTorchJob",
        "hyperpodpytorchjobs",
        ("spec", "runPolicy", "suspend"),
        "Completed",
    ),
)
_BY_KIND: Final = {(each.group, each.kind): each for each in KINDS}


def kind_of(group: str, kind: str) -> Kind | None:
    """Return what is known of a kind of jobs, None when Kueue leaves it alone."""
    return _BY_KIND.get((group, kind))


def queue_of(job: Object) -> str:
    """Return the queue that a job names; "" when none, or when the job belongs to another job that may name one."""
    metadata = job["metadata"]
    owners = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
    if any(kind_of(owner["apiVersion"].rpartition("/")[0], owner["kind"]) for owner in owners):
        return ""
    return str((metadata.get("labels") or {}).get(QUEUE, ""))


def is_suspended(job: Object, kind: Kind) -> bool:
    """Whether a job is suspended."""
    found: object = job
    for name in kind.path:
        found = found.get(name) if isinstance(found, dict) else None
    return bool(found)


def with_suspend(job: Object, kind: Kind, *, wished: bool) -> Object:
    """Return a job that is to be suspended, or is not."""
    return _with(job, kind.path, wished)


def held_back(objects: Objects, resource: Resource, draft: Object) -> Object:
    """Return a new object as Kueue's webhook lets it through, where Kueue is installed."""
    kind = kind_of(resource.group, resource.kind)
    if kind is None or not queue_of(draft):
        return draft
    if objects.get(CUSTOM_RESOURCES, ("", f"workloads.{GROUP}")) is None:
        return draft
    return with_suspend(draft, kind, wished=True)


def _with(found: Object, path: tuple[str, ...], value: object) -> Object:
    name, rest = path[0], path[1:]
    inner = found.get(name)
    return {**found, name: _with(inner if isinstance(inner, dict) else {}, rest, value) if rest else value}
