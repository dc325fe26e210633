"""The running pod of a development pod, and commands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from hpctl.errors import ConflictError, NotFoundError, RefusedError
from hpctl.facts.jobs import BATCH_JOB, Job, Pod
from hpctl.facts.ports import Ports
from hpctl.services.dev.records import found
from hpctl.services.job.execute import Streams, newest_running, run_in
from hpctl.services.job.where import Where
from hpctl.services.node_kept import Kept


@dataclass(frozen=True, slots=True)
class Inside:
    """A development pod that runs."""

    name: str
    job: Job
    pod: Pod
    at: Where
    ports: Ports

    def execute(self, command: Sequence[str], streams: Streams) -> int:
        """Run a command and return its exit code; raises as `services.job.execute` does."""
        return run_in(self.job, self.pod, command, self.at, self.ports, streams)

    def ask(self, command: Sequence[str], stdin: BinaryIO | None = None) -> Said:
        """Run a short command and return what it said."""
        out, err = Kept(), Kept()
        code = self.execute(command, Streams(stdin, cast("BinaryIO", out), cast("BinaryIO", err)))
        return Said(code, out.output.text, err.output.text.strip())


@dataclass(frozen=True, slots=True)
class Said:
    """What a command ended with and wrote."""

    code: int
    out: str
    err: str

    def refusal(self, name: str, what: str, hint: str | None = None) -> RefusedError:
        """Return the error for a command that did not do `what`, in the pod's own words."""
        why = self.err.splitlines()[0] if self.err else f"exit code {self.code}"
        return RefusedError(f"development pod `{name}` {what}: {why}", aws_code="pod", hint=hint)


def job_of(name: str, at: Where, ports: Ports) -> Job | None:
    """Return the job that is a development pod's, None while it is stopped."""
    try:
        return ports.jobs.job(at.eks, BATCH_JOB, at.namespace, name)
    except NotFoundError:
        return None


def inside(name: str, at: Where, ports: Ports) -> Inside:
    """Return the pod that runs.

    Raises:
        NotFoundError: there is no development pod of that name.
        ConflictError: it does not run; the hint says what starts it.
    """
    found(name, at, ports.jobs)
    job = job_of(name, at, ports)
    running = newest_running(ports.jobs.pods_of(at.eks, job)) if job else None
    if job is None or running is None:
        state = "stopped" if job is None or job.state.final else f"not running yet ({job.state})"
        raise ConflictError(
            f"development pod `{name}` is {state}", hint=f"to start it, or wait for it: hpctl dev up {name} {at.flags}"
        )
    return Inside(name, job, running, at, ports)
