"""Wait for a job: tell what it waits for, and how it ended once that has settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from hpctl import timeouts
from hpctl.errors import NotFoundError, WaitTimeoutError
from hpctl.facts.jobs import Job, JobState, KubernetesEvent, Pod
from hpctl.facts.ports import Clock, Ports
from hpctl.report.job import JobEnded, JobEventSeen, JobObserved, JobOutcomeReport, JobRemarked, JobStep
from hpctl.services.job.look import events_of, judged, pods_of, status_of
from hpctl.services.job.verdict import demand_success, late
from hpctl.services.job.where import Where
from hpctl.services.job.why import why_not_running
from hpctl.services.polling import Lookout, rhythm

_RESUMED: Final = "sagemaker.amazonaws.com/enable-job-auto-resume"
_WORDS: Final = {
    "Pending": "a node",
    "ContainerCreating": "images and volumes",
    "PodInitializing": "the first container",
    "Terminating": "the pods before to end",
}
"""What a pod waits for by its status."""

_EXPLAINED_S: Final = 10.0
"""How long a job waits before it is looked into why: most start within seconds."""


def until_ended(job: Job, at: Where, ports: Ports, *, timeout_s: float, resume: str) -> Iterator[JobStep]:
    """Follow a job until its end has settled; the last step is a `JobEnded`.

    Raises:
        JobUnfinishedError: `timeout_s` is 0, and the job has not ended.
        WaitTimeoutError: the time is over; the job goes on. `resume` takes up the waiting.
        NotFoundError: the job was deleted meanwhile, or another one has its name now.
    """
    watch = _Watch(job, at, ports, resume)
    start = ports.clock.now()
    deadline = start + timedelta(seconds=timeout_s)
    for pause in _rhythm(ports.clock):
        elapsed_s = round((ports.clock.now() - start).total_seconds(), 1)
        yield from watch.look(elapsed_s)
        if watch.settled:
            yield from watch.end()
            return
        left_s = (deadline - ports.clock.now()).total_seconds()
        if left_s <= 0 and not watch.final:
            raise late(job.name, watch.state, timeout_s, resume)
        ports.clock.sleep(min(pause, timeouts.JOB_SETTLE_S) if watch.final else min(pause, left_s))


def until_running(job: Job, at: Where, ports: Ports, *, timeout_s: float, resume: str) -> Iterator[JobStep]:
    """Follow a job until its pods run, or it has ended; then the last step is a `JobEnded`.

    Raises:
        WaitTimeoutError: the time is over; the job goes on to wait. `resume` takes up the waiting.
        NotFoundError: the job was deleted meanwhile, or another one has its name now.
    """
    watch = _Watch(job, at, ports, resume)
    start = ports.clock.now()
    for pause in _rhythm(ports.clock):
        elapsed_s = (ports.clock.now() - start).total_seconds()
        yield from watch.look(round(elapsed_s, 1))
        if watch.final:
            yield from watch.end()
        if watch.final or watch.runs:
            return
        if elapsed_s >= timeout_s:
            raise WaitTimeoutError(
                f"job `{job.name}` was {watch.state} after {timeout_s:g} s; it goes on",
                hint=f"to go on waiting: {resume}",
            )
        ports.clock.sleep(min(pause, timeout_s - elapsed_s))


def demand_succeeded(end: JobEnded, at: Where) -> None:
    """Raise `JobFailedError` (exit code 100) or `JobCancelledError` (103) for a job that did not succeed."""
    name = end.job.rpartition("/")[2]
    demand_success(end, name, f"hpctl job describe {name} {at.flags}")


def outcome(job: Job, end: JobEnded, at: Where) -> JobOutcomeReport:
    """Return how waiting for a job ended."""
    return JobOutcomeReport(
        verb="wait",
        result="ended",
        cluster=at.cluster,
        namespace=job.namespace,
        job=job.reference,
        uid=job.uid,
        state=end.state,
        elapsed_s=end.elapsed_s,
        diagnoses=end.diagnoses,
        next_steps=(f"hpctl job describe {job.name} {at.flags}",),
    )


def _rhythm(clock: Clock) -> Iterator[float]:
    return rhythm(clock, first_s=timeouts.JOB_POLL_FIRST_S, steady_s=timeouts.JOB_POLL_STEADY_S, spread=0.2)


class _Watch:
    """Looks at one job again and again, and tells what was not told before."""

    def __init__(self, job: Job, at: Where, ports: Ports, resume: str) -> None:
        """Nothing was seen yet."""
        self._at = at
        self._ports = ports
        self._job = job
        self._pods: tuple[Pod, ...] = ()
        self._events: tuple[KubernetesEvent, ...] = ()
        self._told: Counter[tuple[str, str, str]] = Counter()
        self._lookout = Lookout(resume)
        self._final_since_s: float | None = None
        self._elapsed_s = 0.0

    @property
    def state(self) -> JobState:
        """The state that was seen last."""
        return self._job.state

    @property
    def final(self) -> bool:
        """Whether it is one that lasts, unless somebody starts the job again."""
        return self._job.state.final

    @property
    def runs(self) -> bool:
        """Whether a pod was seen for each node, and all of them run."""
        running = [pod for pod in self._pods if status_of(pod) == "Running"]
        return len(running) >= self._job.nodes

    @property
    def settled(self) -> bool:
        """Whether the end has stood long enough to be the end."""
        if self._final_since_s is None:
            return False
        stood_s = self._elapsed_s - self._final_since_s
        if self._job.state is JobState.SUCCEEDED:
            return not self._alive() or stood_s >= timeouts.JOB_PODS_END_S
        if self._job.state is not JobState.FAILED:
            return True
        if self._alive() and stood_s < timeouts.JOB_RANKS_END_S:
            return False
        resumed = self._job.annotations.get(_RESUMED) == "true"
        return stood_s >= (timeouts.JOB_SETTLE_RESUMED_S if resumed else timeouts.JOB_SETTLE_S)

    def look(self, elapsed_s: float) -> Iterator[JobStep]:
        """Look once and yield what is new; an API that does not answer for a moment is borne."""
        self._elapsed_s = elapsed_s
        if self._lookout.look(self._see) is None:
            return
        if not self.final:
            self._final_since_s = None
        elif self._final_since_s is None:
            self._final_since_s = elapsed_s
        now = self._ports.clock.now()
        yield from (JobEventSeen(time=now, event=event) for event in self._new_events())
        yield JobObserved(
            time=now,
            elapsed_s=elapsed_s,
            job=self._job.reference,
            state=self._job.state,
            nodes=self._job.nodes,
            pods=dict(Counter(status_of(pod) for pod in self._pods)),
            waiting_for=self._waiting_for(),
        )

    def end(self) -> Iterator[JobStep]:
        """Yield the end, with what failed first, and before it what goes on all the same."""
        if self._job.state is not JobState.CANCELLED and (alive := self._alive()):
            names = ", ".join(pod.name for pod in alive)
            end = f"hpctl job cancel {self._job.name} {self._at.flags}"
            how = str(self._job.state).lower()
            message = f"{names}: still there, though the job has {how}; to end what is left: {end}"
            yield JobRemarked(time=self._ports.clock.now(), message=message)
        failure, diagnoses = judged(self._job, self._pods, self._events, self._at, self._ports)
        yield JobEnded(
            time=self._ports.clock.now(),
            elapsed_s=self._lasted_s(),
            job=self._job.reference,
            state=self._job.state,
            first_failure=failure,
            diagnoses=diagnoses,
        )

    def _lasted_s(self) -> float:
        """Return how long the job itself took, whenever somebody began to wait for it."""
        ended = self._job.ended or self._ports.clock.now()
        return max(0.0, round((ended - self._job.created).total_seconds(), 1))

    def _alive(self) -> list[Pod]:
        return [pod for pod in self._pods if pod.phase not in ("Succeeded", "Failed") and not pod.deleting]

    def _see(self) -> Job:
        jobs, before = self._ports.jobs, self._job
        try:
            job = jobs.job(self._at.eks, before.kind, before.namespace, before.name)
        except NotFoundError as error:
            message = f"job `{before.name}` was deleted while hpctl waited for it"
            raise NotFoundError(message, hint=f"hpctl job list {self._at.flags}") from error
        if job.uid != before.uid:
            raise NotFoundError(
                f"job `{before.name}` was deleted, and another one has its name now",
                hint=f"hpctl job describe {before.name} {self._at.flags}",
            )
        pods = pods_of(job, self._at, self._ports, [])
        self._events = events_of(job, pods, self._at, self._ports, [])
        self._pods = pods
        self._job = job
        return job

    def _new_events(self) -> Sequence[KubernetesEvent]:
        new = []
        for event in self._events:
            key = (event.about_uid, event.reason, event.message)
            if event.count > self._told[key]:
                new.append(event)
                self._told[key] = event.count
        return new

    def _waiting_for(self) -> str:
        if self._job.state in (JobState.SUCCEEDED, JobState.FAILED) and (alive := self._alive()):
            return f"waiting for {len(alive)} of its pods to end"
        if self.final or self._job.state is JobState.RUNNING:
            return ""
        if self._elapsed_s >= _EXPLAINED_S or self._job.state is JobState.QUEUED:
            found = why_not_running(self._job, self._pods, self._events, self._at, self._ports)
            first = next(iter(found), None)
            if first:
                return first.message
        missing = self._job.nodes - len(self._pods)
        if missing > 0:
            return f"waiting for {missing} of {self._job.nodes} pods to be made"
        unready = Counter(status for pod in self._pods if (status := status_of(pod)) != "Running")
        return f"waiting for {', '.join(_WORDS.get(status, status) for status in unready)}" if unready else ""
