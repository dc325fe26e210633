"""One look at all queues and the jobs in them: who waits where, who holds what, and what that means for statuses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.builtins import BUILT_IN
from hpctl.sandbox.kube.controllers import hyperpod_jobs, jobsets, kueue_queues, kueue_workloads, pytorchjobs
from hpctl.sandbox.kube.controllers.conditions import condition_of, is_true
from hpctl.sandbox.kube.controllers.kueue_admission import PREEMPTING, Ask, Wish
from hpctl.sandbox.kube.controllers.kueue_queues import Numbers
from hpctl.sandbox.kube.controllers.kueue_quota import Market, Queue
from hpctl.sandbox.kube.controllers.kueue_workloads import EVICTED, FINISHED, PENDING, RESERVED, holds, key
from hpctl.sandbox.kube.controllers.owners import controller_of, is_going
from hpctl.sandbox.kube.crds.kueue_parts import GROUP, NEWER
from hpctl.sandbox.kube.queued import KINDS, PRIORITY, Kind, queue_of
from hpctl.sandbox.kube.resources import Resource
from hpctl.sandbox.kube.selectors import of_object
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Object

_STATUS: Final = frozenset({"status"})
_PLURALS: Final = {
    "ClusterQueue": ("clusterqueues", False, _STATUS),
    "LocalQueue": ("localqueues", True, _STATUS),
    "ResourceFlavor": ("resourceflavors", False, frozenset[str]()),
    "Workload": ("workloads", True, _STATUS),
    "WorkloadPriorityClass": ("workloadpriorityclasses", False, frozenset[str]()),
}
RESOURCES: Final = {
    kind: Resource(GROUP, NEWER, plural, kind, kind.lower(), namespaced=namespaced, subresources=beside)
    for kind, (plural, namespaced, beside) in _PLURALS.items()
}
_JOBS: Final = {
    "Job": next(each for each in BUILT_IN if (each.group, each.kind) == ("batch", "Job")),
    "PyTorchJob": pytorchjobs.RESOURCE,
    "JobSet": jobsets.RESOURCE,
    "HyperPodPyTorchJob": hyperpod_jobs.RESOURCE,
}
_INADMISSIBLE: Final = "Inadmissible"


def is_installed(api: Api) -> bool:
    """Whether Kueue's definitions are there."""
    try:
        api.resource(f"{GROUP}/{NEWER}", "Workload")
    except StatusError:
        return False
    return True


def resource_of(kind: Kind) -> Resource:
    """Return the resource of a kind of jobs."""
    return _JOBS[kind.kind]


class Look:
    """All of it at one moment."""

    def __init__(self, api: Api) -> None:
        """Read everything that is in the cluster's API."""
        self._api = api
        self._flavors, self._cluster_queues = self._by_name("ResourceFlavor"), self._by_name("ClusterQueue")
        self._local = {key(each): each for each in api.list(RESOURCES["LocalQueue"])}
        self.workloads = {key(each): each for each in api.list(RESOURCES["Workload"])}
        self._queues = {name: kueue_queues.read(each) for name, each in self._cluster_queues.items()}

    def _by_name(self, kind: str) -> dict[str, Object]:
        return {each["metadata"]["name"]: each for each in self._api.list(RESOURCES[kind])}

    def jobs(self) -> Iterator[tuple[Object, Kind]]:
        """Yield the jobs that name a queue."""
        for kind in KINDS:
            for job in self._api.list(resource_of(kind)):
                if queue_of(job) and not is_going(job):
                    yield job, kind

    @cached_property
    def _by_owner(self) -> dict[str, Object]:
        owners = ((controller_of(each), each) for each in self.workloads.values())
        return {owner["uid"]: each for owner, each in owners if owner is not None}

    def workload_of(self, job: Object) -> Object | None:
        """Return the Workload of a job."""
        return self._by_owner.get(job["metadata"]["uid"])

    def fresh(self, workload: Object) -> Object:
        """Return a Workload as it is by now."""
        metadata = workload["metadata"]
        return self._api.get(RESOURCES["Workload"], metadata["namespace"], metadata["name"])

    def priority_of(self, job: Object, sets: list[Object]) -> Object:
        """Return what a Workload says of how important a job is; raises StatusError for a class that is not there."""
        if name := (job["metadata"].get("labels") or {}).get(PRIORITY):
            found = self._api.get(RESOURCES["WorkloadPriorityClass"], None, name)
            return {"priority": found["value"], "priorityClassRef": _reference(GROUP, found["kind"], name)}
        named = (row["template"]["spec"].get("priorityClassName") for row in sets)
        if name := next(filter(None, named), ""):
            found = self._api.get(self._api.resource("scheduling.k8s.io/v1", "PriorityClass"), None, name)
            return {
                "priority": found["value"],
                "priorityClassRef": _reference("scheduling.k8s.io", found["kind"], name),
            }
        return {"priority": 0}

    def queues_of(self, workload: Object) -> tuple[tuple[str, Object | None], tuple[str, Object | None]]:
        """Return the LocalQueue and the ClusterQueue of a Workload, where there are any."""
        name = workload["spec"].get("queueName", "")
        local = self._local.get(f"{workload['metadata']['namespace']}/{name}")
        return ("LocalQueue", local), ("ClusterQueue", self._behind(local))

    def _behind(self, local: Object | None) -> Object | None:
        return self._cluster_queues.get(_named_by(local))

    def _is_open(self, queue: Object | None) -> bool:
        return queue is not None and kueue_queues.cluster_condition(queue, self._flavors)["status"] == "True"

    def _pending(self) -> Iterator[Object]:
        for each in self.workloads.values():
            if not holds(each) and not is_true(each, FINISHED) and each["spec"].get("active", True):
                yield each

    def left_out(self) -> Iterator[tuple[Object, str, str]]:
        """Yield the Workloads that wait and are not even tried, with reason and message of the condition."""
        for each in self._pending():
            if why := self._why_left_out(each):
                yield each, *why

    def waiting(self) -> Iterator[Object]:
        """Yield the Workloads that wait and are tried."""
        return (each for each in self._pending() if not self._why_left_out(each))

    def _why_left_out(self, workload: Object) -> tuple[str, str] | None:
        """Return reason and message of why a Workload is not tried: the first door that is shut."""
        (_, local), (_, queue) = self.queues_of(workload)
        behind = _named_by(local)
        for word, name, found in (
            ("LocalQueue", workload["spec"].get("queueName", ""), local),
            ("ClusterQueue", behind, queue),
        ):
            if found is None or is_going(found):
                return _INADMISSIBLE, f"{word} {name} is terminating or missing"
            if kueue_queues.stop_of(found):
                return _INADMISSIBLE, f"{word} {name} is stopped"
        if queue is None or not self._is_open(queue):
            return PENDING, f"ClusterQueue {behind} is inactive"
        if not self._takes(queue, workload["metadata"]["namespace"]):
            return PENDING, "Workload namespace doesn't match ClusterQueue selector"
        return None

    def _takes(self, queue: Object, namespace: str) -> bool:
        found = self._api.get(self._api.resource("v1", "Namespace"), None, namespace)
        return of_object((queue.get("spec") or {}).get("namespaceSelector")).matches(found)

    def market(self) -> Market:
        """Return the queues, and who holds what of them."""
        rows = [kueue_workloads.held(each) for each in self.workloads.values() if holds(each)]
        return Market(self._queues, tuple(each for each in rows if each.queue in self._queues))

    def wish(self, workload: Object) -> Wish:
        """Return what a Workload that waits wishes."""
        _, (_, found) = self.queues_of(workload)
        queue = self._queues[found["metadata"]["name"] if found else ""]
        covered = {name for group in queue.groups for name in group.resources}
        # How many pods there are is asked only where somebody limits it.
        asks = tuple(
            Ask(
                row["name"],
                {name: each for name, each in amounts.items() if name != "pods" or name in covered},
                kueue_queues.unfit(queue, row["template"], self._flavors),
            )
            for row, amounts in zip(workload["spec"]["podSets"], kueue_workloads.asked(workload).values(), strict=True)
        )
        priority, born = kueue_workloads.priority(workload), kueue_workloads.born(workload)
        said = (condition_of(workload, RESERVED) or {}).get("message", "")
        return Wish(key(workload), queue.name, asks, priority, born, next_up=PREEMPTING in said)

    def path_of(self, queue: str) -> str:
        """Return a ClusterQueue with the cohort that it is in."""
        cohort = self._queues[queue].cohort
        return f"{cohort}/{queue}" if cohort else queue

    def places(self, workload: Object) -> dict[str, Object]:
        """Return by pod set what its flavors add to its pods."""
        found: dict[str, Object] = {}
        for row in workload["status"]["admission"].get("podSetAssignments") or ():
            names = dict.fromkeys((row.get("flavors") or {}).values())
            specs = [self._flavors[name].get("spec") or {} for name in names if name in self._flavors]
            found[row["name"]] = {
                "nodeSelector": {
                    label: value for spec in specs for label, value in (spec.get("nodeLabels") or {}).items()
                },
                "tolerations": [each for spec in specs for each in spec.get("tolerations") or ()],
            }
        return found

    def why_stopped(self, workload: Object | None) -> str:
        """Return why a job is held back that ran."""
        row = condition_of(workload, EVICTED) if workload else None
        if row is not None and row["status"] == "True":
            return str(row["message"])
        return "Not admitted by cluster queue" if workload else "No matching Workload; restoring pod templates"

    def statuses(self) -> Iterator[tuple[Resource, Object, Object]]:
        """Yield each queue with the status that it should have."""
        market, pending, now = self.market(), list(self._pending()), self._api.now
        for name, queue in self._cluster_queues.items():
            waits = sum(self._is_behind(each, name) for each in pending)
            numbers = Numbers(waits, tuple(each for each in market.held if each.queue == name))
            used = kueue_queues.usage_of(numbers, self._queues[name], market)
            condition = kueue_queues.cluster_condition(queue, self._flavors)
            yield RESOURCES["ClusterQueue"], queue, kueue_queues.status_of(queue, numbers, used, condition, now)
        for place, local in self._local.items():
            behind = self._behind(local)
            waits = sum(_is_in(each, place) for each in pending)
            held = tuple(each for each in market.held if _is_in(self.workloads[each.name], place))
            numbers, queue_behind = Numbers(waits, held), self._read(behind)
            condition = kueue_queues.local_condition(local, behind, is_open=self._is_open(behind))
            used = kueue_queues.usage_of(numbers, queue_behind)
            yield RESOURCES["LocalQueue"], local, kueue_queues.status_of(local, numbers, used, condition, now)

    def _is_behind(self, workload: Object, queue: str) -> bool:
        _, (_, found) = self.queues_of(workload)
        return found is not None and found["metadata"]["name"] == queue

    def _read(self, queue: Object | None) -> Queue | None:
        return None if queue is None else self._queues[queue["metadata"]["name"]]


def _named_by(local: Object | None) -> str:
    """Return the ClusterQueue that a LocalQueue names."""
    return str(((local or {}).get("spec") or {}).get("clusterQueue", ""))


def _is_in(workload: Object, place: str) -> bool:
    return f"{workload['metadata']['namespace']}/{workload['spec'].get('queueName', '')}" == place


def _reference(group: str, kind: str, name: str) -> Object:
    return {"group": group, "kind": kind, "name": name}
