"""The logs of a job: all its ranks together, each in its order, over drops, restarts and rotation.

Every container is read by a thread of its own, which waits while what was read before is not yet shown. Pods of one
rank follow each other: the next is read when the one before has ended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import datetime
from threading import Event, Lock, Semaphore, Thread
from typing import Final

from hpctl import timeouts
from hpctl.errors import HpctlError, NotFoundError, RefusedError, UnavailableError, UsageError
from hpctl.facts.jobs import ContainerState, Job, Pod
from hpctl.facts.ports import Ports
from hpctl.facts.records import EksCluster
from hpctl.report.logs import LogNote, LogSource, LogStep
from hpctl.services.job.log_lines import Splitter
from hpctl.services.job.log_pipe import Closed, Pipe
from hpctl.services.job.log_reader import Reader
from hpctl.services.job.log_sight import ENDED, Look, Sight
from hpctl.services.job.log_tape import LogWish, Way

__all__ = ["LogWish", "follow_logs", "last_lines"]

_AT_ONCE: Final = 32
"""Logs that are read at the same time when nothing is followed."""

_Key = tuple[str, str]
_Do = Callable[[], None]


def follow_logs(job: Job, cluster: EksCluster, ports: Ports, wish: LogWish) -> Generator[LogStep, None, None]:
    """Yield what the job's containers print: what is there, and with `wish.follow` what comes, until the job is over.

    Closing the iterator lets go of every connection. Raises `UsageError` for a rank or a container that the job has
    not, `NotFoundError` when it is gone, `AccessError`, and `UnavailableError` when Kubernetes does not answer for
    minutes.
    """
    follower = _Follower(job, cluster, ports, wish)
    try:
        follower.begin()
        yield from follower.pipe.steps()
    finally:
        follower.close()


def last_lines(pod: Pod, container: str, cluster: EksCluster, ports: Ports, count: int) -> tuple[bytes, ...]:
    """Return the last lines that a container printed, of the instance before where the current one has none.

    None where there is no log any more; raises `AccessError` and `UnavailableError`.
    """
    for previous in (False, True):
        lines: deque[bytes] = deque(maxlen=count)
        splitter = Splitter()
        try:
            with ports.streams.log(
                cluster, pod.namespace, pod.name, container, previous=previous, tail=count
            ) as stream:
                while data := stream.read():
                    lines.extend(splitter.feed(data).lines)
                lines.extend(splitter.end().lines)
        except (NotFoundError, RefusedError):
            continue
        except TimeoutError as error:
            raise UnavailableError(f"the log of pod `{pod.name}` stalls", hint="try again later") from error
        if lines:
            return tuple(lines)
    return ()


def _alive(look: Look) -> list[Pod]:
    """Return the pods that print, or will: those that no node has taken never do after the job's end."""
    return [pod for pod in look.pods.values() if pod.phase not in ENDED and pod.node]


class _Follower:
    """The readers of a job's containers, and the thread that finds what to read."""

    def __init__(self, job: Job, cluster: EksCluster, ports: Ports, wish: LogWish) -> None:
        """Begin nothing yet."""
        self._job, self._wish = job, wish
        self.pipe = Pipe()
        self._way = Way(cluster, ports, Sight(job, cluster, ports), self.pipe, Event())
        self._known: set[tuple[str, str]] = set()
        self._lanes: dict[_Key, _Lane] = {}

    def begin(self) -> None:
        """Look once, so that what cannot be is told at once, and start."""
        look = self._way.sight.look()
        if look is None:
            raise UnavailableError("Kubernetes does not answer", hint="try again later")
        if look.job is None and not look.pods:
            raise NotFoundError(f"job `{self._job.name}` is gone, and its logs with it")
        self._demand(look)
        if not look.pods and look.job:
            gone = "the pods of the job are gone, and their logs with them"
            self.pipe.put(
                LogNote(gone if look.over else f"no pod of the job has been made yet; it is {look.job.state}")
            )
        self._start(self._find if self._wish.follow else self._read, look)

    def close(self) -> None:
        """End everything; returns at once, for a thread that still waits for the network does nothing more."""
        self._way.stop.set()
        self.pipe.close()
        for lane in tuple(self._lanes.values()):
            lane.hurry()

    def _demand(self, look: Look) -> None:
        if wrong := sorted(rank for rank in self._wish.ranks if rank >= max(self._job.nodes, len(look.pods))):
            hint = f"its ranks are 0 to {self._job.nodes - 1}" if self._job.nodes > 1 else "its only rank is 0"
            raise UsageError(f"job `{self._job.name}` has no rank {wrong[0]}", hint=hint)
        names = {one.name for pod in look.pods.values() for one in pod.containers}
        if names and (unknown := sorted(self._wish.containers - names)):
            hint = f"its containers are {', '.join(f'`{name}`' for name in sorted(names))}"
            raise UsageError(f"the pods of job `{self._job.name}` have no container `{unknown[0]}`", hint=hint)

    def _start(self, work: Callable[[Look], None], look: Look) -> None:
        def run() -> None:
            try:
                work(look)
            except Closed:
                pass
            except HpctlError as error:
                self.pipe.end(error)
            except BaseException:
                self.pipe.end()
                raise

        Thread(target=run, name="logs", daemon=True).start()

    def _read(self, look: Look) -> None:
        """Read what is there; not all at the same time, but those of low rank first."""
        places = Semaphore(_AT_ONCE)
        for pod, container in self._wanted(look):
            if why := self._unstarted(look, pod, container):
                self.pipe.put(LogNote(f"has not started yet ({why})", self._source(pod, container)))
                continue
            places.acquire()
            lane = self._lane(pod, container)
            reader = Reader(pod, self._source(pod, container), self._wish, self._way)
            lane.add(reader.once, reader.hurry, places.release)
        for lane in self._lanes.values():
            lane.wait()
        self.pipe.end()

    def _unstarted(self, look: Look, pod: Pod, container: str) -> str:
        found = look.container(pod.uid, container)
        if found is None or self._wish.previous or found.running:
            return ""
        return found.reason or pod.phase if found.exit_code is None and found.last_exit_code is None else ""

    def _find(self, seen: Look) -> None:
        """Add a reader for each container that appears, until the job is over and all of them have come to an end."""
        look: Look | None = seen
        over_at, first = None, True
        while not self._way.stop.is_set():
            if look is not None:
                self._add(look, first=first)
                first = False
                if look.over:
                    over_at = over_at or self._end_of(look)
                    self._hurry_after(look, over_at)
                    if all(lane.idle for lane in self._lanes.values()):
                        self.pipe.end()
                        return
            self._way.stop.wait(timeouts.LOG_LOOK_S if over_at is None else timeouts.KUBE_AGAIN_S)
            look = self._way.sight.look()

    def _end_of(self, look: Look) -> datetime:
        if look.job and (count := len(_alive(look))):
            pods = "a pod that still runs is" if count == 1 else f"{count} pods that still run are"
            self.pipe.put(LogNote(f"the job is {look.job.state}; {pods} followed for up to {timeouts.LOG_GRACE_S:g} s"))
        return look.at

    def _hurry_after(self, look: Look, over_at: datetime) -> None:
        """Come to an end when nothing runs any more, at the latest after a while: a rank that hangs never does."""
        grace_s = timeouts.LOG_GRACE_S if _alive(look) else timeouts.LOG_LOOK_S
        if (look.at - over_at).total_seconds() >= grace_s:
            self._hurry()

    def _add(self, look: Look, *, first: bool) -> None:
        for pod, container in self._wanted(look):
            if (pod.uid, container) in self._known:
                continue
            self._known.add((pod.uid, container))
            wish = self._wish if first else replace(self._wish, tail=None)
            reader = Reader(pod, self._source(pod, container), wish, self._way)
            if not first:
                reader.from_birth()
            self._lane(pod, container).add(reader.follow, reader.hurry)

    def _hurry(self) -> None:
        for lane in self._lanes.values():
            lane.hurry()

    def _wanted(self, look: Look) -> Iterator[tuple[Pod, str]]:
        ranks, names = self._wish.ranks, self._wish.containers
        pods = (pod for pod in look.pods.values() if not ranks or pod.rank in ranks)
        for pod in sorted(pods, key=lambda one: (one.rank is None, one.rank or 0, one.created, one.name)):
            yield from ((pod, one.name) for one in pod.containers if not names or one.name in names)

    def _source(self, pod: Pod, container: str) -> LogSource:
        who = pod.name if pod.rank is None else f"rank {pod.rank}"
        label = who if len(self._of(pod)) == 1 else f"{who} {container}"
        return LogSource(label, pod.rank, pod.name, container)

    def _of(self, pod: Pod) -> tuple[ContainerState, ...]:
        names = self._wish.containers
        return tuple(one for one in pod.containers if not names or one.name in names)

    def _lane(self, pod: Pod, container: str) -> _Lane:
        key = (pod.name if pod.rank is None else str(pod.rank), container)
        return self._lanes.setdefault(key, _Lane(self.pipe))


class _Lane:
    """Readers of one rank's container, one after the other."""

    def __init__(self, pipe: Pipe) -> None:
        """Nobody waits."""
        self._pipe = pipe
        self._lock = Lock()
        self._waiting: deque[tuple[_Do, _Do, _Do | None]] = deque()
        self._thread: Thread | None = None
        self._hurry: _Do | None = None
        self._hurried = False

    @property
    def idle(self) -> bool:
        """Whether all of them have come to an end."""
        with self._lock:
            return self._thread is None

    def add(self, read: _Do, hurry: _Do, after: _Do | None = None) -> None:
        """Let this one read when those before have; `after` is done when it has."""
        with self._lock:
            self._waiting.append((read, hurry, after))
            if self._thread is None:
                self._thread = Thread(target=self._run, name="log", daemon=True)
                self._thread.start()

    def hurry(self) -> None:
        """Let whoever reads come to an end, and those who come after."""
        with self._lock:
            self._hurried = True
            hurry = self._hurry
        if hurry:
            hurry()

    def wait(self) -> None:
        """Wait until all have ended."""
        if thread := self._thread:
            thread.join()

    def _run(self) -> None:
        try:
            while turn := self._next():
                read, after = turn
                try:
                    read()
                finally:
                    if after:
                        after()
        except Closed:
            self._stop()
        except HpctlError as error:
            self._stop()
            self._pipe.end(error)
        except BaseException:
            self._stop()
            self._pipe.end()
            raise

    def _next(self) -> tuple[_Do, _Do | None] | None:
        with self._lock:
            if not self._waiting:
                self._thread, self._hurry = None, None
                return None
            read, self._hurry, after = self._waiting.popleft()
            hurry = self._hurry if self._hurried else None
        if hurry:
            hurry()
        return read, after

    def _stop(self) -> None:
        with self._lock:
            self._thread = None
            self._waiting.clear()
