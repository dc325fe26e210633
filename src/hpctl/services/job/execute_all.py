"""Run a command in all ranks of a job at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Final

from hpctl.errors import ConflictError, HpctlError, UsageError
from hpctl.facts.jobs import Job, Pod
from hpctl.facts.ports import Ports
from hpctl.services.job.execute import Streams, newest_running, run_in
from hpctl.services.job.look import status_of
from hpctl.services.job.where import Where

_AT_ONCE: Final = 64
"""Connections that are open at the same time; further ranks wait for their turn."""

Outcome = int | HpctlError


@dataclass(frozen=True, slots=True)
class Ranks:
    """The pods that run, by what each is called (`rank 0`), in order; and those that do not, with what they are."""

    running: Mapping[str, Pod]
    idle: Mapping[str, str]


def execute_on_all(
    job: Job, command: Sequence[str], at: Where, ports: Ports, streams_of: Callable[[str], Streams]
) -> int:
    """Run `command` in every rank that runs; return the exit code of the lowest rank with another one than 0.

    `streams_of` gives the streams of a rank by what it is called. What goes wrong in one rank stops no other.

    Raises:
        UsageError: there is no command.
        ConflictError: ranks do not run, whatever the others answered; all of them are named.
        HpctlError: the lowest rank that could not be reached says so, once all others have ended.
    """
    if not command:
        raise UsageError("there is no command to run", hint=f"hpctl job exec {job.name} --all {at.flags} -- COMMAND")
    ranks = _ranks_of(job, at, ports)
    told = _outcomes(ranks.running, lambda label, pod: _run(job, pod, command, at, ports, streams_of(label)))
    failed = next((one for label in ranks.running if isinstance(one := told[label], HpctlError)), None)
    if failed:
        raise failed
    codes = [one for label in ranks.running if isinstance(one := told[label], int)]
    bad = next((code for code in codes if code), 0)
    if ranks.idle and not bad:
        idle = ", ".join(f"{label} ({status})" for label, status in ranks.idle.items())
        raise ConflictError(
            f"ranks of job `{job.name}` do not run, and the command did not run there: {idle}",
            hint=f"hpctl job describe {job.name} {at.flags}",
        )
    return bad


def _ranks_of(job: Job, at: Where, ports: Ports) -> Ranks:
    pods: dict[str, list[Pod]] = {}
    for pod in sorted(ports.jobs.pods_of(at.eks, job), key=lambda one: (one.rank is None, one.rank or 0, one.name)):
        pods.setdefault(pod.name if pod.rank is None else f"rank {pod.rank}", []).append(pod)
    if not pods:
        raise ConflictError(
            f"job `{job.name}` is {job.state}, and has no pods", hint=f"hpctl job describe {job.name} {at.flags}"
        )
    found = {label: newest_running(tries) for label, tries in pods.items()}
    running = {label: pod for label, pod in found.items() if pod}
    return Ranks(running, {label: status_of(pods[label][-1]) for label, pod in found.items() if pod is None})


def _run(job: Job, pod: Pod, command: Sequence[str], at: Where, ports: Ports, streams: Streams) -> int:
    try:
        return run_in(job, pod, command, at, ports, streams)
    finally:
        streams.stdout.close()
        streams.stderr.close()


def _outcomes(pods: Mapping[str, Pod], run: Callable[[str, Pod], int]) -> Mapping[str, Outcome]:
    """Return how each ended; threads that nobody waits for any more, after Ctrl-C, end with the process."""
    ended: SimpleQueue[tuple[str, Outcome | BaseException]] = SimpleQueue()
    places = BoundedSemaphore(_AT_ONCE)

    def work(label: str, pod: Pod) -> None:
        with places:
            try:
                ended.put((label, run(label, pod)))
            except HpctlError as error:
                ended.put((label, error))
            except BaseException as error:  # a bug: whoever waits ends with it, too
                ended.put((label, error))
                raise

    for label, pod in pods.items():
        Thread(target=work, args=(label, pod), name=label, daemon=True).start()
    told: dict[str, Outcome] = {}
    while len(told) < len(pods):
        label, outcome = ended.get()
        if isinstance(outcome, BaseException) and not _of_one_rank(outcome):
            raise outcome
        told[label] = outcome  # type: ignore[assignment]
    return told


def _of_one_rank(error: BaseException) -> bool:
    """Whether others may go on: not when nobody reads the output any more, or it cannot be written."""
    from hpctl.errors import ClosedPipeError

    return isinstance(error, HpctlError) and not isinstance(error, ClosedPipeError | UsageError)
