"""How a process comes to be: forked into the namespaces of its pod, prepared, and replaced by the command.

What goes wrong on the way is told over a socket that closes by itself when the command takes over, as CPython's
subprocess module does it. Nothing may be imported there: Python's own files may be out of sight already. The process
that enters a PID namespace is never the one that is in it (pid_namespaces(7)), so there are two forks; the one in
between ends at once and leaves the other to the runtime.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import termios
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from hpctl.sandbox.kube.kubelet.runtime import linux
from hpctl.sandbox.kube.kubelet.runtime.rootfs import Files, enter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_NOT_STARTED: Final = 127


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and as whom; `capabilities` are the numbers of those that it may have."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str
    user: int | None = None
    group: int | None = None
    groups: tuple[int, ...] = ()
    capabilities: tuple[int, ...] = ()
    new_privileges: bool = True
    terminal: bool = False

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Command:
        """Read what came over the wire."""
        tuples = {name: tuple(told[name]) for name in ("argv", "groups", "capabilities")}
        return cls(**{**told, **tuples})


def in_container(pod: Sequence[int], files: Files, mounts: Sequence[str], command: Command, streams: Sequence[int],
                 told: socket.socket) -> int:  # fmt: skip
    """Fork a container's first process into its pod's namespaces; returns the process in between."""

    def prepare() -> None:
        enter(files, mounts)

    return _forked(pod, prepare, command, streams, told, unshared=linux.CLONE_NEWNS | linux.CLONE_NEWPID)


def beside(container: Sequence[int], command: Command, streams: Sequence[int], told: socket.socket) -> int:
    """Fork another process into a container; returns the process in between."""
    return _forked(container, _nothing, command, streams, told, unshared=0)


def plainly(command: Command, streams: Sequence[int], told: socket.socket) -> int:
    """Fork a process that shares the machine's files and network; on Linux it ends with this one."""
    parent, child = os.getpid(), os.fork()
    if not child:
        with _last_words(told):
            tell(told, {"pid": os.getpid()})
            os.setsid()
            linux.die_with_parent()
            if os.getppid() == parent:
                _become(command, streams, told)
    return child


def _nothing() -> None:
    """Prepare nothing."""


def _forked(namespaces: Sequence[int], prepare: Callable[[], None], command: Command, streams: Sequence[int],
            told: socket.socket, *, unshared: int) -> int:  # fmt: skip
    between = os.fork()
    if not between:
        with _last_words(told):
            for each in namespaces:
                linux.setns(each)
            if unshared:
                linux.unshare(unshared)
            if first := os.fork():
                tell(told, {"pid": first})
                os._exit(0)
            os.setsid()
            prepare()
            _become(command, streams, told)
    return between


@contextmanager
def _last_words(told: socket.socket) -> Iterator[None]:
    # A forked process must never go on with what its parent was doing.
    try:
        yield
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        text = (error.strerror if isinstance(error, OSError) else None) or str(error)
        number, where = getattr(error, "errno", None), getattr(error, "filename", None)
        tell(told, {"error": text, "errno": number, "where": os.fsdecode(where) if where else ""})
    finally:
        os._exit(_NOT_STARTED)


def _become(command: Command, streams: Sequence[int], told: socket.socket) -> NoReturn:
    if command.terminal:
        streams = _terminal(told)
    for number, each in enumerate(streams):
        os.dup2(each, number, inheritable=True)
    # What this process ignores the command would not hear of either.
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)
    Path(command.folder).mkdir(parents=True, exist_ok=True)
    os.chdir(command.folder)
    _as_user(command)
    os.execvpe(  # noqa: S606  # this is what it is for
        command.argv[0], command.argv, dict(command.environment)
    )


def _terminal(told: socket.socket) -> tuple[int, int, int]:
    ours, theirs = os.openpty()
    tell(told, {"terminal": True}, ours)
    os.close(ours)
    fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
    return theirs, theirs, theirs


def _as_user(command: Command) -> None:
    if sys.platform == "linux" and os.geteuid() == 0:
        linux.keep_capabilities(command.capabilities)
    if command.group is not None:
        os.setgroups(command.groups)
        os.setgid(command.group)
    if command.user is not None:
        os.setuid(command.user)
    if not command.new_privileges and sys.platform == "linux":
        linux.no_new_privileges()


def tell(told: socket.socket, message: dict[str, Any], *descriptors: int) -> None:
    """Send one line about a process that is on its way."""
    line = json.dumps(message).encode() + b"\n"
    if descriptors:
        socket.send_fds(told, [line], list(descriptors))
    else:
        told.sendall(line)
