"""Kueue: holds jobs that name a queue back until the queue has room for them, where its definitions are installed.

Source: kubernetes-sigs/kueue v0.19, pkg/controller/jobframework (reconciler.go), pkg/controller/core
(workload_controller.go), pkg/scheduler (scheduler.go). Everything is looked at anew whenever anything changes. Cohorts
of several levels, fair sharing, admission checks, placement by topology and plain pods are not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers import kueue_jobs, kueue_look, kueue_queues, kueue_workloads
from hpctl.sandbox.kube.controllers.conditions import is_true
from hpctl.sandbox.kube.controllers.kueue_admission import Verdict, turn
from hpctl.sandbox.kube.controllers.kueue_look import Look
from hpctl.sandbox.kube.controllers.kueue_preemption import Why
from hpctl.sandbox.kube.controllers.kueue_workloads import ADMITTED, EVICTED, RESERVED, Told, holds
from hpctl.sandbox.kube.controllers.owners import is_going, key_of
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.queued import KINDS, Kind, is_suspended, kind_of, queue_of
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object, Resource

MANAGER: Final = "kueue"
_ALL: Final = ("", "")
_MALFORMED: Final = (LookupError, TypeError, ValueError, AttributeError)
_FOR: Final = {
    Why.IN_QUEUE: "prioritization in the ClusterQueue",
    Why.IN_COHORT: "reclamation within the cohort",
}


class Kueue:
    """Looks after all queues and the jobs in them."""

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._api = api
        self._recorder = Recorder(api, MANAGER)
        jobs = [kueue_look.resource_of(kind) for kind in KINDS]
        self.watches: tuple[Resource, ...] = (*jobs, *kueue_look.RESOURCES.values(), api.resource("v1", "Namespace"))

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the only key: queues share what they have, and one decision is of all."""
        is_job = kind_of(event.resource.group, event.resource.kind) is not None
        if not is_job or queue_of(event.object) or (event.before and queue_of(event.before)):
            yield _ALL

    def reconcile(self, key: Key) -> float | None:  # noqa: ARG002 - all queues are one key
        """Bring all queues nearer to what they should be."""
        if not kueue_look.is_installed(self._api):
            return None
        failed: list[StatusError] = []
        for step in (self._follow, self._decide, self._drive, self._tell):
            failed += step(Look(self._api))
        if failed:
            raise failed[0]
        return None

    def _follow(self, look: Look) -> Iterator[StatusError]:
        """See that each job has a Workload which says what the job is and what has become of it."""
        for job, kind in look.jobs():
            workload = look.workload_of(job)
            ended = kueue_jobs.end_of(job, kind)
            try:
                if workload is None:
                    if ended is None:
                        self._create(look, job, kind)
                elif ended is not None:
                    self._finish(workload, kind, ended)
                else:
                    self._follow_job(look, workload, job, kind)
            except StatusError as error:
                yield error

    def _create(self, look: Look, job: Object, kind: Kind) -> None:
        try:
            sets = kueue_jobs.pod_sets(job, kind)
            priority = look.priority_of(job, sets)
        except StatusError as error:
            self._recorder.warning(job, "ErrWorkloadCompose", error.message)
            return
        except _MALFORMED:
            # Its own controller says what is wrong with it; all others go on.
            self._recorder.warning(job, "ErrWorkloadCompose", f"the {kind.kind} does not say which pods it is of")
            return
        body = kueue_workloads.new_workload(job, sets, queue_of(job), priority)
        namespace, name = key_of(job)[0], body["metadata"]["name"]
        self._api.create(kueue_look.RESOURCES["Workload"], namespace, body, manager=MANAGER)
        self._recorder.normal(job, "CreatedWorkload", f"Created Workload: {namespace}/{name}")

    def _finish(self, workload: Object, kind: Kind, ended: Object) -> None:
        if not is_true(workload, kueue_workloads.FINISHED):
            told = self._told(workload)
            told.finish("Succeeded" if ended["type"] == kind.succeeded else "Failed", ended.get("message") or "")
            self._keep(workload, told)

    def _follow_job(self, look: Look, workload: Object, job: Object, kind: Kind) -> None:
        self._evict_where_closed(look, workload)
        if not holds(workload):
            self._change(look, workload, job)
        elif is_true(workload, EVICTED) and is_suspended(job, kind) and not kueue_jobs.is_active(job, kind):
            told = self._told(workload)
            told.release()
            self._keep(workload, told)

    def _change(self, look: Look, workload: Object, job: Object) -> None:
        """Let a Workload that waits follow its job's queue and priority."""
        wished = {"queueName": queue_of(job), **look.priority_of(job, workload["spec"]["podSets"])}
        if any(workload["spec"].get(name) != value for name, value in wished.items()):
            changed = {**look.fresh(workload), "spec": {**workload["spec"], **wished}}
            self._api.update(kueue_look.RESOURCES["Workload"], key_of(workload)[0], changed, manager=MANAGER)

    def _evict_where_closed(self, look: Look, workload: Object) -> None:
        if is_true(workload, EVICTED) and not holds(workload):
            return
        if workload["spec"].get("active", True) is False:
            self._evict(workload, "Deactivated", "The workload is deactivated")
        elif holds(workload):
            for word, queue in look.queues_of(workload):
                if queue is not None and kueue_queues.stop_of(queue) == kueue_queues.DRAINED:
                    self._evict(workload, f"{word}Stopped", f"The {word} is stopped")

    def _evict(self, workload: Object, reason: str, message: str, preempted: str = "") -> None:
        if not is_true(workload, EVICTED):
            told = self._told(workload)
            told.evict(reason, message, preempted)
            self._keep(workload, told)
            self._recorder.normal(workload, f"EvictedDueTo{reason}", message)

    def _decide(self, look: Look) -> Iterator[StatusError]:
        """Let in who fits, ask others to give back what they hold, and tell the rest why they wait."""
        for workload, reason, message in look.left_out():
            yield from self._wait(workload, reason, message)
        waiting = {kueue_workloads.key(each): each for each in look.waiting()}
        for verdict in turn(look.market(), [look.wish(each) for each in waiting.values()]):
            workload = waiting[verdict.wish.name]
            if verdict.why:
                yield from self._preempt(look, workload, verdict)
                yield from self._wait(workload, kueue_workloads.PENDING, verdict.why)
            else:
                yield from self._admit(workload, verdict)

    def _admit(self, workload: Object, verdict: Verdict) -> Iterator[StatusError]:
        told = self._told(workload)
        told.admit(kueue_workloads.admission(workload, verdict))
        waited = round(self._api.now.timestamp() - kueue_workloads.born(workload))
        queue = verdict.wish.queue
        try:
            self._keep(workload, told)
        except StatusError as error:
            yield error
            return
        message = f"Quota reserved in ClusterQueue {queue}, wait time since queued was {waited}s"
        self._recorder.normal(workload, RESERVED, message)
        message = f"Admitted by ClusterQueue {queue}, wait time since reservation was 0s"
        self._recorder.normal(workload, ADMITTED, message)

    def _preempt(self, look: Look, workload: Object, verdict: Verdict) -> Iterator[StatusError]:
        for target in verdict.targets:
            gone = look.workloads[target.held.name]
            if is_true(gone, EVICTED):
                continue
            job = (workload["metadata"].get("labels") or {}).get(kueue_workloads.JOB_UID, "UNKNOWN")
            paths = [f"/{path}" for path in map(look.path_of, (verdict.wish.queue, target.held.queue))]
            message = (
                f"Preempted to accommodate a workload (UID: {workload['metadata']['uid']}, JobUID: {job}) "
                f"due to {_FOR[target.why]}; preemptor path: {paths[0]}; preemptee path: {paths[1]}"
            )
            try:
                self._evict(gone, kueue_workloads.PREEMPTED, message, target.why)
            except StatusError as error:
                yield error
                continue
            self._recorder.normal(gone, kueue_workloads.PREEMPTED, message)

    def _wait(self, workload: Object, reason: str, message: str) -> Iterator[StatusError]:
        told = self._told(workload)
        told.wait(reason, message)
        try:
            if self._keep(workload, told):
                self._recorder.warning(workload, kueue_workloads.PENDING, message)
        except StatusError as error:
            yield error

    def _drive(self, look: Look) -> Iterator[StatusError]:
        """Let jobs go that are admitted, and hold all others back."""
        for job, kind in look.jobs():
            if kueue_jobs.end_of(job, kind) is not None:
                continue
            workload, suspended = look.workload_of(job), is_suspended(job, kind)
            goes = workload is not None and is_true(workload, ADMITTED) and not is_true(workload, EVICTED)
            if goes == (not suspended):
                continue
            try:
                if goes and workload is not None:
                    self._start(look, job, kind, workload)
                else:
                    self._stop(look, job, kind, workload)
            except StatusError as error:
                yield error

    def _start(self, look: Look, job: Object, kind: Kind, workload: Object) -> None:
        changed = kueue_jobs.let_go(job, kind, look.places(workload))
        self._api.update(kueue_look.resource_of(kind), key_of(job)[0], changed, manager=MANAGER)
        queue = workload["status"]["admission"]["clusterQueue"]
        self._recorder.normal(job, "Started", f"Admitted by clusterQueue {queue}")

    def _stop(self, look: Look, job: Object, kind: Kind, workload: Object | None) -> None:
        changed = kueue_jobs.held(job, kind, workload or {"spec": {"podSets": []}})
        resource = kueue_look.resource_of(kind)
        # Pods are placed elsewhere next time: a Job's template may change once it is suspended.
        bare = kueue_jobs.held(job, kind, {"spec": {"podSets": []}})
        kept = self._api.update(resource, key_of(job)[0], bare, manager=MANAGER)
        if changed["spec"] != bare["spec"]:
            changed = {**kept, "spec": changed["spec"]}
            self._api.update(resource, key_of(job)[0], changed, manager=MANAGER)
        self._recorder.normal(job, "Stopped", look.why_stopped(workload))

    def _tell(self, look: Look) -> Iterator[StatusError]:
        """Bring the statuses of all queues up to date."""
        for resource, queue, status in look.statuses():
            if status != queue.get("status"):
                namespace = queue["metadata"].get("namespace")
                try:
                    changed = {**queue, "status": status}
                    self._api.update(resource, namespace, changed, manager=MANAGER, subresource="status")
                except StatusError as error:
                    yield error

    def _told(self, workload: Object) -> Told:
        return Told(workload, self._api.now)

    def _keep(self, workload: Object, told: Told) -> bool:
        """Keep a Workload's status, if it is another one."""
        if is_going(workload) or told.status == workload.get("status"):
            return False
        resource, (namespace, name) = kueue_look.RESOURCES["Workload"], key_of(workload)
        changed = {**self._api.get(resource, namespace, name), "status": told.status}
        self._api.update(resource, namespace, changed, manager=MANAGER, subresource="status")
        return True
