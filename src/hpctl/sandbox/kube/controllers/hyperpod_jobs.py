"""The controller of HyperPodPyTorchJobs (sagemaker.amazonaws.com/v1), as far as HyperPod's training operator is known.

The operator is not public. Known are the fields (models of sagemaker-hyperpod 3.12.0), the talk with the agent in each
pod (hyperpod-elastic-agent 1.1.3), and AWS documentation, "Using the HyperPod training operator". From these follows:
pods start, the agents say that they are ready, all are started at once with their ranks; a fault stops all, and they
are started again. A pod without an agent is never started, and one that ends by itself has ended as its code says.
Reasons and messages are the sandbox's own. Spares, elastic jobs and nodes to avoid are not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers import hyperpod_pods, job_pods
from hpctl.sandbox.kube.controllers.agents import AgentState, Order, Told
from hpctl.sandbox.kube.controllers.conditions import since
from hpctl.sandbox.kube.controllers.hyperpod_restarts import next_restart
from hpctl.sandbox.kube.controllers.owners import is_going, key_of, owned
from hpctl.sandbox.kube.controllers.rounds import Keeper, Round
from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.resources import Resource

if TYPE_CHECKING:
    from hpctl.sandbox.kube.controllers.agents import Agents
    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.controllers.recorder import Recorder
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Object

MANAGER: Final = "hp-training-operator"
RESOURCE: Final = Resource(
    group="sagemaker.amazonaws.com",
    version="v1",
    plural="hyperpodpytorchjobs",
    kind="HyperPodPyTorchJob",
    singular="hyperpodpytorchjob",
    subresources=frozenset({"status"}),
)
CREATED: Final = "Created"
RUNNING: Final = "Running"
FAULT: Final = "Fault"
SUSPENDED: Final = "Suspended"
COMPLETED: Final = "Completed"
FAILED: Final = "Failed"
POLL_S: Final = 0.5
"""How often agents are asked."""
SILENT_POLL_S: Final = 5.0
"""How often they are where somebody has none, once the job is older than `_YOUNG_S`."""
_YOUNG_S: Final = 60.0
_BEGUN: Final = frozenset({AgentState.RUNNING, AgentState.FAULTED, AgentState.COMPLETED})


class HyperPodJobs(Keeper):
    """Creates a job's pods, starts and stops the agents in them together, until all have completed."""

    resource = RESOURCE
    manager = MANAGER

    def __init__(self, api: Api, agents: Agents) -> None:
        """Take the cluster's API, and the agents of its pods."""
        self._pods, self._agents = api.resource("v1", "Pod"), agents
        super().__init__(api, self._pods)

    def reconcile(self, key: Key) -> float | None:
        """Bring a job nearer to its end."""
        job = self._found(key)
        if job is None:
            return None
        return _Round(self._api, self._recorder, job, self._agents, owned(self._api, self._pods, job)).go()


class _Round(Round):
    """One look at one job."""

    def __init__(self, api: Api, recorder: Recorder, job: Object, agents: Agents, pods: list[Object]) -> None:
        super().__init__(api, recorder, RESOURCE, job)
        self._resource_of_pods = api.resource("v1", "Pod")
        self._agents = agents
        self._policy: Object = job["spec"].get("runPolicy") or {}
        self._wanted = list(hyperpod_pods.new_pods(job))
        self._there = {pod["metadata"]["name"]: pod for pod in pods}
        names = [pod["metadata"]["name"] for pod in self._wanted]
        self._ranks = [pod if (pod := self._there.get(name)) and not is_going(pod) else None for name in names]
        self._told = [self._heard(pod) for pod in self._ranks]

    def go(self) -> float | None:
        """Take all steps; returns when the next is due without anybody's doing."""
        if not self._status.get("conditions"):
            self._set(CREATED, "JobCreated", "the job is created")
        after = self._step()
        self._save()
        return after

    def _step(self) -> float | None:
        if self._is(COMPLETED) or self._is(FAILED):
            return self._clean_up()
        if self._policy.get("suspend"):
            self._suspend()
            return None
        if self._is(SUSPENDED):
            self._set(SUSPENDED, "JobResumed", "the job is resumed", status="False")
        self._status.setdefault("startTime", timestamp(self._api.now))
        if why := self._past_limit():
            self._fail("DeadlineExceeded", why)
        else:
            self._run()
        return self._pause()

    def _run(self) -> None:
        self._create_missing()
        if all(told == Told(AgentState.COMPLETED) for told in map(_settled, self._told)):
            self._complete()
        elif self._is(RUNNING):
            if faults := self._faults():
                self._restart_or_fail(faults)
        elif any(told and told.state is AgentState.SHUTDOWN for told in self._told):
            self._restart_or_fail(self._ended_early())
        else:
            self._start_or_stop()

    def _heard(self, pod: Object | None) -> Told | None:
        """Return what a rank's agent says; a pod that has ended says it by its end, SHUTDOWN where it failed."""
        match pod and job_pods.phase_of(pod):
            case "Running":
                return self._agents.ask(pod) if pod else None
            case "Succeeded":
                return Told(AgentState.COMPLETED)
            case "Failed":
                return Told(AgentState.SHUTDOWN, "its pod has failed")
            case _:
                return None

    def _faults(self) -> dict[int, str]:
        """Return why ranks of a job that runs do not: by rank."""
        found = {}
        for rank, (pod, told) in enumerate(zip(self._ranks, self._told, strict=True)):
            if pod is None:
                found[rank] = "its pod is gone"
            elif told and told.state not in (AgentState.RUNNING, AgentState.COMPLETED):
                found[rank] = told.why or f"its agent is {told.state}"
        return found

    def _ended_early(self) -> dict[int, str]:
        pairs = enumerate(self._told)
        return {rank: told.why for rank, told in pairs if told and told.state is AgentState.SHUTDOWN}

    def _start_or_stop(self) -> None:
        """Stop what still runs of the attempt before, and start all agents once all are ready."""
        states = [told.state if told else None for told in self._told]
        for pod, state in zip(self._ranks, states, strict=True):
            if pod and state in _BEGUN and job_pods.phase_of(pod) == "Running":
                self._agents.order(pod, Order.STOP, {})
        pods = [pod for pod in self._ranks if pod]
        if not pods or states != [AgentState.READY] * len(self._ranks):
            return
        for rank, pod in enumerate(pods):
            order = hyperpod_pods.start_order(self._job, pods, rank, self._restarts())
            self._agents.order(pod, Order.START, order)
        self._status |= {"masterAddr": pods[0]["status"].get("podIP", ""), "masterPort": hyperpod_pods.MASTER_PORT}
        if self._is(FAULT):
            self._set(FAULT, "JobRestarted", "all agents run again", status="False")
        self._set(RUNNING, "JobRunning", "all agents run")
        self._recorder.normal(self._job, "JobRunning", f"started the agents of {len(pods)} pods")

    def _restart_or_fail(self, faults: dict[int, str]) -> None:
        why = "; ".join(f"rank {rank}: {reason}" for rank, reason in faults.items())
        age_s = since(self._job["metadata"]["creationTimestamp"], self._api.now)
        found = next_restart(self._policy, self._status, age_s)
        self._set(RUNNING, "JobFault", why, status="False")
        if isinstance(found, str):
            self._fail("RetriesExhausted", f"{why}; {found}")
            return
        self._set(FAULT, "JobFault", why)
        self._recorder.warning(self._job, "JobFault", why)
        self._status |= {**found.status, "latestFaultyPodInstanceList": self._faulty(faults, full=found.full)}
        for rank, pod in enumerate(self._ranks):
            if pod and (found.full or (rank in faults and job_pods.phase_of(pod) != "Running")):
                self._delete(pod)

    def _faulty(self, faults: dict[int, str], *, full: bool) -> Object:
        pods = [pod for rank in faults if (pod := self._ranks[rank])]
        nodes = [pod["spec"].get("nodeName", "") for pod in pods]
        return {
            "restartType": "FullJobRestart" if full else "StandardRestart",
            "faultyPodList": [pod["metadata"]["name"] for pod in pods],
            "faultyRankList": [str(rank) for rank in faults],
            "faultyInstanceIdList": [node.removeprefix("hyperpod-") for node in nodes if node],
        }

    def _past_limit(self) -> str:
        times = {"activeDeadlineSeconds": ("active", self._status["startTime"])}
        if not self._is(RUNNING):
            fault = next((row for row in self._status["conditions"] if row["type"] == FAULT), None)
            moment = fault["lastTransitionTime"] if fault else self._status["startTime"]
            limit = "faultDeadlineSeconds" if fault else "startupDeadlineSeconds"
            times[limit] = ("in a fault" if fault else "starting", moment)
        for limit, (word, moment) in times.items():
            allowed = self._policy.get(limit)
            if allowed is not None and since(moment, self._api.now) >= allowed:
                return f"the job was {word} for longer than its {limit} ({allowed})"
        return ""

    def _complete(self) -> None:
        self._set(RUNNING, "JobCompleted", "all agents have completed", status="False")
        self._set(COMPLETED, "JobCompleted", "all agents have completed")
        self._status["completionTime"] = timestamp(self._api.now)
        self._recorder.normal(self._job, "JobCompleted", "all agents have completed")

    def _fail(self, reason: str, why: str) -> None:
        if self._is(RUNNING):
            self._set(RUNNING, reason, why, status="False")
        self._set(FAILED, reason, why)
        self._status["completionTime"] = timestamp(self._api.now)
        self._recorder.warning(self._job, reason, why)

    def _suspend(self) -> None:
        for pod in self._there.values():
            self._delete(pod)
        self._status.pop("startTime", None)
        if self._is(RUNNING):
            self._set(RUNNING, "JobSuspended", "the job is suspended", status="False")
        if not self._is(SUSPENDED):
            self._set(SUSPENDED, "JobSuspended", "the job is suspended")
            self._recorder.normal(self._job, "JobSuspended", "the job is suspended")

    def _clean_up(self) -> float | None:
        """Let the agents of a job that has ended go, delete its pods as its cleanPodPolicy says, and later itself."""
        policy = self._policy.get("cleanPodPolicy")
        for pod, told in zip(self._ranks, self._told, strict=True):
            if pod and policy == "None" and told and told.state not in (AgentState.SHUTDOWN, None):
                self._dismiss(pod)
        if policy != "None":
            for pod in self._there.values():
                if policy == "All" or job_pods.is_active(pod):
                    self._delete(pod)
        # 0 is the default, and AWS's samples with it keep their pods to be read: the job stays.
        ttl = self._policy.get("ttlSecondsAfterFinished") or -1
        left = self._expire(ttl if ttl > 0 else None, self._status.get("completionTime"))
        return self._pause() if any(pod and job_pods.is_active(pod) for pod in self._ranks) else left

    def _pause(self) -> float:
        young = since(self._job["metadata"]["creationTimestamp"], self._api.now) < _YOUNG_S
        return POLL_S if young or all(self._told) else SILENT_POLL_S

    def _dismiss(self, pod: Object) -> None:
        if job_pods.phase_of(pod) == "Running":
            self._agents.order(pod, Order.SHUTDOWN, {})

    def _create_missing(self) -> None:
        for wanted in self._wanted:
            if wanted["metadata"]["name"] not in self._there:
                self._make(self._resource_of_pods, wanted, "FailedCreatePod")
        found = [hyperpod_pods.reference_to(pod) for pod in self._ranks if pod]
        if found:
            self._status["jobPods"] = found

    def _delete(self, pod: Object) -> None:
        namespace, name = key_of(pod)
        if not is_going(pod):
            self._api.delete(self._resource_of_pods, namespace, name, uid=pod["metadata"]["uid"])

    def _restarts(self) -> int:
        return int(self._status.get("restartCount", 0))


def _settled(told: Told | None) -> Told | None:
    """Return what an agent says without its reasons."""
    return Told(told.state) if told else None
