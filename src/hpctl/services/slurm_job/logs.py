"""The logs of a job on Slurm: its output files, all of them together, over drops, requeues and truncations."""

from __future__ import annotations

import posixpath
from collections.abc import Generator, Iterator
from contextlib import suppress
from threading import Condition
from typing import Final

from hpctl import timeouts
from hpctl.errors import HpctlError, NotFoundError, UnavailableError, UsageError
from hpctl.facts.jobs import JobState
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_jobs import SlurmJob, SlurmPlace
from hpctl.facts.slurm_log_ports import AllRead, FilesAsked, LogFeed
from hpctl.report.logs import LogNote, LogSource, LogStep
from hpctl.services.job.log_tape import LogWish
from hpctl.services.slurm_job.log_outputs import Outputs, compiled, outputs_of
from hpctl.services.slurm_job.log_patterns import shown
from hpctl.services.slurm_job.log_sight import Sight
from hpctl.services.slurm_job.log_text import Desk
from hpctl.services.slurm_job.why import waiting_for

_SCRIPT_LINES: Final = 20_000
"""Lines of a script that are looked through for output files of its steps."""
_DOUBLINGS: Final = 10
_NOT_BEGUN: Final = frozenset({JobState.PENDING, JobState.QUEUED})


def follow_logs(job: SlurmJob, at: SlurmPlace, ports: Ports, wish: LogWish) -> Generator[LogStep, None, None]:
    """Yield what the job's ranks print: what is there, and with `wish.follow` what comes, until the job is over.

    Raises `UsageError` for ranks that the job has not or that share a file, and for what files cannot tell; the errors
    of `SlurmLogs`, and `UnavailableError` when the node does not answer for minutes.
    """
    _demand_possible(job, wish)
    if job.tasks or job.array_task:
        job = _seen_nearer(job, at, ports)
    follower = _Follower(job, at, ports, wish)
    try:
        yield from follower.steps()
    finally:
        follower.close()


def _demand_possible(job: SlurmJob, wish: LogWish) -> None:
    if wish.since is not None:
        hint = "`--tail LINES` begins with the last ones"
        raise UsageError("`--since` does not go with jobs on Slurm: their files have no times beside lines", hint=hint)
    if wish.previous:
        hint = "what a run before a requeue printed is in the same files, if it was not emptied; leave it out"
        raise UsageError("`--previous` does not go with jobs on Slurm", hint=hint)
    if wish.containers:
        raise UsageError("`--container` does not go with jobs on Slurm", hint="leave it out")
    if compiled(job) and (wrong := sorted(rank for rank in wish.ranks if rank >= job.nodes)):
        hint = f"its ranks are 0 to {job.nodes - 1}" if job.nodes > 1 else "its only rank is 0"
        raise UsageError(f"job `{job.name}` has no rank {wrong[0]}", hint=hint)


def _seen_nearer(job: SlurmJob, at: SlurmPlace, ports: Ports) -> SlurmJob:
    """Return a job with what Slurm tells of it alone: its queue misnames the output of an array's tasks."""
    with suppress(NotFoundError):
        return ports.slurm_jobs.job(at, job)
    return job


class _Follower:
    """One session after the other that reads files, and beside them the look at the job."""

    def __init__(self, job: SlurmJob, at: SlurmPlace, ports: Ports, wish: LogWish) -> None:
        """Begin nothing yet."""
        self._at, self._ports, self._wish = at, ports, wish
        self._sight = Sight(job, at, ports, self._seen)
        self._changed = Condition()
        self._feed: LogFeed | None = None
        self._was_over = False
        self._script = self._submitted(job)
        self._outputs = self._demand_outputs(job)
        self._desk = Desk(self._source)
        self._tail, self._missed, self._restarts, self._said = wish.tail, 0, job.restarts, ""

    def steps(self) -> Iterator[LogStep]:
        """Yield lines and remarks to the end."""
        if self._wish.follow:
            self._sight.begin()
            yield from self._until_begun()
        done = False
        while not done:
            yield from self._remarks()
            self._outputs = self._demand_outputs(self._sight.job)
            done = yield from self._session()
        yield from self._remarks()
        yield from self._desk.rest()
        if not self._desk.marks:
            yield self._nothing()

    def close(self) -> None:
        """Look no more."""
        self._sight.stop()

    def _session(self) -> Generator[LogStep, None, bool]:
        """Read until the session ends or breaks; return whether all was read, and nothing more can come."""
        asked = FilesAsked(self._sight.job.user, self._outputs.patterns, self._desk.marks, self._tail)
        try:
            with self._ports.slurm_logs.open(self._at, asked) as feed:
                self._hold(feed)
                for news in feed:
                    self._missed = 0
                    yield from self._remarks()
                    yield from self._desk.take(news)
                    if isinstance(news, AllRead):
                        self._tail = None
        except UnavailableError:
            self._missed += 1
            if self._missed >= (timeouts.FOLLOW_MISSED if self._wish.follow else timeouts.LOG_SILENT):
                raise
            self._pause()
            return False
        finally:
            with self._changed:
                self._feed = None
        return self._was_over

    def _hold(self, feed: LogFeed) -> None:
        """Let the feed end by itself once there is a reason."""
        with self._changed:
            self._feed = feed
            self._end_for_a_reason()

    def _seen(self) -> None:
        """Take note of another look at the job; from its thread."""
        with self._changed:
            self._changed.notify_all()
            self._end_for_a_reason()

    def _end_for_a_reason(self) -> None:
        """Let the feed read what is there and end; only what it reads after the job's end is all."""
        if self._feed is not None and self._to_be_ended():
            self._was_over = self._sight.over or not self._wish.follow
            self._feed.finish()
            self._feed = None

    def _to_be_ended(self) -> bool:
        """Whether the session is to end: the job has, nobody can look at it, or its files have other names now."""
        if not self._wish.follow or self._sight.over or self._sight.error:
            return True
        return self._outputs_of(self._sight.job) != self._outputs

    def _until_begun(self) -> Iterator[LogStep]:
        while self._sight.job.state in _NOT_BEGUN and not self._sight.over:
            yield from self._remarks()
            with self._changed:
                self._changed.wait(timeouts.SLURM_LOG_LOOK_S)

    def _remarks(self) -> Iterator[LogStep]:
        """Yield what is to be said about the job; raise when nobody can look at it any more."""
        if self._sight.error:
            raise self._sight.error
        job = self._sight.job
        if job.restarts > self._restarts:
            self._restarts = job.restarts
            yield LogNote(f"job {job.reference} was put into the queue again by Slurm ({job.restarts}x)")
        if job.state in (*_NOT_BEGUN, JobState.RESTARTING):
            if (waiting := self._waiting()).message != self._said:
                self._said = waiting.message
                yield waiting
        else:
            self._said = ""

    def _waiting(self) -> LogNote:
        job = self._sight.job
        why = waiting_for(job) or "it waits"
        return LogNote(f"job {job.reference} does not run yet: {why}" + (f" ({job.reason})" if job.reason else ""))

    def _nothing(self) -> LogNote:
        job = self._sight.job
        where = ", ".join(f"`{shown(one, job)}`" for one in dict.fromkeys((job.stdout, job.stderr)) if one)
        looked = f"; it is not in {where}" if where else ""
        stays = f"; a file that is not shared stays on its node, {job.hosts[0]}" if where and job.hosts else ""
        told = f"there is no output of job {job.reference} that can be read on the controller node{looked}{stays}"
        return LogNote(told)

    def _source(self, path: str) -> LogSource:
        return self._outputs.source(path)

    def _pause(self) -> None:
        seconds = min(timeouts.LOG_AGAIN_S * 2 ** min(self._missed, _DOUBLINGS), timeouts.LOG_AGAIN_CAP_S)
        with self._changed:
            self._changed.wait(seconds * (0.75 + self._ports.clock.jitter() / 2))

    def _outputs_of(self, job: SlurmJob) -> Outputs:
        return outputs_of(job, self._script, self._wish.ranks)

    def _demand_outputs(self, job: SlurmJob) -> Outputs:
        found = self._outputs_of(job)
        if found.names or not self._wish.ranks:
            return found
        shared = f"into `{shown(job.stdout, job)}`" if job.stdout else "into one file"
        raise UsageError(
            f"all ranks of job `{job.name}` print {shared}, and cannot be told apart",
            hint="leave `--rank` out; `srun --output=NAME-%t.log` in the script gives each rank a file of its own",
        )

    def _submitted(self, job: SlurmJob) -> str:
        """Return the script that hpctl submitted, as far as it is there."""
        if not job.folder or compiled(job):
            return ""
        path = posixpath.join(job.folder, "script")
        try:
            found = self._ports.slurm_jobs.tail(self._at, (path,), _SCRIPT_LINES)
        except HpctlError:  # its own files are known all the same
            return ""
        return found.get(path, b"").decode("utf-8", "replace")
