"""The controller of Jobs (batch/v1), as kubernetes 1.33, pkg/controller/job, has it.

What it has not: `successPolicy`; a job that asks for it hears so by an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.controllers import job_indexes, job_pods
from hpctl.sandbox.kube.controllers.conditions import condition_of, is_true, since, with_condition
from hpctl.sandbox.kube.controllers.owners import is_going, key_of, owned, owner_keys
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.resources import PatchType
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object

MANAGER: Final = "job-controller"
_OURS: Final = (None, "kubernetes.io/job-controller")
_MISSING: Final = ("successPolicy",)
_TARGETS: Final = {"FailureTarget": "Failed", "SuccessCriteriaMet": "Complete"}
_REACHED: Final = ("CompletionsReached", "Reached expected number of succeeded pods")
_PAST_LIMIT: Final = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
_PAST_DEADLINE: Final = ("DeadlineExceeded", "Job was active longer than specified deadline")


class Jobs:
    """Creates pods until as many have succeeded as a job wants, or too many have failed."""

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._api = api
        self._jobs, self._pods = api.resource("batch/v1", "Job"), api.resource("v1", "Pod")
        self._recorder = Recorder(api, MANAGER)
        self.watches = (self._jobs, self._pods)

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the job itself, or the job whose pod it is."""
        if event.resource.kind == "Job":
            yield key_of(event.object)
        else:
            yield from owner_keys(event, self._jobs)

    def reconcile(self, key: Key) -> float | None:
        """Bring a job nearer to its end."""
        job = self._found(key)
        if job is None or is_going(job):
            self._let_go(key)
            return None
        if job["spec"].get("managedBy") not in _OURS:
            return None
        pods = owned(self._api, self._pods, job)
        if is_true(job, "Complete") or is_true(job, "Failed"):
            self._untrack(pods)
            return self._expire(job)
        return _Round(self._api, self._recorder, job, pods).go()

    def _found(self, key: Key) -> Object | None:
        try:
            return self._api.get(self._jobs, *key)
        except StatusError:
            return None

    def _let_go(self, key: Key) -> None:
        """Let the pods of a job that is not there any more go."""
        namespace, name = key
        pods = self._api.list(self._pods, namespace, labels=f"batch.kubernetes.io/job-name={name}")
        self._untrack(list(pods))

    def _untrack(self, pods: list[Object]) -> None:
        for pod in filter(job_pods.is_tracked, pods):
            untrack(self._api, pod)

    def _expire(self, job: Object) -> float | None:
        ttl = job["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return None
        ended = next(
            row for kind in ("Complete", "Failed") if (row := condition_of(job, kind)) and row["status"] == "True"
        )
        left = float(ttl - since(ended["lastTransitionTime"], self._api.now))
        if left > 0:
            return left
        namespace, name = key_of(job)
        self._api.delete(self._jobs, namespace, name, propagation="Foreground", uid=job["metadata"]["uid"])
        return None


def untrack(api: Api, pod: Object) -> None:
    """Take the tracking finalizer off a pod."""
    left = [each for each in pod["metadata"]["finalizers"] if each != job_pods.TRACKING]
    namespace, name = key_of(pod)
    patch = {"metadata": {"uid": pod["metadata"]["uid"], "finalizers": left or None}}
    try:
        api.patch(api.resource("v1", "Pod"), namespace, name, patch, manager=MANAGER, kind=PatchType.MERGE)
    except StatusError as error:
        if error.reason != "NotFound":
            raise


class _Round:
    """One look at one job: counts what has ended, decides what it means, then creates or deletes pods."""

    def __init__(self, api: Api, recorder: Recorder, job: Object, pods: list[Object]) -> None:
        self._api, self._recorder, self._job, self._found = api, recorder, job, pods
        self._spec: Object = job["spec"]
        self._status: Object = dict(job.get("status") or {})
        self._resource = api.resource("batch/v1", "Job")
        self._pods = api.resource("v1", "Pod")

    def go(self) -> float | None:
        """Take all steps; returns when the next is due without anybody's doing."""
        self._warn()
        self._begin()
        self._count()
        waits: float | None = None
        if not self._targeted():
            self._judge()
        if self._targeted():
            self._end()
        elif self._spec.get("suspend"):
            self._drop(self._active())
        else:
            waits = self._fill()
        self._tell_numbers()
        self._save()
        return self._sooner(waits)

    def _warn(self) -> None:
        for name in _MISSING:
            if self._spec.get(name) is not None and "startTime" not in self._status:
                told = f"the hpctl sandbox does not honour spec.{name}"
                self._recorder.warning(self._job, "NotInSandbox", told)

    def _begin(self) -> None:
        suspended, was = bool(self._spec.get("suspend")), is_true({"status": self._status}, "Suspended")
        if suspended and not was:
            self._status.pop("startTime", None)
            self._set("Suspended", "JobSuspended", "Job suspended")
            self._recorder.normal(self._job, "Suspended", "Job suspended")
        elif not suspended and was:
            self._set("Suspended", "JobResumed", "Job resumed", status="False")
            self._recorder.normal(self._job, "Resumed", "Job resumed")
        if not suspended and "startTime" not in self._status:
            self._status["startTime"] = timestamp(self._api.now)

    def _count(self) -> None:
        """Count what has ended, in the order that survives a crash: note who, let the pods go, count them."""
        uncounted = self._status.get("uncountedTerminatedPods") or {}
        rows = {kind: list(uncounted.get(kind) or ()) for kind in ("succeeded", "failed")}
        for pod in filter(job_pods.is_tracked, self._found):
            kind = self._kind_of_end(pod)
            if kind is not None and pod["metadata"]["uid"] not in rows[kind]:
                rows[kind].append(pod["metadata"]["uid"])
        if not any(rows.values()):
            return
        self._status["uncountedTerminatedPods"] = {kind: uids for kind, uids in rows.items() if uids}
        self._save()
        ended = [pod for pod in self._found if pod["metadata"]["uid"] in {*rows["succeeded"], *rows["failed"]}]
        self._note_indexes(
            [pod for pod in ended if pod["metadata"]["uid"] in rows["succeeded"]], len(rows["succeeded"])
        )
        ignored = [pod for pod in ended if job_pods.verdict(self._job, pod)[0] == "Ignore"]
        self._note_failed([pod for pod in ended if pod["metadata"]["uid"] in rows["failed"] and pod not in ignored])
        failed = len(rows["failed"]) - sum(pod["metadata"]["uid"] in rows["failed"] for pod in ignored)
        self._status["failed"] = self._status.get("failed", 0) + failed
        self._status["uncountedTerminatedPods"] = {}
        for pod in filter(job_pods.is_tracked, ended):
            untrack(self._api, pod)

    def _kind_of_end(self, pod: Object) -> str | None:
        if job_pods.phase_of(pod) == "Succeeded":
            return "succeeded"
        return "failed" if job_pods.has_failed(self._job, pod) else None

    def _note_indexes(self, succeeded: list[Object], count: int) -> None:
        if not job_pods.is_indexed(self._job):
            self._status["succeeded"] = self._status.get("succeeded", 0) + count
            return
        told = job_pods.read_indexes(self._status.get("completedIndexes", ""))
        told |= {index for pod in succeeded if (index := job_pods.index_of(pod)) is not None}
        told = {index for index in told if index < self._spec["completions"]}
        self._status["completedIndexes"] = job_pods.told_indexes(told)
        self._status["succeeded"] = len(told)

    def _note_failed(self, failed: list[Object]) -> None:
        if job_indexes.limit_of(self._job) is None:
            return
        told = job_pods.read_indexes(self._status.get("failedIndexes", ""))
        told |= job_indexes.newly_failed(self._job, failed)
        self._status["failedIndexes"] = job_pods.told_indexes(told)

    def _targeted(self) -> bool:
        return any(is_true({"status": self._status}, kind) for kind in _TARGETS)

    def _judge(self) -> None:
        """See whether the job has come to its end, and say so."""
        for pod in self._found:
            action, why = job_pods.verdict(self._job, pod) if job_pods.phase_of(pod) == "Failed" else ("", "")
            if action == "FailJob":
                self._set("FailureTarget", "PodFailurePolicy", why)
                return
        if self._is_past_limit():
            self._set("FailureTarget", *_PAST_LIMIT)
        elif (left := self._left()) is not None and left <= 0:
            self._set("FailureTarget", *_PAST_DEADLINE)
        elif self._is_complete():
            self._set("SuccessCriteriaMet", *_REACHED)
        elif (why_failed := job_indexes.verdict(self._job, self._status)) is not None:
            self._set("FailureTarget", *why_failed)

    def _is_past_limit(self) -> bool:
        limit = self._spec.get("backoffLimit", 6)
        if self._status.get("failed", 0) > limit:
            return True
        if self._spec["template"]["spec"].get("restartPolicy") != "OnFailure":
            return False
        count = job_pods.restarts(self._active())
        return count > 0 if limit == 0 else count >= limit

    def _left(self) -> float | None:
        """Return the seconds to the job's deadline."""
        deadline, started = self._spec.get("activeDeadlineSeconds"), self._status.get("startTime")
        if deadline is None or started is None or self._spec.get("suspend") or self._targeted():
            return None
        return float(deadline - since(started, self._api.now))

    def _is_complete(self) -> bool:
        succeeded, completions = self._status.get("succeeded", 0), self._spec.get("completions")
        if completions is None:
            return succeeded > 0 and not self._active()
        return bool(succeeded >= completions)

    def _end(self) -> None:
        """Delete what still runs, and call the job ended when nothing runs any more."""
        self._delete(self._active())
        if any(job_pods.is_terminating(pod) for pod in self._current()):
            return
        for target, final in _TARGETS.items():
            met = condition_of({"status": self._status}, target)
            if met is None or met["status"] != "True":
                continue
            self._set(final, met["reason"], met["message"])
            if final == "Complete":
                self._status["completionTime"] = timestamp(self._api.now)
                self._recorder.normal(self._job, "Completed", "Job completed")
            else:
                self._recorder.warning(self._job, met["reason"], met["message"])

    def _fill(self) -> float | None:
        active, wanted = self._active(), self._wanted()
        if len(active) > wanted:
            self._drop(sorted(active, key=job_pods.is_ready)[: len(active) - wanted])
            return None
        holding = [pod for pod in self._current() if job_pods.is_terminating(pod)]
        blocked = len(holding) if job_pods.replacement(self._job) == "Failed" else 0
        missing = wanted - len(active) - blocked
        if missing <= 0:
            return None
        indexes = self._next_indexes(missing, [*active, *(holding if blocked else ())])
        waits = [(index, self._back_off(index)) for index in indexes]
        for index, wait in waits:
            if wait <= 0:
                self._create(index)
        return min((wait for _, wait in waits if wait > 0), default=None)

    def _back_off(self, index: int | None) -> float:
        if index is None or job_indexes.limit_of(self._job) is None:
            return job_pods.back_off(self._found, self._api.now)
        return job_indexes.back_off(self._found, index, self._api.now)

    def _wanted(self) -> int:
        parallelism, completions = self._spec.get("parallelism", 1), self._spec.get("completions")
        succeeded = self._status.get("succeeded", 0)
        if completions is None:
            return len(self._active()) if succeeded else parallelism
        lost = len(job_pods.read_indexes(self._status.get("failedIndexes", "")))
        return int(min(parallelism, completions - succeeded - lost))

    def _next_indexes(self, count: int, taken: list[Object]) -> list[int | None]:
        if not job_pods.is_indexed(self._job):
            return [None] * count
        done = job_pods.read_indexes(self._status.get("completedIndexes", ""))
        done |= job_pods.read_indexes(self._status.get("failedIndexes", ""))
        done |= {index for pod in taken if (index := job_pods.index_of(pod)) is not None}
        free: list[int | None] = [index for index in range(self._spec["completions"]) if index not in done]
        return free[:count]

    def _create(self, index: int | None) -> None:
        namespace = self._job["metadata"]["namespace"]
        pod = job_pods.new_pod(self._job, index)
        if index is not None and job_indexes.limit_of(self._job) is not None:
            pod["metadata"]["annotations"][job_indexes.FAILURES] = str(job_indexes.next_failures(self._found, index))
        try:
            made = self._api.create(self._pods, namespace, pod, manager=MANAGER)
        except StatusError as error:
            self._recorder.warning(self._job, "FailedCreate", f"Error creating: {error.message}")
            raise
        self._recorder.normal(self._job, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    def _drop(self, pods: list[Object]) -> None:
        """Delete pods that are not wanted any more, which is no failure of theirs: they are not counted."""
        for pod in filter(job_pods.is_tracked, pods):
            untrack(self._api, pod)
        self._delete(pods)

    def _delete(self, pods: list[Object]) -> None:
        for pod in pods:
            namespace, name = key_of(pod)
            self._api.delete(self._pods, namespace, name, uid=pod["metadata"]["uid"])
            self._recorder.normal(self._job, "SuccessfulDelete", f"Deleted pod: {name}")

    def _current(self) -> list[Object]:
        return owned(self._api, self._pods, self._job)

    def _active(self) -> list[Object]:
        return [pod for pod in self._current() if job_pods.is_active(pod)]

    def _tell_numbers(self) -> None:
        pods = self._current()
        active = [pod for pod in pods if job_pods.is_active(pod)]
        numbers = {
            "active": len(active),
            "ready": sum(map(job_pods.is_ready, active)),
            "terminating": sum(map(job_pods.is_terminating, pods)),
        }
        self._status |= numbers
        self._status.setdefault("uncountedTerminatedPods", {})
        for name in ("active", "failed", "succeeded"):
            if not self._status.get(name):
                self._status.pop(name, None)

    def _set(self, kind: str, reason: str, message: str, *, status: str = "True") -> None:
        condition: dict[str, Any] = {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastProbeTime": timestamp(self._api.now),
        }
        rows = self._status.get("conditions") or ()
        self._status["conditions"] = with_condition(rows, condition, self._api.now)

    def _save(self) -> None:
        if self._status == self._job.get("status"):
            return
        namespace, _ = key_of(self._job)
        changed = {**self._job, "status": self._status}
        self._job = self._api.update(self._resource, namespace, changed, manager=MANAGER, subresource="status")
        self._status = dict(self._job["status"])

    def _sooner(self, waits: float | None) -> float | None:
        moments = [each for each in (waits, self._left()) if each is not None]
        return min(moments, default=None)
