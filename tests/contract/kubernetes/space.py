"""A namespace for a test, and the paths of what is in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.contract.kubernetes.connection import PATIENCE_S, Answer, Cluster

T = TypeVar("T")
# Group and version of each resource that the suite names by its plural alone.
GROUPS = {
    "api/v1": (
        "bindings configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims persistentvolumes "
        "pods podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services"
    ),
    "apis/apiextensions.k8s.io/v1": "customresourcedefinitions",
    "apis/apps/v1": "controllerrevisions daemonsets deployments replicasets statefulsets",
    "apis/authentication.k8s.io/v1": "selfsubjectreviews tokenreviews",
    "apis/authorization.k8s.io/v1": (
        "localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews"
    ),
    "apis/autoscaling/v2": "horizontalpodautoscalers",
    "apis/batch/v1": "cronjobs jobs",
    "apis/coordination.k8s.io/v1": "leases",
    "apis/discovery.k8s.io/v1": "endpointslices",
    "apis/jobset.x-k8s.io/v1alpha2": "jobsets",
    "apis/kubeflow.org/v1": "pytorchjobs",
    "apis/kueue.x-k8s.io/v1beta2": "clusterqueues localqueues resourceflavors workloadpriorityclasses workloads",
    "apis/networking.k8s.io/v1": "ingressclasses ingresses networkpolicies",
    "apis/node.k8s.io/v1": "runtimeclasses",
    "apis/policy/v1": "poddisruptionbudgets",
    "apis/rbac.authorization.k8s.io/v1": "clusterrolebindings clusterroles rolebindings roles",
    "apis/sagemaker.amazonaws.com/v1": "hyperpodpytorchjobs",
    "apis/scheduling.k8s.io/v1": "priorityclasses",
    "apis/storage.k8s.io/v1": "csidrivers csinodes storageclasses volumeattachments",
}
_ROOTS = {plural: root for root, plurals in GROUPS.items() for plural in plurals.split()}


def path(plural: str, name: str = "", *, inside: str = "", sub: str = "", root: str = "") -> str:
    """Return the path of a resource's collection, of an object, or of its subresource."""
    parts = (root or _ROOTS[plural], *(("namespaces", inside) if inside else ()), plural, name, sub)
    return "/" + "/".join(filter(None, parts))


@dataclass(frozen=True)
class Space:
    """A namespace of a cluster."""

    cluster: Cluster
    name: str

    def path(self, plural: str, name: str = "", *, sub: str = "", root: str = "") -> str:
        """Return a path inside the namespace."""
        return path(plural, name, inside=self.name, sub=sub, root=root)

    def make(self, plural: str, body: dict[str, Any], **query: object) -> Any:
        """Create an object, which must be possible; returns what was made."""
        return self.cluster.post(self.path(plural), body, **query).good()

    def get(self, plural: str, name: str = "", **query: Any) -> Answer:
        """Read an object, or list."""
        return self.cluster.get(self.path(plural, name), **query)

    def becomes(self, plural: str, name: str, good: Callable[[Any], object]) -> Any:
        """Look at an object until it is as wanted."""
        return until(lambda: self.get(plural, name).good(), good)

    def goes(self, plural: str, name: str) -> None:
        """Wait until an object is gone."""
        until(lambda: self.get(plural, name).code, lambda code: code == 404)


@contextmanager
def spaced(cluster: Cluster) -> Iterator[Space]:
    """Make a namespace, and have it deleted afterwards."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "contract-"}}
    name = cluster.post(path("namespaces"), body).good()["metadata"]["name"]
    made = Space(cluster, name)
    # No pod may be made before there is an account for it to run as.
    until(lambda: made.get("serviceaccounts", "default").code, lambda code: code == 200)
    try:
        yield made
    finally:
        cluster.delete(path("namespaces", name))


def until(look: Callable[[], T], good: Callable[[T], object], patience_s: float = PATIENCE_S) -> T:
    """Look until what is seen is good; the last look is in the failure."""
    deadline = time.monotonic() + patience_s
    while not good(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r}"
        time.sleep(0.05)
    return seen
