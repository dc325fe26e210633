"""One container's log, from its beginning to its end, through all of its instances."""

from __future__ import annotations

from typing import Final

from hpctl import timeouts
from hpctl.errors import UnavailableError
from hpctl.facts.jobs import ContainerState, Pod
from hpctl.report.logs import LogSource
from hpctl.services.job.log_sight import ENDED, Look
from hpctl.services.job.log_tape import ROTATED, End, LogWish, Tape, Way

_RESTARTED: Final = "the container was restarted, and the end of the instance before is gone"
_DELETED: Final = "the pod is gone, and its last lines with it"
_PREVIOUS_TRIES: Final = 2
_STATUS_LOOKS: Final = 3
"""How often a pod is looked at before its log is held for rotated."""
_NONE_BEFORE: Final = "previous terminated container"
"""What the kubelet says is not there (kubernetes 1.33, pkg/kubelet/kubelet_pods.go)."""


class Reader:
    """Reads one container of one pod and puts its lines into the pipe, each once and in order."""

    def __init__(self, pod: Pod, source: LogSource, wish: LogWish, way: Way) -> None:
        """Begin with nothing read."""
        self._pod, self._container, self._wish, self._way = pod, source.container, wish, way
        self._tape = Tape(pod, source, wish, way)
        self._instance: int | None = None
        self._drained: int | None = None
        self._untold = False
        self._hurried = False

    def from_birth(self) -> None:
        """Take the pod as one that began after the following did: all of its instances are to be read."""
        self._instance = 0

    def hurry(self) -> None:
        """Read what is there and come to an end: the job has. From another thread."""
        self._hurried = True
        self._tape.cut_off()

    def once(self) -> None:
        """Read what is there now; where that is not possible, the others are read all the same."""
        try:
            while (end := self._tape.settle(previous=self._wish.previous)) is End.LOST:
                self._tape.gap(ROTATED)
                self._tape.take_all()
        except UnavailableError as error:
            self._tape.gap(error.message)
            self._way.pipe.remember(error)
            return
        if end is End.REFUSED:
            never = self._wish.previous and _NONE_BEFORE in self._tape.refusal
            self._tape.note("has no instance before this one: it was not restarted" if never else self._tape.refusal)

    def follow(self) -> None:
        """Read what is there and what comes, until the pod has ended or is gone."""
        while not self._way.stop.is_set():
            look = self._way.sight.look()
            if look is None:
                self._tape.pause(timeouts.KUBE_AGAIN_S)
                continue
            container = look.container(self._pod.uid, self._container)
            if container is None:
                self._tell_gone()
                return
            try:
                if self._step(container, look):
                    return
            except UnavailableError as error:  # a node that is down, as a rule: the others go on
                if self._ended(look):
                    self._tape.gap(error.message)
                    return
                self._tape.note(f"cannot be read now, trying on: {error.message}")

    def _ended(self, look: Look) -> bool:
        return look.pods[self._pod.uid].phase in ENDED or self._hurried

    def _step(self, container: ContainerState, look: Look) -> bool:
        """Do what the container's state asks for; whether that was the last."""
        ended = self._ended(look)
        if not container.running and container.exit_code is None and container.last_exit_code is None:
            self.from_birth()
        else:
            self._count(container)
            if container.running and not ended:
                self._connect_until_looked()
                return False
            if self._drained != container.restarts:
                self._drain(container.restarts)
                return False
        self._tape.pause(0.0 if ended else timeouts.LOG_LOOK_S)
        return ended

    def _count(self, container: ContainerState) -> None:
        before, self._instance = self._instance, container.restarts
        if before is None:
            if container.restarts:
                told = f"was restarted before ({container.restarts}x); `--previous` shows the instance before"
                self._tape.note(told)
        elif container.restarts > before:
            if self._drained == before and container.restarts == before + 1:
                self._tape.begin()
            else:
                self._tell_previous(container.restarts - before)

    def _tell_previous(self, jump: int) -> None:
        """Read the rest of the instance before; where that cannot be told from here, the next connection decides."""
        known = self._tape.known
        if jump > 1 and not known:
            self._tape.gap(_RESTARTED)
        end = self._tape.settle(previous=True, tries=_PREVIOUS_TRIES)
        if end is End.CLEAN and self._tape.found:
            self._begin()
        elif known:
            self._untold = True
        else:
            self._tape.gap(_RESTARTED)
            self._begin()

    def _begin(self) -> None:
        self._tape.begin()
        self._untold = False

    def _connect_until_looked(self) -> None:
        """Follow; after a break at once again, for the place tells what is new. All else needs a look."""
        end = End.BROKEN
        while end is End.BROKEN and not self._way.stop.is_set() and not self._hurried:
            end = self._tape.follow()
        if end is End.LOST:
            self._jump()
        elif end is End.REFUSED:
            self._tape.pause(timeouts.LOG_LOOK_S)

    def _drain(self, instance: int) -> None:
        """Read what an instance that has ended has left."""
        end = self._tape.settle()
        if end is End.LOST:
            self._jump()
            return
        self._drained = instance
        if end is End.REFUSED:
            self._tape.note(self._tape.refusal)
        elif end is End.CLEAN and not self._tape.found:
            self._tape.gap(_RESTARTED if self._untold else ROTATED)

    def _jump(self) -> None:
        """Say that the last line is not in the log any more, and take what is.

        When another instance has begun meanwhile, nothing is lost yet: the next step tells the rest of the one before.
        """
        if self._another_began():
            return
        self._tape.gap(_RESTARTED if self._untold else ROTATED)
        self._tape.take_all()
        if self._untold:
            self._tape.settle(previous=True, tries=_PREVIOUS_TRIES)
            self._begin()

    def _another_began(self) -> bool:
        """Whether another instance has: its log is there at once, and the pod's status tells of it a little later."""
        for _ in range(_STATUS_LOOKS):
            look = self._way.sight.look()
            container = look.container(self._pod.uid, self._container) if look else None
            if container and self._instance is not None and container.restarts > self._instance:
                return True
            if container is None or (look and self._ended(look)) or self._way.stop.is_set():
                return False
            self._tape.pause(timeouts.LOG_LOOK_S)
        return False

    def _tell_gone(self) -> None:
        if self._instance is None or self._drained == self._instance:
            return
        if self._tape.last_end is End.CLEAN:
            self._tape.note("was deleted; its log ends here")
        else:
            self._tape.gap(_DELETED)
