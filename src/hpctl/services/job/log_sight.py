"""What Kubernetes tells of a job while its logs are followed: one look serves all who need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from hpctl import timeouts
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.jobs import ContainerState, Job, Pod
from hpctl.facts.ports import Ports
from hpctl.facts.records import EksCluster

ENDED = frozenset({"Succeeded", "Failed"})
"""Phases of a pod in which no container starts again."""


@dataclass(frozen=True, slots=True)
class Look:
    """The job (None: it is gone, or another has its name) and its pods by UID, as they were at a moment."""

    at: datetime
    job: Job | None
    pods: Mapping[str, Pod]

    @property
    def over(self) -> bool:
        """Whether nothing more will be started."""
        return self.job is None or self.job.state.final

    def container(self, uid: str, name: str) -> ContainerState | None:
        """Return a container of a pod, None when the pod is gone."""
        pod = self.pods.get(uid)
        return None if pod is None else next((one for one in pod.containers if one.name == name), None)


class Sight:
    """Looks at a job and its pods, for any number of threads."""

    def __init__(self, job: Job, cluster: EksCluster, ports: Ports) -> None:
        """Look at this very job."""
        self._job, self._cluster, self._ports = job, cluster, ports
        self._lock = Lock()
        self._last: Look | None = None
        self._missed = 0

    def look(self) -> Look | None:
        """Return what is seen now, None while Kubernetes does not answer; raises `UnavailableError` when that lasts."""
        asked_at = self._ports.clock.now()
        with self._lock:
            # Whoever waited here while another looked has what that one saw.
            if self._last is not None and self._last.at >= asked_at:
                return self._last
            at = self._ports.clock.now()
            try:
                self._last = Look(at, *self._seen())
            except UnavailableError:
                self._missed += 1
                if self._missed >= timeouts.FOLLOW_MISSED:
                    raise
                return None
            self._missed = 0
            return self._last

    def _seen(self) -> tuple[Job | None, Mapping[str, Pod]]:
        jobs, job = self._ports.jobs, self._job
        pods = {pod.uid: pod for pod in jobs.pods_of(self._cluster, job)}
        # The job after its pods: when it is over, its pods have been seen.
        try:
            found = jobs.job(self._cluster, job.kind, job.namespace, job.name)
        except NotFoundError:
            return None, pods
        return (found if found.uid == job.uid else None), pods
