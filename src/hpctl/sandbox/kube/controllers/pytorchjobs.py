"""The controller of PyTorchJobs (kubeflow.org/v1), as kubeflow/training-operator 1.8 has it.

Source: pkg/controller.v1/pytorch/pytorchjob_controller.go, pkg/controller.v1/common/{job,pod}.go, pkg/util/status.go,
pkg/apis/kubeflow.org/v1/pytorch_validation.go. Gang scheduling and the autoscaler of elastic jobs are not here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers import job_pods, pytorch_pods, pytorch_status
from hpctl.sandbox.kube.controllers.conditions import since
from hpctl.sandbox.kube.controllers.owners import is_going, key_of, owned
from hpctl.sandbox.kube.controllers.pytorch_status import FAILED, RESTARTING, RUNNING, SUCCEEDED, SUSPENDED
from hpctl.sandbox.kube.controllers.rounds import Keeper, Round
from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.controllers.recorder import Recorder
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Object

MANAGER: Final = "pytorchjob-controller"
RESOURCE: Final = Resource(
    group="kubeflow.org",
    version="v1",
    plural="pytorchjobs",
    kind="PyTorchJob",
    singular="pytorchjob",
    subresources=frozenset({"scale", "status"}),
)
_NAME: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
# Interrupted, killed, terminated, and what a program may ask for by SIGUSR1 (pkg/util/train/train_util.go).
_RETRYABLE_CODES: Final = frozenset({130, 137, 138, 143})


class PyTorchJobs(Keeper):
    """Creates each replica's pod and Service, again where they are lost, until the master has succeeded."""

    resource = RESOURCE
    manager = MANAGER

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._pods, self._services = api.resource("v1", "Pod"), api.resource("v1", "Service")
        super().__init__(api, self._pods, self._services)

    def reconcile(self, key: Key) -> float | None:
        """Bring a job nearer to its end."""
        job = self._found(key)
        if job is None:
            return None
        if fault := next(faults_of(job), None):
            told = f"PyTorchJob failed validation because {fault}"
            self._recorder.warning(job, "PyTorchJobFailedValidation", told)
            return None
        pods, services = owned(self._api, self._pods, job), owned(self._api, self._services, job)
        return _Round(self._api, self._recorder, job, pods, services).go()


def faults_of(job: Object) -> Iterator[str]:
    """Yield what the operator's validation says of a job."""
    if not _NAME.fullmatch(job["metadata"]["name"]):
        yield "PyTorchJob name is invalid"
    for kind, spec in job["spec"]["pytorchReplicaSpecs"].items():
        containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or ()
        if not containers:
            yield f"PyTorchJobSpec is not valid: containers definition expected in {kind}"
        if kind not in {pytorch_pods.MASTER, pytorch_pods.WORKER}:
            yield f"PyTorchReplicaType is {kind} but must be one of [Master Worker]"
        if not all(container.get("image") for container in containers):
            yield f"PyTorchJobSpec is not valid: Image is undefined in the container of {kind}"
        if all(container["name"] != pytorch_pods.CONTAINER for container in containers):
            yield f"PyTorchJobSpec is not valid: There is no container named pytorch in {kind}"
        if kind == pytorch_pods.MASTER and pytorch_pods.replicas(spec) != 1:
            yield "PyTorchJobSpec is not valid: There must be only 1 master replica"


class _Round(Round):
    """One look at one job."""

    def __init__(self, api: Api, recorder: Recorder, job: Object, pods: list[Object], services: list[Object]) -> None:
        super().__init__(api, recorder, RESOURCE, job)
        self._found, self._beside = pods, services
        self._specs = pytorch_pods.replica_specs(job)
        self._policy: Object = job["spec"].get("runPolicy") or {}
        self._pods, self._services = api.resource("v1", "Pod"), api.resource("v1", "Service")
        self._name = job["metadata"]["name"]

    def go(self) -> float | None:
        """Take all steps; returns when the next is due without anybody's doing."""
        if not self._status.get("conditions"):
            self._set("Created", "PyTorchJobCreated", f"PyTorchJob {self._name} is created.")
        if self._is(SUCCEEDED) or self._is(FAILED):
            return self._clean_up()
        if self._policy.get("suspend"):
            self._suspend()
        else:
            self._run()
        self._save()
        return self._left()

    def _run(self) -> None:
        if self._is(SUSPENDED):
            told = f"PyTorchJob {self._name} is resumed."
            self._set(SUSPENDED, "PyTorchJobResumed", told, status="False")
            self._status["startTime"] = timestamp(self._api.now)
            self._recorder.normal(self._job, "PyTorchJobResumed", told)
        self._status.setdefault("startTime", timestamp(self._api.now))
        if message := self._past_limit():
            self._fail(message)
            self._delete(self._found)
            return
        for kind, spec in self._specs.items():
            self._serve(kind, spec)
            self._replicate(kind, spec)
        for kind, spec in self._specs.items():
            self._judge(kind, spec)

    def _past_limit(self) -> str:
        limit = self._policy.get("backoffLimit")
        if limit is not None and (self._is_first_failure(limit) or self._restarted(limit)):
            return f"Job {self._name} has failed because it has reached the specified backoff limit"
        if (left := self._left()) is not None and left <= 0:
            return f"Job {self._name} has failed because it was active longer than specified deadline"
        return ""

    def _is_first_failure(self, limit: int) -> bool:
        failed = sum(job_pods.phase_of(pod) == "Failed" for pod in self._found)
        known = sum(row.get("failed", 0) for row in (self._status.get("replicaStatuses") or {}).values())
        return limit < 1 and failed > known

    def _restarted(self, limit: int) -> bool:
        count = job_pods.restarts(pod for pod in self._found if job_pods.phase_of(pod) == "Running")
        return count > 0 if limit == 0 else count >= limit

    def _left(self) -> float | None:
        deadline, started = self._policy.get("activeDeadlineSeconds"), self._status.get("startTime")
        if deadline is None or started is None or "completionTime" in self._status:
            return None
        return float(deadline - since(started, self._api.now))

    def _replicate(self, kind: str, spec: Object) -> None:
        """Create the pods of a type that are missing, delete those too many, restart what is worth it, count."""
        wanted, mine = pytorch_pods.replicas(spec), self._of(kind)
        numbers = {"active": 0, "succeeded": 0, "failed": 0}
        for index in range(wanted):
            if index not in mine:
                self._create(kind, index)
        for index, pod in mine.items():
            if index >= wanted:
                self._delete([pod])
            if job_pods.phase_of(pod) == "Failed":
                self._restart_or_fail(kind, spec, pod)
            if word := pytorch_status.counted_as(pod):
                numbers[word] += 1
        told = {name: count for name, count in numbers.items() if count}
        labels = sorted(pytorch_pods.labels_of(self._job, kind).items())
        rows = self._status.get("replicaStatuses") or {}
        selector = ",".join(f"{name}={value}" for name, value in labels)
        self._status["replicaStatuses"] = {**rows, kind: {**told, "selector": selector}}

    def _of(self, kind: str) -> dict[int, Object]:
        rows = ((pod["metadata"].get("labels") or {}, pod) for pod in self._found)
        return {
            int(labels[pytorch_pods.REPLICA_INDEX]): pod
            for labels, pod in rows
            if labels.get(pytorch_pods.REPLICA_TYPE) == kind.lower()
        }

    def _restart_or_fail(self, kind: str, spec: Object, pod: Object) -> None:
        policy, code = pytorch_pods.restart_policy(spec), pytorch_status.exit_code(pod)
        if code is not None:
            namespace, name = key_of(pod)
            self._recorder.normal(self._job, "ExitedWithCode", f"Pod: {namespace}.{name} exited with code {code}")
        if policy == "Never" or is_going(pod):
            return
        if policy == "ExitCode" and code not in _RETRYABLE_CODES:
            self._fail(f'job "{self._name}" is failing because "{kind}" replica(s) failed.')
            return
        told = f"job {self._name} is restarting because {kind} replica(s) failed."
        self._delete([pod], services=False)
        self._recorder.warning(self._job, "PyTorchJobRestarting", told)
        self._set(RESTARTING, "PyTorchJobRestarting", told)

    def _judge(self, kind: str, spec: Object) -> None:
        """Say what a type's numbers mean for the job: the master's end is the job's, else all workers'."""
        row, wanted = self._status["replicaStatuses"][kind], pytorch_pods.replicas(spec)
        active, succeeded, failed = (row.get(name, 0) for name in ("active", "succeeded", "failed"))
        leads = kind == pytorch_pods.MASTER or pytorch_pods.MASTER not in self._specs
        if leads and active:
            self._set(RUNNING, "PyTorchJobRunning", f"PyTorchJob {self._name} is running.")
        if leads and succeeded >= wanted:
            told = f"PyTorchJob {self._name} is successfully completed."
            self._recorder.normal(self._job, "PyTorchJobSucceeded", told)
            self._status.setdefault("completionTime", timestamp(self._api.now))
            self._set(SUCCEEDED, "PyTorchJobSucceeded", told)
        elif failed and wanted > succeeded + active and not self._is(SUCCEEDED):
            self._judge_failure(kind, failed, pytorch_pods.restart_policy(spec))

    def _judge_failure(self, kind: str, failed: int, policy: str) -> None:
        if policy == "Never":
            self._fail(f"PyTorchJob {self._name} is failed because {failed} {kind} replica(s) failed.")
        elif not self._is(FAILED):
            told = f"PyTorchJob {self._name} is restarting because {failed} {kind} replica(s) failed."
            self._recorder.warning(self._job, "PyTorchJobRestarting", told)
            self._set(RESTARTING, "PyTorchJobRestarting", told)

    def _fail(self, message: str) -> None:
        if not self._is(FAILED):
            self._status.setdefault("completionTime", timestamp(self._api.now))
            self._set(FAILED, "PyTorchJobFailed", message)
            self._recorder.normal(self._job, "PyTorchJobFailed", message)

    def _suspend(self) -> None:
        self._delete(self._found)
        told = f"PyTorchJob {self._name} is suspended."
        rows = (self._status.get("replicaStatuses") or {}).items()
        idle = {kind: {name: value for name, value in row.items() if name != "active"} for kind, row in rows}
        if idle:
            self._status["replicaStatuses"] = idle
        self._status.pop("startTime", None)
        if self._is(RUNNING):
            self._set(RUNNING, "PyTorchJobSuspended", told, status="False")
        if not self._is(SUSPENDED):
            self._set(SUSPENDED, "PyTorchJobSuspended", told)
            self._recorder.normal(self._job, "PyTorchJobSuspended", told)

    def _clean_up(self) -> float | None:
        """Delete the pods of a job that has ended as its cleanPodPolicy says, and later the job itself."""
        policy = self._policy.get("cleanPodPolicy") or "None"
        if policy != "None":
            self._delete([pod for pod in self._found if policy == "All" or job_pods.is_active(pod)])
        if self._is(SUCCEEDED):
            rows = (self._status.get("replicaStatuses") or {}).items()
            self._status["replicaStatuses"] = {kind: pytorch_status.settled(row) for kind, row in rows}
        self._save()
        return self._expire(self._policy.get("ttlSecondsAfterFinished"), self._status.get("completionTime"))

    def _serve(self, kind: str, spec: Object) -> None:
        names = {each["metadata"]["name"] for each in self._beside}
        for index in range(pytorch_pods.replicas(spec)):
            service = pytorch_pods.new_service(self._job, kind, index)
            if service["metadata"]["name"] not in names:
                self._create_and_tell(self._services, service)

    def _create(self, kind: str, index: int) -> None:
        if "restartPolicy" in self._specs[kind]["template"]["spec"]:
            told = "Restart policy in pod template will be overwritten by restart policy in replica spec"
            self._recorder.warning(self._job, "SetPodTemplateRestartPolicy", told)
        self._create_and_tell(self._pods, pytorch_pods.new_pod(self._job, kind, index))

    def _create_and_tell(self, resource: Resource, wanted: Object) -> None:
        self._make(resource, wanted, f"FailedCreate{resource.kind}")
        told = f"Created {resource.kind.lower()}: {wanted['metadata']['name']}"
        self._recorder.normal(self._job, f"SuccessfulCreate{resource.kind}", told)

    def _delete(self, pods: list[Object], *, services: bool = True) -> None:
        names = {each["metadata"]["name"] for each in self._beside} if services else set()
        for pod in pods:
            namespace, name = key_of(pod)
            if not is_going(pod):
                self._api.delete(self._pods, namespace, name, uid=pod["metadata"]["uid"])
                self._recorder.normal(self._job, "SuccessfulDeletePod", f"Deleted pod: {name}")
            if name in names:
                self._api.delete(self._services, namespace, name)
                self._recorder.normal(self._job, "SuccessfulDeleteService", f"Deleted service: {name}")

    def _with(self, conditions: Iterable[Object], condition: Object) -> list[Object]:
        return pytorch_status.with_condition(conditions, condition, self._api.now)
