"""The life of one container while its pod runs: started, probed, stopped, and started again as the policy says."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from hpctl.sandbox.kube.kubelet import creating, probing
from hpctl.sandbox.kube.kubelet.backoff import Backoff
from hpctl.sandbox.kube.kubelet.cri import RuntimeFailure
from hpctl.sandbox.kube.kubelet.environment import ConfigError
from hpctl.sandbox.kube.kubelet.images import NoCommandError
from hpctl.sandbox.kube.kubelet.logfiles import last_lines
from hpctl.sandbox.kube.kubelet.probes import Kind, Rhythm, Tally
from hpctl.sandbox.kube.kubelet.probing import Found, Target
from hpctl.sandbox.kube.kubelet.states import BACK_OFF, CREATING, Record, Running, Terminated, Waiting

if TYPE_CHECKING:
    from pathlib import Path

    from hpctl.sandbox.kube.controllers.recorder import Recorder
    from hpctl.sandbox.kube.kubelet.clock import Clock
    from hpctl.sandbox.kube.kubelet.creating import Room
    from hpctl.sandbox.kube.kubelet.cri import Runtime
    from hpctl.sandbox.kube.kubelet.environment import Surroundings
    from hpctl.sandbox.kube.kubelet.runtime.spawn import Command
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Object

# How a container ends that could not be started (containerd); when one that cannot be made is tried again.
_NOT_STARTED: Final = 128
_CREATE_AGAIN_S: Final = 10.0
_LONGEST_WORDS: Final = 4096
_LAST_LINES: Final = 80
_LAST_BYTES: Final = 2048
_PRE_STOP_EXTRA_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What all containers of a kubelet share."""

    api: Api
    runtime: Runtime
    clock: Clock
    recorder: Recorder


class Pod(Protocol):
    """What a container needs to know of its pod."""

    @property
    def object(self) -> Object:
        """The pod as it is now."""

    @property
    def key(self) -> str:
        """The pod's name for the runtime."""

    @property
    def address(self) -> str:
        """Its address, of its own or the machine's."""

    @property
    def grace_s(self) -> float:
        """The seconds that its processes have to end by themselves."""

    def surroundings(self) -> Surroundings:
        """What environments are made from now."""

    def room(self, name: str, instance: int) -> Room:
        """Where an instance of a container lives."""

    def leave(self, name: str, instance: int) -> None:
        """Let go of such a place."""

    def logs(self, name: str) -> Path:
        """Where a container's logs are."""

    def changed(self) -> None:
        """Tell that the pod's status is another one."""


class Container:
    """One container of a pod; `policy` says when it is started again."""

    def __init__(self, tools: Tools, pod: Pod, record: Record, policy: str) -> None:
        """Begin with what is known of it."""
        self._tools, self._pod, self.record, self._policy = tools, pod, record, policy
        self.key = ""
        self._backoff = Backoff()
        self._stopped = asyncio.Event()
        self._ending: asyncio.Future[int] | None = None
        self._beginning = False
        self._probing: list[asyncio.Task[None]] = []
        self._killing: asyncio.Task[None] | None = None
        self._command: Command | None = None
        self._handled = 0
        self.settled = asyncio.Event()
        """Set whenever the container has started well, or has ended for good."""
        self._up = asyncio.Event()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Run instances until one is the last."""
        if isinstance(self.record.state, Terminated):
            await self._again_at_once()
        while not self._stopped.is_set():
            if await self._begin():
                await self._live()
            if not self._comes_back():
                break
            await self._back_off()
        self.settled.set()

    def look(self) -> None:
        """What it refers to may be there now."""
        self._news.set()

    async def stop(self, grace_s: float) -> None:
        """End it for good: its hook, SIGTERM, and SIGKILL when its time is up."""
        self._stopped.set()
        self._news.set()
        if self._killing:
            self._killing.cancel()
        if self._ending and not self._ending.done():
            self._tools.recorder.normal(self._pod.object, "Killing", f"Stopping container {self.record.name}")
            await self._end(grace_s)

    def lose(self) -> None:
        """End it without a word: its machine has gone."""
        self._stopped.set()
        self._news.set()
        for each in self._probing:
            each.cancel()
        if self.key:
            self._tools.runtime.kill(self.key)

    @property
    def writes(self) -> bool:
        """Whether its log may grow: it is being started, or runs."""
        return self._beginning or self.target is not None

    @property
    def target(self) -> Target | None:
        """How a command or a connection gets into it, while it runs."""
        if self._command is None or self._ending is None or self._ending.done():
            return None
        return Target(self._pod.key, self.key, self._pod.address, self.record.spec, self._command)

    async def _begin(self) -> bool:
        name, instance = self.record.name, self.record.restarts
        spec = self.record.spec
        self._news.clear()
        try:
            room = self._pod.room(name, instance)
            around = self._pod.surroundings()
            if self._tools.runtime.apart:
                files, self._command = creating.files(around, spec, room), creating.command(around, spec, room)
            else:
                files, self._command = None, creating.shared_command(around, spec, room)
        except (ConfigError, NoCommandError, OSError, ValueError) as error:
            await self._not_made(error)
            return False
        self._told("Pulled", f'Container image "{spec.get("image", "")}" already present on machine')
        identity = f"{self._pod.key}/{name}/{instance}"
        self.key = hashlib.sha256(identity.encode()).hexdigest()
        self.record.container_id = f"hpctl://{self.key}"
        self._told("Created", f"Created container: {name}")
        log = str(self._pod.logs(name)), instance
        self._beginning = True
        try:
            self._ending = await self._tools.runtime.container(self._pod.key, self.key, files, self._command, log)
        except RuntimeFailure as failure:
            self._not_started(failure)
            return False
        finally:
            self._beginning = False
        self._told("Started", f"Started container {name}")
        self.record.state = Running(self._tools.api.now)
        return True

    async def _live(self) -> None:
        ending = self._ending
        assert ending is not None  # noqa: S101  # set by `_begin`
        spec = self.record.spec
        self.record.started, self._up = not spec.get(Kind.STARTUP), asyncio.Event()
        hook = (spec.get("lifecycle") or {}).get("postStart")
        # The kubelet does nothing else with a container until its hook is done.
        if hook and not (await self._handled_well(hook, "PostStart")).good:
            self._kill_soon(f"FailedPostStartHook of container {self.record.name}")
        self.record.ready = self.record.started and not spec.get(Kind.READINESS)
        self._mark()
        if self._stopped.is_set() and self._killing is None:
            # Who stopped it saw nothing yet that could have been stopped.
            self._killing = asyncio.create_task(self._end(self._pod.grace_s))
        kinds = [kind for kind in Kind if spec.get(kind)]
        self._probing = [asyncio.create_task(self._probe(kind)) for kind in kinds]
        try:
            status = await asyncio.shield(ending)
        finally:
            for each in (*self._probing, *([self._killing] if self._killing else [])):
                each.cancel()
        self._over(status)

    def _over(self, status: int) -> None:
        now = self._tools.api.now
        reason = "Completed" if status == 0 else "Error"
        begun = self.record.state.since if isinstance(self.record.state, Running) else now
        self._finish(Terminated(status, reason, begun, now, self._words(status), self.record.container_id))

    def _finish(self, end: Terminated) -> None:
        self.record.state, self.record.started, self.record.ready = end, False, False
        self._pod.leave(self.record.name, self.record.restarts)
        self._ended_at = self._tools.clock.monotonic()
        self._mark()

    def _words(self, status: int) -> str:
        words = self._pod.room(self.record.name, self.record.restarts).own / "termination-log"
        with suppress(OSError), words.open("rb") as file:
            if said := file.read(_LONGEST_WORDS):
                return said.decode(errors="replace")
        if status and self.record.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            said = last_lines(self._pod.logs(self.record.name), self.record.restarts, _LAST_LINES)[-_LAST_BYTES:]
            return said.decode(errors="replace")
        return ""

    def _comes_back(self) -> bool:
        if self._stopped.is_set():
            return False
        end = self.record.state
        if not isinstance(end, Terminated):
            return True
        return self._policy == "Always" or (self._policy == "OnFailure" and end.exit_code != 0)

    async def _again_at_once(self) -> None:
        # The container of an earlier kubelet: its back-off has gone with it.
        self._ended_at = self._tools.clock.monotonic()
        if not self._comes_back():
            self._stopped.set()
            return
        self._next_instance()

    async def _back_off(self) -> None:
        end = self.record.state
        if not isinstance(end, Terminated):
            return
        clock = self._tools.clock
        wait = self._backoff.due(self._ended_at, clock.monotonic())
        if wait > 0:
            metadata = self._pod.object["metadata"]
            where = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
            name = self.record.name
            told = f"back-off {_span(self._backoff.delay_s)} restarting failed container={name} pod={where}"
            self.record.last, self.record.state = end, Waiting(BACK_OFF, told)
            self._mark()
            text = f"Back-off restarting failed container {name} in pod {where}"
            self._tools.recorder.warning(self._pod.object, "BackOff", text)
            if await clock.wait(self._stopped, wait):
                self.record.state = end
                return
        self._backoff.started(clock.monotonic())
        self.record.state = end
        self._next_instance()

    def _next_instance(self) -> None:
        end = self.record.state
        self.record.last = end if isinstance(end, Terminated) else self.record.last
        self.record.state = Waiting(CREATING)
        self.record.restarts += 1

    async def _not_made(self, error: Exception) -> None:
        reason = "CreateContainerConfigError" if isinstance(error, ConfigError) else "CreateContainerError"
        if self.record.state != Waiting(reason, str(error)):
            self.record.state = Waiting(reason, str(error))
            self._mark()
        self._tools.recorder.warning(self._pod.object, "Failed", f"Error: {error}")
        await self._tools.clock.wait(self._news, _CREATE_AGAIN_S)

    def _not_started(self, failure: RuntimeFailure) -> None:
        argv = self._command.argv if self._command else ("",)
        if failure.number == 2 and "/" not in argv[0]:  # noqa: PLR2004  # ENOENT
            why = f'exec: "{argv[0]}": executable file not found in $PATH'
        else:
            why = f'exec: "{argv[0]}": {failure.where}: {failure.text.lower()}'
        message = f"failed to create containerd task: unable to start container process: {why}: unknown"
        now = self._tools.api.now
        self._tools.recorder.warning(self._pod.object, "Failed", f"Error: {message}")
        self._finish(Terminated(_NOT_STARTED, "StartError", now, now, message, self.record.container_id))

    async def _probe(self, kind: Kind) -> None:
        probe, clock = self.record.spec[kind], self._tools.clock
        rhythm = Rhythm.of(probe)
        tally, never = Tally(rhythm), asyncio.Event()
        if kind is not Kind.STARTUP and not self.record.started:
            await self._up.wait()
        await clock.wait(never, rhythm.delay_s)
        while (target := self.target) is not None:
            self._handled += 1
            found = await probing.handle(self._tools.runtime, target, probe, rhythm.timeout_s, self._handled)
            if not found.good:
                text = f"{kind.word} probe failed: {found.output.rstrip()}"
                self._tools.recorder.warning(self._pod.object, "Unhealthy", text)
            self._judge(kind, tally.count(found.good))
            if kind is Kind.STARTUP and self.record.started:
                return
            await clock.wait(never, rhythm.period_s)

    def _judge(self, kind: Kind, verdict: bool | None) -> None:  # noqa: FBT001  # what a probe finds is a boolean
        name, spec = self.record.name, self.record.spec
        match kind, verdict:
            case (Kind.READINESS, bool()) if verdict is not self.record.ready:
                self.record.ready = verdict
                self._mark()
            case (Kind.STARTUP, True):
                self.record.started = True
                self.record.ready = not spec.get(Kind.READINESS)
                self._up.set()
                self._mark()
            case (Kind.LIVENESS | Kind.STARTUP, False):
                self._kill_soon(f"Container {name} failed {kind.word.lower()} probe, will be restarted")

    def _kill_soon(self, why: str) -> None:
        if self._killing is None or self._killing.done():
            self._tools.recorder.normal(self._pod.object, "Killing", why)
            self._killing = asyncio.create_task(self._end(self._pod.grace_s))

    async def _end(self, grace_s: float) -> None:
        clock, ending = self._tools.clock, self._ending
        if ending is None:
            return
        over = asyncio.Event()
        ending.add_done_callback(lambda _: over.set())
        begun = clock.monotonic()
        hook = (self.record.spec.get("lifecycle") or {}).get("preStop")
        if hook and grace_s > 0:
            await self._handled_well(hook, "PreStop", grace_s)
        left = max(grace_s - (clock.monotonic() - begun), _PRE_STOP_EXTRA_S if hook and grace_s else 0.0)
        with suppress(RuntimeFailure):
            if left > 0:
                await self._tools.runtime.signal(self.key, signal.SIGTERM)
                await clock.wait(over, left)
            if not ending.done():
                await self._tools.runtime.signal(self.key, signal.SIGKILL)
        await asyncio.wait([ending])

    async def _handled_well(self, hook: Object, kind: str, timeout_s: float = 3600.0) -> Found:
        target = self.target
        if target is None:
            return Found(good=True)
        self._handled += 1
        found = await probing.handle(self._tools.runtime, target, hook, timeout_s, self._handled)
        if not found.good:
            text = f"{kind}Hook failed: {found.output.rstrip()}"
            self._tools.recorder.warning(self._pod.object, f"Failed{kind}Hook", text)
        return found

    def _told(self, reason: str, message: str) -> None:
        self._tools.recorder.normal(self._pod.object, reason, message)

    def _mark(self) -> None:
        if self.record.started or self.record.ready:
            self.settled.set()
        self._pod.changed()


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
