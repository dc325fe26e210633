"""The controller of JobSets (jobset.x-k8s.io/v1alpha2), where their definition is installed.

Source: kubernetes-sigs/jobset v0.12, pkg/controllers (jobset_controller.go, success_policy.go, failure_policy.go,
startup_policy.go, ttl_after_finished.go). A restart makes all Jobs anew (`Recreate`); rules of the failure policy are
followed by action and reason, not by patterns of messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers import jobset_jobs
from hpctl.sandbox.kube.controllers.conditions import condition_of, is_true
from hpctl.sandbox.kube.controllers.jobset_jobs import ATTEMPT, REPLICATED
from hpctl.sandbox.kube.controllers.owners import is_going, key_of, owned
from hpctl.sandbox.kube.controllers.rounds import Keeper, Round
from hpctl.sandbox.kube.resources import Resource
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.controllers.recorder import Recorder
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Object

MANAGER: Final = "jobset-controller"
RESOURCE: Final = Resource(
    group="jobset.x-k8s.io",
    version="v1alpha2",
    plural="jobsets",
    kind="JobSet",
    singular="jobset",
    subresources=frozenset({"status"}),
)
_OURS: Final = (None, "jobset.sigs.k8s.io/jobset-controller")
COMPLETED: Final = "Completed"
FAILED: Final = "Failed"
SUSPENDED: Final = "Suspended"
_NOT_COUNTED: Final = frozenset({"RestartJobSetAndIgnoreMaxRestarts"})


class JobSets(Keeper):
    """Creates each replicated job's Jobs, all of them again when one fails, until as many as wished have succeeded."""

    resource = RESOURCE
    manager = MANAGER

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._jobs = api.resource("batch/v1", "Job")
        super().__init__(api, self._jobs, api.resource("v1", "Service"))

    def reconcile(self, key: Key) -> float | None:
        """Bring a JobSet nearer to its end."""
        jobset = self._found(key)
        if jobset is None or jobset["spec"].get("managedBy") not in _OURS:
            return None
        return _Round(self._api, self._recorder, jobset, owned(self._api, self._jobs, jobset)).go()


class _Round(Round):
    """One look at one JobSet."""

    def __init__(self, api: Api, recorder: Recorder, jobset: Object, jobs: list[Object]) -> None:
        super().__init__(api, recorder, RESOURCE, jobset)
        self._children, self._services = api.resource("batch/v1", "Job"), api.resource("v1", "Service")
        self._attempt = int(self._status.get("restarts", 0))
        self._old = [job for job in jobs if _attempt_of(job) < self._attempt]
        self._jobs = [job for job in jobs if _attempt_of(job) == self._attempt and not is_going(job)]

    def go(self) -> float | None:
        """Take all steps; returns when the next is due without anybody's doing."""
        if self._is(COMPLETED) or self._is(FAILED):
            self._delete([job for job in self._jobs if not _has_ended(job)])
            ended = condition_of(self._job, COMPLETED if self._is(COMPLETED) else FAILED) or {}
            return self._expire(self._job["spec"].get("ttlSecondsAfterFinished"), ended["lastTransitionTime"])
        self._delete(self._old)
        self._tell_numbers()
        failed = [job for job in self._jobs if is_true(job, "Failed")]
        if failed:
            self._judge_failure(failed[0])
        elif self._has_succeeded():
            self._end(COMPLETED, "AllJobsCompleted", "jobset completed successfully")
        else:
            self._go_on()
        self._save()
        return None

    def _go_on(self) -> None:
        self._serve()
        self._suspend_or_resume()
        there = {job["metadata"]["name"]: job for job in self._jobs}
        going = {job["metadata"]["name"] for job in self._old}
        for replicated in jobset_jobs.replicated_jobs(self._job):
            if not self._may_start(replicated):
                break
            for job in jobset_jobs.new_jobs(self._job, replicated, self._attempt):
                name = job["metadata"]["name"]
                # A Job of the attempt before has the name until it is gone.
                if name not in there and name not in going:
                    self._make(self._children, job, "JobCreationFailed")

    def _may_start(self, replicated: Object) -> bool:
        """Whether those before it let it start: in order, or because it depends on some of them."""
        order = (self._job["spec"].get("startupPolicy") or {}).get("startupPolicyOrder")
        if order == "InOrder":
            return all(self._is_ready(name) for name in self._names_before(replicated["name"]))
        for wished in replicated.get("dependsOn") or ():
            met = self._is_ready if wished["status"] == "Ready" else self._is_complete
            if not met(wished["name"]):
                return False
        return True

    def _names_before(self, name: str) -> Iterator[str]:
        for replicated in jobset_jobs.replicated_jobs(self._job):
            if replicated["name"] == name:
                return
            yield replicated["name"]

    def _is_ready(self, name: str) -> bool:
        row = self._row(name)
        return bool(row["ready"] + row["succeeded"] >= self._wanted(name))

    def _is_complete(self, name: str) -> bool:
        return bool(self._row(name)["succeeded"] >= self._wanted(name))

    def _row(self, name: str) -> Object:
        rows: list[Object] = self._status["replicatedJobsStatus"]
        return next(row for row in rows if row["name"] == name)

    def _wanted(self, name: str) -> int:
        rows = jobset_jobs.replicated_jobs(self._job)
        return next(jobset_jobs.replicas(row) for row in rows if row["name"] == name)

    def _tell_numbers(self) -> None:
        self._status["replicatedJobsStatus"] = [
            _numbers(replicated["name"], [job for job in self._jobs if _replicated_of(job) == replicated["name"]])
            for replicated in jobset_jobs.replicated_jobs(self._job)
        ]

    def _has_succeeded(self) -> bool:
        policy = self._job["spec"].get("successPolicy") or {}
        names = [row["name"] for row in jobset_jobs.replicated_jobs(self._job)]
        targets = policy.get("targetReplicatedJobs") or names
        succeeded = sum(self._row(name)["succeeded"] for name in targets)
        if policy.get("operator", "All") == "Any":
            return bool(succeeded)
        return bool(succeeded >= sum(map(self._wanted, targets)))

    def _judge_failure(self, job: Object) -> None:
        name, policy = job["metadata"]["name"], self._job["spec"].get("failurePolicy")
        if policy is None:
            self._end(FAILED, "FailedJobs", f"jobset failed due to one or more job failures (first failed job: {name})")
            return
        action = _action(policy, job)
        counted = int(self._status.get("restartsCountTowardsMax", 0))
        if action == "FailJobSet":
            told = f"jobset failed due to FailJobSet failure policy action (first failed job: {name})"
            self._end(FAILED, "FailJobSetFailurePolicyAction", told)
        elif action not in _NOT_COUNTED and counted >= policy.get("maxRestarts", 0):
            told = f"jobset failed due to reaching max number of restarts (first failed job: {name})"
            self._end(FAILED, "ReachedMaxRestarts", told)
        else:
            self._restart(name, counted + (action not in _NOT_COUNTED))

    def _restart(self, name: str, counted: int) -> None:
        self._status |= {"restarts": self._attempt + 1, "restartsCountTowardsMax": counted}
        told = f"restarting jobset, attempt {self._attempt + 1} (first failed job: {name})"
        self._recorder.warning(self._job, "RestartJobSetFailurePolicyAction", told)

    def _end(self, kind: str, reason: str, message: str) -> None:
        self._set(kind, reason, message)
        self._status["terminalState"] = kind
        tell = self._recorder.normal if kind == COMPLETED else self._recorder.warning
        tell(self._job, reason, message)

    def _suspend_or_resume(self) -> None:
        wished = bool(self._job["spec"].get("suspend"))
        if wished and not self._is(SUSPENDED):
            self._set(SUSPENDED, "SuspendedJobs", "jobset is suspended")
        elif not wished and self._is(SUSPENDED):
            self._set(SUSPENDED, "ResumeJobs", "jobset is resumed", status="False")
        for job in self._jobs:
            if bool(job["spec"].get("suspend")) != wished and not _has_ended(job):
                namespace, _ = key_of(job)
                changed = {**job, "spec": {**job["spec"], **self._places(job, wished), "suspend": wished}}
                self._api.update(self._children, namespace, changed, manager=MANAGER)

    def _places(self, job: Object, suspended: object) -> Object:
        """Return the template of a Job that goes on, with where the JobSet wants its pods by now (resumeJob)."""
        rows = jobset_jobs.replicated_jobs(self._job)
        wanted = next((row["template"]["spec"] for row in rows if row["name"] == _replicated_of(job)), None)
        if suspended or wanted is None:
            return {}
        template = job["spec"]["template"]
        told = {key: wanted["template"]["spec"].get(key) for key in ("nodeSelector", "tolerations")}
        kept = {key: value for key, value in template["spec"].items() if key not in told}
        return {"template": {**template, "spec": kept | {key: value for key, value in told.items() if value}}}

    def _serve(self) -> None:
        name = jobset_jobs.subdomain(self._job)
        if name is None:
            return
        try:
            self._api.get(self._services, self._job["metadata"]["namespace"], name)
        except StatusError:
            self._make(self._services, jobset_jobs.new_service(self._job, name), "HeadlessServiceCreationFailed")

    def _delete(self, jobs: list[Object]) -> None:
        for job in jobs:
            namespace, name = key_of(job)
            if not is_going(job):
                self._api.delete(self._children, namespace, name, propagation="Foreground", uid=job["metadata"]["uid"])


def _numbers(name: str, jobs: list[Object]) -> Object:
    """Return how many Jobs of a replicated job are how."""
    rows = {"active": 0, "failed": 0, "ready": 0, "succeeded": 0, "suspended": 0}
    for job in jobs:
        status, spec = job.get("status") or {}, job["spec"]
        if is_true(job, "Complete"):
            rows["succeeded"] += 1
        elif is_true(job, "Failed"):
            rows["failed"] += 1
        elif spec.get("suspend"):
            rows["suspended"] += 1
        else:
            wanted = min(spec.get("parallelism", 1), spec.get("completions") or spec.get("parallelism", 1))
            rows["active"] += bool(status.get("active"))
            rows["ready"] += status.get("ready", 0) + status.get("succeeded", 0) >= wanted
    return {"name": name, **rows}


def _action(policy: Object, job: Object) -> str:
    """Return what the first rule that a failed Job meets wants, else what is done without rules."""
    reason = (condition_of(job, "Failed") or {}).get("reason", "")
    for rule in policy.get("rules") or ():
        targets, reasons = rule.get("targetReplicatedJobs") or (), rule.get("onJobFailureReasons") or ()
        if (not targets or _replicated_of(job) in targets) and (not reasons or reason in reasons):
            return str(rule["action"])
    return "RestartJobSet"


def _replicated_of(job: Object) -> str:
    return str((job["metadata"].get("labels") or {}).get(REPLICATED, ""))


def _attempt_of(job: Object) -> int:
    return int((job["metadata"].get("labels") or {}).get(ATTEMPT, 0))


def _has_ended(job: Object) -> bool:
    return is_true(job, "Complete") or is_true(job, "Failed")
