"""The processes that the runtime has started: how their start went, what they print, and how they ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from selectors import EVENT_READ
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.kubelet.runtime import linux

if TYPE_CHECKING:
    from selectors import BaseSelector

    from hpctl.sandbox.kube.kubelet.runtime.logs import ContainerLog

_CHUNK: Final = 65536
_LONGEST_END_S: Final = 5.0
_PAUSE_S: Final = 0.002
_HANG_UP_S: Final = 2.0

Tell = Callable[..., None]
"""Send a message, and descriptors, to the kubelet."""


@dataclass
class Process:
    """One that was started; `request` is what the kubelet waits for, until the command runs or has failed to."""

    key: str
    request: int
    told: socket.socket
    log: ContainerLog | None = None
    apart: bool = True
    """Whether it is the first one of a PID namespace, which ends with it."""
    lasting: bool = False
    """Whether what it leaves behind runs on when it ends."""
    pid: int | None = None
    status: int | None = None
    failure: dict[str, Any] | None = None
    started: bool = False
    pipes: dict[int, int] = field(default_factory=dict)
    """Descriptors that its output comes from, and which output that is."""
    namespaces: dict[str, int] = field(default_factory=dict)
    terminal: list[int] = field(default_factory=list)
    heard: bytes = b""


class Processes:
    """All of them, by key and by process id."""

    def __init__(self, selector: BaseSelector, tell: Tell) -> None:
        """Watch descriptors with this selector, and tell the kubelet of starts and ends."""
        self._selector, self._tell = selector, tell
        self.all: dict[str, Process] = {}
        self._ends: dict[int, int] = {}
        self._hung_up: dict[int, float] = {}

    @property
    def patience(self) -> float | None:
        """How many seconds may pass until `end_stubborn` has something to do; None for any number."""
        return max(min(self._hung_up.values()) - time.monotonic(), 0.0) if self._hung_up else None

    def add(self, process: Process) -> None:
        """Follow a process that has been forked."""
        self.all[process.key] = process
        self._selector.register(process.told, EVENT_READ, lambda: self._hear(process))
        for each in process.pipes:
            self._watch(process, each)

    def reap(self) -> None:
        """Note which processes have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            self._ends[pid] = os.waitstatus_to_exitcode(status)
        for process in tuple(self.all.values()):
            if process.pid in self._ends:
                process.status = self._ends.pop(process.pid)
                self._ended(process)
        if all(process.pid for process in self.all.values()):
            # What is left are the processes in between, and orphans.
            self._ends.clear()

    def signal(self, key: str, number: int) -> None:
        """Send a signal to a process; SIGKILL takes its whole group along."""
        process = self.all.get(key)
        if process is None or process.pid is None or process.status is not None:
            return
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL and not process.apart:
                os.killpg(process.pid, number)
            os.kill(process.pid, number)

    def hang_up(self, key: str) -> None:
        """Tell all processes of a session that its terminal has gone, and kill those that stay (credentials(7))."""
        process = self.all.get(key)
        if process is None or process.pid is None or process.pid in self._hung_up:
            return
        self._hung_up[process.pid] = time.monotonic() + _HANG_UP_S
        _send_to(_session(process.pid), signal.SIGHUP)
        # Who is stopped hears nothing else.
        _send_to(_session(process.pid), signal.SIGCONT)

    def end_stubborn(self) -> None:
        """Kill what is left of the sessions that were hung up on some time ago."""
        now = time.monotonic()
        for pid in [pid for pid, until in self._hung_up.items() if until <= now]:
            del self._hung_up[pid]
            _send_to(_session(pid), signal.SIGKILL)

    def end_all(self) -> None:
        """Kill what runs, with process groups and whatever has been left behind, and see it end."""
        for key in tuple(self.all):
            self.signal(key, signal.SIGKILL)
        until = time.monotonic() + _LONGEST_END_S
        with suppress(ChildProcessError):
            while time.monotonic() < until:
                for child in _children():
                    os.kill(child, signal.SIGKILL)
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(_PAUSE_S)

    def _hear(self, process: Process) -> None:
        data, descriptors, _, _ = socket.recv_fds(process.told, _CHUNK, 4)
        process.terminal += descriptors
        process.heard += data
        if data:
            return
        self._selector.unregister(process.told)
        process.told.close()
        for line in process.heard.splitlines():
            heard = json.loads(line)
            process.pid = heard.get("pid", process.pid)
            process.failure = heard if "error" in heard else process.failure
        self._settled(process)
        self.reap()

    def _settled(self, process: Process) -> None:
        answer: dict[str, Any] = {"to": process.request, "key": process.key}
        if process.failure or process.pid is None:
            failure = process.failure or {"error": "the process in between has ended", "errno": None, "where": ""}
            self._tell({**answer, **failure})
            process.failure = failure
        elif process.log is None:
            self._tell(answer, process.terminal)
        else:
            self._tell(answer)
            self._open_namespaces(process)
            for each in process.terminal:
                os.set_blocking(each, False)
                process.pipes[each] = 1
                self._watch(process, each)
            process.terminal = []
        for each in process.terminal:
            os.close(each)
        process.started = process.failure is None
        if process.pid is None:
            self._gone(process)

    @staticmethod
    def _open_namespaces(process: Process) -> None:
        if process.apart:
            try:
                process.namespaces = linux.namespaces(("pid", "mnt"), str(process.pid))
            except (FileNotFoundError, ProcessLookupError):
                # It has ended already; nobody can be started beside it.
                process.namespaces = {}

    def _watch(self, process: Process, descriptor: int) -> None:
        self._selector.register(descriptor, EVENT_READ, lambda: self._copy(process, descriptor))

    def _copy(self, process: Process, descriptor: int) -> bool:
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            # The last one has closed a terminal.
            data = b""
        if data and process.log:
            with suppress(OSError):
                # The disk is full: a container goes on without its log.
                process.log.write(process.pipes[descriptor], data)
            return True
        self._selector.unregister(descriptor)
        os.close(descriptor)
        del process.pipes[descriptor]
        return False

    def _ended(self, process: Process) -> None:
        if not process.apart and not process.lasting and process.pid is not None:
            with suppress(PermissionError, ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for each in tuple(process.pipes):
            while self._copy(process, each):
                pass
        if process.started:
            status = process.status or 0
            self._tell({"ended": process.key, "status": status if status >= 0 else 128 - status})
        if process.failure is not None or process.started:
            self._gone(process)

    def _gone(self, process: Process) -> None:
        for each in tuple(process.pipes):
            self._selector.unregister(each)
            os.close(each)
        if process.log:
            process.log.close()
        for each in process.namespaces.values():
            os.close(each)
        self.all.pop(process.key, None)


def _session(leader: int) -> list[int]:
    """Return the processes of a session (proc(5), stat); the leader alone where that is not told."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # A program's name may hold anything; what follows it does not.
            if int(stat.read_text().rpartition(")")[2].split()[3]) == leader:
                found.append(int(stat.parent.name))
    return found or [leader]


def _send_to(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(PermissionError, ProcessLookupError):
            os.kill(pid, number)


def _children() -> list[int]:
    """Return this process's children, those that it has adopted included (proc(5)); none where that is not told."""
    own = os.getpid()
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{own}/task/{own}/children").read_text().split()]
    return []
