"""Which rank of a job failed first, with what, and what its last words mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from hpctl.catalog.failures import fill
from hpctl.catalog.matching import match_job
from hpctl.errors import HpctlError
from hpctl.facts.job_ports import PodStreams
from hpctl.facts.jobs import ContainerState, Job, JobState, Pod
from hpctl.report.cluster import Diagnosis
from hpctl.report.job import FirstFailure
from hpctl.services.job.last_words import own_error, tells_only_of_lost_peers
from hpctl.services.job.where import Where

SHOWN: Final = 20
"""Last lines of a log that are shown."""

SEARCHED: Final = 200
"""Last lines in which a known failure is looked for: a traceback of many ranks is long."""

_LONGEST: Final = 500
"""Characters of a line that are kept."""

_MOST_BYTES: Final = 2 * 1024 * 1024
_IDLE_S: Final = 10.0

_VERDICT: Final = re.compile(
    r"^hpctl: first failure: rank=(?P<rank>\d+) phase=(?P<phase>[a-z]+) exit=(?P<exit>-?\d+)\s*$"
    r"(?:\s*^at=(?P<at>\d+(?:\.\d+)?)\s*$)?",
    re.MULTILINE,
)
"""What the scripts of a job write down for Kubernetes: the rank that they hold for the first, and when that was.

In a SkyPilot task all ranks write the same. In a training a rank that fails writes down itself, and one that was ended
writes down whom it was ended for.
"""

_TIED: Final = 8
"""Ranks that ended at about the same time whose logs are looked at."""

_AFTERMATH: Final = timedelta(seconds=30)
"""How much later a rank may tell its own error than another that only lost it: torchrun ends its processes first."""

_TOGETHER: Final = timedelta(milliseconds=200)
"""Ends so close say nothing about their order: torchrun looks after its processes every 100 ms."""

_ENDED_BY_OTHERS: Final = frozenset({137, 143})
"""128 + SIGKILL and SIGTERM: ranks that somebody ended, usually because another one had failed."""

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _End:
    """An instance of a container that ended badly; `current` says that it is the container's last one."""

    pod: Pod
    container: str
    exit_code: int
    reason: str
    ended: datetime | None
    message: str
    current: bool

    @property
    def order(self) -> tuple[datetime, bool, int, str]:
        """Kubernetes tells seconds: among those of one second, whoever was ended by a signal was not first."""
        return self.ended or _NEVER, self.is_killed, self.pod.rank or 0, self.pod.name

    @property
    def is_killed(self) -> bool:
        """Whether somebody ended it; the kernel does that to whoever needs too much memory."""
        return self.exit_code in _ENDED_BY_OTHERS and self.reason != "OOMKilled"

    @property
    def verdict(self) -> re.Match[str] | None:
        """What its scripts wrote down."""
        return _VERDICT.search(self.message)

    @property
    def is_own(self) -> bool:
        """Whether it ended by itself: it says so, or has died without a word."""
        return self.names(self.pod.rank) if self.verdict else not self.is_killed

    @property
    def moment(self) -> datetime:
        """When it ended, as exactly as that is known."""
        told = self.verdict
        return datetime.fromtimestamp(float(told["at"]), UTC) if told and told["at"] else self.ended or _NEVER

    def names(self, rank: int | None) -> bool:
        """Whether it holds a rank for the first."""
        told = self.verdict
        return told is not None and int(told["rank"]) == rank


def first_failure(job: Job, pods: Iterable[Pod], at: Where, streams: PodStreams) -> tuple[FirstFailure, str] | None:
    """Return the rank that failed first, and the end of its log in full; None when no pod tells of a failure.

    Ranks that ended by themselves come before those that were ended. Of several the first in time counts, but for one
    whose log tells only that another rank has gone.
    """
    known = tuple(pods)
    ends = sorted((end for pod in known for end in _ends(pod)), key=lambda end: end.order)
    if not ends:
        return _without_container(known)
    if not any(end.verdict for end in ends):
        first = _earliest(ends, job, at, streams)
        return _told(first, None, (), _last_words(first, job, at, streams))
    own = sorted((end for end in ends if end.is_own), key=lambda end: end.moment)
    if not own:
        return _named_by_others(ends, job, at, streams)
    found = _first_of(own, job, at, streams)
    (first, text), *others = found
    near = tuple(end.pod.rank for end, _ in others if end.moment - first.moment <= _TOGETHER)
    verdict = first.verdict or next((end.verdict for end in ends if end.names(first.pod.rank)), None)
    return _told(first, verdict, tuple(rank for rank in near if rank is not None), text)


def _first_of(own: list[_End], job: Job, at: Where, streams: PodStreams) -> list[tuple[_End, str]]:
    """Return the ends that may be the first, in time, with their last words; at least one."""
    close = [end for end in own if end.moment - own[0].moment <= _AFTERMATH][:_TIED]
    read = [(end, _last_words(end, job, at, streams)) for end in close]
    return [one for one in read if not tells_only_of_lost_peers(one[1])] or read


def _named_by_others(ends: list[_End], job: Job, at: Where, streams: PodStreams) -> tuple[FirstFailure, str]:
    """Return the rank that those tell of who were ended for it: it may have no container left, or a later one."""
    telling = min((end for end in ends if end.verdict), key=lambda end: end.moment)
    first = next((end for end in ends if telling.names(end.pod.rank)), telling)
    return _told(first, telling.verdict, (), _last_words(first, job, at, streams))


def _told(end: _End, verdict: re.Match[str] | None, together: tuple[int, ...], text: str) -> tuple[FirstFailure, str]:
    lines = text.split("\n")[-SHOWN:] if text else []
    failure = FirstFailure(
        rank=int(verdict["rank"]) if verdict else end.pod.rank,
        pod=end.pod.name,
        container=end.container,
        phase=verdict["phase"] if verdict else None,
        exit_code=int(verdict["exit"]) if verdict else end.exit_code,
        reason=end.reason,
        at=end.ended,
        log=tuple(line[:_LONGEST] for line in lines),
        together=together,
    )
    return failure, text


def explained(failure: FirstFailure, text: str, at: Where, job: Job) -> Diagnosis:
    """Return what a failure means: what Kubernetes says of it, what the log tells, or what the exit code does."""
    who = f"rank {failure.rank}" if failure.rank is not None else f"pod {failure.pod}"
    phase = f"`{failure.phase}` " if failure.phase in ("setup", "run") else ""
    what = f"{phase}ended with exit code {failure.exit_code}" if failure.exit_code is not None else failure.reason
    reason = f" ({failure.reason})" if failure.reason not in ("", "Error") and failure.exit_code is not None else ""
    message = f"{who} {what}{reason}"
    if failure.together:
        message += (
            f" (at about the same time: ranks {', '.join(map(str, sorted({failure.rank or 0, *failure.together})))})"
        )
    rank = "" if failure.rank is None else f" --rank {failure.rank}"
    remedy = f"hpctl job logs {job.name}{rank} {at.flags}"
    if failure.reason == "OOMKilled":
        return Diagnosis(
            subject=job.reference,
            message=message,
            cause="the container needed more memory than its limit, and the kernel ended it",
            remedy=f"ask for more memory (`memory_gib`), or use less: fewer data loaders, a smaller batch\n{remedy}",
            failure="job-host-memory",
            final=True,
        )
    known = match_job(text)
    if known:
        values = {
            "job": job.name,
            "rank": str(failure.rank or 0),
            "namespace": at.namespace,
            "cluster": at.cluster,
            "eks_cluster": at.eks.name,
        }
        told = known.remedy.replace("{flags}", at.flags).replace("{cluster_flag}", f"--cluster {at.cluster}")
        return Diagnosis(
            subject=job.reference,
            message=message,
            cause=known.cause,
            remedy=fill(told, values),
            failure=known.id,
            final=True,
        )
    said = own_error(text)
    cause = (
        _MEANINGS.get(failure.exit_code or 0)
        or _PHASES.get(failure.phase or "")
        or (said and f"its log says `{said[:_LONGEST]}`")
    )
    return Diagnosis(subject=job.reference, message=message, cause=cause, remedy=remedy, final=True)


_MEANINGS: Final = {
    126: "a command was found and could not be executed: a file without the right, or for another architecture",
    127: "a command was not found: the image has no such program, or it is not on PATH",
    134: "a process aborted itself (SIGABRT)",
    137: "somebody ended the process (SIGKILL): out of memory, a deletion, or a node that went away",
    139: "a process accessed memory that it has not (SIGSEGV)",
    143: "somebody asked the process to end (SIGTERM): a deletion, a preemption, or a drained node",
}
_PHASES: Final = {
    "start": "a pod could not be prepared: its log says what is missing in the image",
    "lost": "the rank's pod went away while the others ran: its node failed or was drained",
}


def _ends(pod: Pod) -> Iterator[_End]:
    for one in (*pod.init_containers, *pod.containers):
        yield from _ends_of(one, pod)


def _ends_of(one: ContainerState, pod: Pod) -> Iterator[_End]:
    if one.exit_code:
        yield _End(pod, one.name, one.exit_code, one.reason, one.ended, one.message, current=True)
    elif one.last_exit_code:
        yield _End(pod, one.name, one.last_exit_code, one.last_reason, one.last_ended, "", current=False)


def _earliest(ends: list[_End], job: Job, at: Where, streams: PodStreams) -> _End:
    """Return the first of the ends; of those in one second the one whose log stops first."""
    tied = [end for end in ends if end.order[:2] == ends[0].order[:2]][:_TIED]
    if len(tied) == 1:
        return tied[0]
    return min(tied, key=lambda end: (_log(end, job, at, streams, tail=1).partition(b" ")[0] or b"~", end.order))


def _without_container(pods: Iterable[Pod]) -> tuple[FirstFailure, str] | None:
    """Return a pod that failed before any of its containers did: evicted, or lost with its node."""
    pod = next((one for one in pods if one.phase == "Failed" and one.reason), None)
    if pod is None:
        return None
    return FirstFailure(rank=pod.rank, pod=pod.name, container="", reason=pod.reason, log=()), pod.message


def _last_words(end: _End, job: Job, at: Where, streams: PodStreams) -> str:
    """Return the end of a container's log; nothing where the server has none any more."""
    lines = _log(end, job, at, streams, tail=SEARCHED).decode("utf-8", "replace").removesuffix("\n").split("\n")
    return "\n".join(_words(line) for line in lines)


def _log(end: _End, job: Job, at: Where, streams: PodStreams, *, tail: int) -> bytes:
    found = bytearray()
    try:
        with streams.log(
            at.eks,
            job.namespace,
            end.pod.name,
            end.container,
            previous=not end.current,
            tail=tail,
            idle_s=_IDLE_S,
        ) as stream:
            while (part := stream.read()) and len(found) < _MOST_BYTES:
                found += part
    except (HpctlError, TimeoutError):  # the failure is known all the same
        pass
    return bytes(found)


def _words(line: str) -> str:
    """Return a line without the server's stamp; of a progress bar that was drawn over itself, the last state."""
    return line.partition(" ")[2].rstrip("\r").rpartition("\r")[2]


def has_failed(job: Job, pods: Iterable[Pod]) -> bool:
    """Whether there is a failure to tell of: the job failed, or one of its containers was started again."""
    return job.state in (JobState.FAILED, JobState.RESTARTING) or any(
        one.last_exit_code for pod in pods for one in pod.containers
    )
