"""Work on a cluster alone: one command of this machine at a time, and what an earlier one left unfinished."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from hpctl.errors import LockedError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Holder, Identity
from hpctl.plan.journal import Purpose, Run, key_of, unfinished


@dataclass(frozen=True)
class Claim:
    """A cluster that this command alone works on; `run_id` is that of the `resumed` run, else a new one.

    `dead` is who held the lock and is gone without giving it back.
    """

    run_id: str
    resumed: Run | None = None
    dead: Holder | None = None

    def notices(self) -> Iterator[str]:
        """Yield what a person should know of those who were here before."""
        if self.dead:
            who = f"process {self.dead.pid} on `{self.dead.host}`, since {_moment(self.dead.since)}"
            yield f"taking over the lock of a process that is gone ({who})"
        if run := self.resumed:
            yield f"going on with the {run.purpose} that began at {_moment(run.began)} (run {run.run_id})"


@contextmanager
def claimed(name: str, purpose: Purpose, identity: Identity, ports: Ports, *, new_run_id: str) -> Iterator[Claim]:
    """Hold the lock on a cluster for the length of a `with`, from planning until the command ends.

    Raises:
        LockedError: another hpctl on this machine works on it.
        StateError: hpctl's records cannot be read or written.
    """
    key = key_of(identity, name)
    with ExitStack() as held:
        try:
            dead = held.enter_context(ports.state.lock(key))
        except LockedError as error:
            hint = "wait until it is done, then run the same command again\nto see how far it is: "
            raise LockedError(error.message, hint=f"{hint}hpctl cluster describe {name}") from error
        resumed = unfinished(purpose, ports.state.lines(key))
        yield Claim(resumed.run_id if resumed else new_run_id, resumed, dead)


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
