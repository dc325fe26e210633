"""What Slurm tells of a job while its logs are followed."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from hpctl import timeouts
from hpctl.errors import HpctlError, NotFoundError, UnavailableError
from hpctl.facts.jobs import JobState
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_jobs import SlurmJob, SlurmPlace


class Sight:
    """Looks at one job again and again, in a thread of its own, until it has ended."""

    def __init__(self, job: SlurmJob, at: SlurmPlace, ports: Ports, changed: Callable[[], None]) -> None:
        """Have seen `job`; `changed` is called after each look that shows another."""
        self._at, self._ports, self._changed = at, ports, changed
        self._stop = Event()
        self._missed = 0
        self.job = job
        self.over = job.state.final
        """Whether nothing more is printed."""
        self.error: HpctlError | None = None
        """Why nobody can look any more."""

    def begin(self) -> None:
        """Start to look, unless all is over."""
        if not self.over:
            Thread(target=self._run, name="job", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _run(self) -> None:
        try:
            while not self._stop.wait(timeouts.SLURM_LOG_LOOK_S * (0.75 + self._ports.clock.jitter() / 2)):
                if self._look():
                    self._changed()
                if self.over or self.error:
                    return
        except BaseException:  # a bug: whoever follows is not to wait for ever
            self.error = UnavailableError("the job cannot be looked at any more")
            self._changed()
            raise

    def _look(self) -> bool:
        """Look once; whether there is anything new."""
        before = self.job
        try:
            self.job = self._ports.slurm_jobs.job(self._at, before)
        except NotFoundError:  # deleted, or Slurm has forgotten it: what it printed may still be there
            self.over = True
        except UnavailableError as error:
            self._missed += 1
            self.error = error if self._missed >= timeouts.FOLLOW_MISSED else None
        except HpctlError as error:
            self.error = error
        else:
            self._missed = 0
            # A failure counts when it still stands a moment later: Slurm may put the job into the queue again.
            failed = self.job.state is JobState.FAILED
            self.over = self.job.state.final and (not failed or before.state is JobState.FAILED)
        return self.over or self.error is not None or self.job != before
