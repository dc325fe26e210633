"""Jobs, their pods and whatever goes with them: the port `facts.job_ports.JobObjects`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeVar

from hpctl.adapters.kube import discovery
from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.errors import Deed
from hpctl.adapters.kube.family import is_child, pods_of, selector_of
from hpctl.adapters.kube.job_reading import job_of
from hpctl.adapters.kube.reading import event_of, pod_of, queue_of, revision_of
from hpctl.adapters.kube.rows import rows
from hpctl.adapters.kube.watching import watched
from hpctl.errors import AccessError, NotFoundError
from hpctl.facts.jobs import EVENT, JOB_KINDS, LOCAL_QUEUE, POD, Job, KubernetesEvent, ObjectKind, Pod, Queue
from hpctl.facts.records import EksCluster

Row = TypeVar("Row")

_MERGE: Final = "application/merge-patch+json"


class EksJobs:
    """Reads and writes jobs as the caller of AWS, at the endpoint that EKS tells."""

    def __init__(self, api: Api) -> None:
        """Ask over `api`."""
        self._api = api

    def served(self, cluster: EksCluster, kinds: Sequence[ObjectKind]) -> frozenset[ObjectKind]:
        """Return those of these kinds that the cluster serves, in the version that it serves."""
        return frozenset(discovery.served(self._api, cluster, kinds).values())

    def discovered(self, cluster: EksCluster, api_version: str, kind: str) -> ObjectKind:
        """Return what the cluster's discovery says of a kind of a manifest; `NotFoundError` when it has none."""
        return discovery.discovered(self._api, cluster, api_version, kind)

    def create(
        self, cluster: EksCluster, kind: ObjectKind, manifest: Mapping[str, Any], *, dry_run: bool = False
    ) -> Mapping[str, Any]:
        """Create an object and return it; with `dry_run` the server judges it and keeps nothing."""
        metadata = manifest.get("metadata") or {}
        namespace, name = str(metadata.get("namespace") or "default"), str(metadata.get("name") or "")
        # Members that the server does not know are an error and not left out: a misspelt wish would be lost.
        query = "?fieldManager=hpctl&fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        deed = self._deed("create", cluster, kind, namespace, name)
        return self._api.write(cluster, "POST", kind.path(namespace) + query, deed, manifest)

    def read(self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str) -> Mapping[str, Any]:
        """Return an object as it is."""
        return self._api.read(cluster, kind.path(namespace, name), self._deed("get", cluster, kind, namespace, name))

    def merge(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str, patch: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Apply a JSON merge patch and return the object."""
        deed = self._deed("patch", cluster, kind, namespace, name)
        path = kind.path(namespace, name) + "?fieldManager=hpctl"
        return self._api.write(cluster, "PATCH", path, deed, patch, content=_MERGE)

    def delete(self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str, *, uid: str = "") -> None:
        """Delete an object and, in the background, what it owns; with `uid` only the object that has it."""
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        deed = self._deed("delete", cluster, kind, namespace, name)
        self._api.write(cluster, "DELETE", kind.path(namespace, name), deed, options)

    def objects(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str | None, selector: str = ""
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the objects of a kind as they are; none where the kind is not served."""
        selectors = {"labelSelector": selector} if selector else {}
        deed = self._deed("list", cluster, kind, namespace)
        try:
            yield from rows(self._api, cluster, kind.path(namespace), deed, **selectors)
        except NotFoundError:  # the group is not there, and so are not its objects
            return

    def jobs(
        self, cluster: EksCluster, namespace: str | None, selector: str = "", *, denied: list[AccessError] | None = None
    ) -> Iterator[Job]:
        """Yield the jobs of every kind that is served, in one namespace or (None) all.

        What another of these jobs controls is a part of it and left out. A kind that the caller may not list is passed
        over as long as there is one that they may; `denied` takes why.
        """
        denied = [] if denied is None else denied
        as_served = discovery.served(self._api, cluster, JOB_KINDS)
        for kind in as_served.values():
            try:
                yield from self._jobs(cluster, kind, namespace, selector)
            except AccessError as error:
                denied.append(error)
        if denied and len(denied) == len(as_served):
            raise denied[0]

    def job(self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str) -> Job:
        """Return one job."""
        found = self.read(cluster, kind, namespace, name)
        return _row(lambda row: job_of(kind, row), found, self._deed("get", cluster, kind, namespace, name))

    def pods(self, cluster: EksCluster, namespace: str | None, selector: str = "") -> Iterator[Pod]:
        """Yield pods."""
        deed = self._deed("list", cluster, POD, namespace)
        for row in self.objects(cluster, POD, namespace, selector):
            yield _row(pod_of, row, deed)

    def pods_of(self, cluster: EksCluster, job: Job) -> tuple[Pod, ...]:
        """Return the pods of a job, by rank and then by name; of other jobs of the same name none (by owner's UID)."""
        deed = self._deed("list", cluster, POD, job.namespace)
        found = tuple(self.objects(cluster, POD, job.namespace, selector_of(job)))
        children = lambda kind: self.objects(cluster, kind, job.namespace)  # noqa: E731
        return _row(lambda them: pods_of(job, them, children), found, deed)

    def events(self, cluster: EksCluster, namespace: str, about_uid: str = "") -> Iterator[KubernetesEvent]:
        """Yield events, those about one object or all of a namespace, in the order in which they were written."""
        deed = self._deed("list", cluster, EVENT, namespace)
        selectors = {"fieldSelector": f"involvedObject.uid={about_uid}"} if about_uid else {}
        found = rows(self._api, cluster, EVENT.path(namespace), deed, **selectors)
        read = [(_row(revision_of, row, deed), _row(event_of, row, deed)) for row in found]
        for _, event in sorted(read, key=itemgetter(0)):  # their times are whole seconds
            yield event

    def queues(self, cluster: EksCluster, namespace: str | None) -> Iterator[Queue]:
        """Yield Kueue's local queues; none where Kueue is not installed."""
        deed = self._deed("list", cluster, LOCAL_QUEUE, namespace)
        for kind in discovery.served(self._api, cluster, (LOCAL_QUEUE,)).values():
            for row in self.objects(cluster, kind, namespace):
                yield _row(queue_of, row, deed)

    def watch(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str, *, timeout_s: float
    ) -> Iterator[Mapping[str, Any]]:
        """Yield an object as it is and each time it changes; ends when the time is over or it is deleted."""
        deed = self._deed("watch", cluster, kind, namespace, name)
        return watched(self._api, cluster, kind.path(namespace), deed, timeout_s)

    def _jobs(self, cluster: EksCluster, kind: ObjectKind, namespace: str | None, selector: str) -> Iterator[Job]:
        deed = self._deed("list", cluster, kind, namespace)
        for row in self.objects(cluster, kind, namespace, selector):
            if not _row(is_child, row, deed):
                yield _row(lambda one: job_of(kind, one), row, deed)

    def _deed(self, verb: str, cluster: EksCluster, kind: ObjectKind, namespace: str | None, name: str = "") -> Deed:
        return self._api.deed(verb, kind.qualified, cluster, namespace if kind.namespaced else "", name)


def _row(read: Callable[[Any], Row], answer: object, deed: Deed) -> Row:
    try:
        return read(answer)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise deed.asked.unreadable() from error
