"""Runs one program on a node for a session whose only ends are a terminal's (ADR 15).

Lines go both ways, a letter and base64, because Session Manager's agent replaces bytes that are no UTF-8. From hpctl:
R what to run, I input, E its end, C bytes of output that were taken, A alive, K end it, Q all came. To hpctl: O and
E output, C bytes of input that were taken, A alive, X how the program ended. Each side sends no more than the other
has said it takes, so that nothing waits where the other cannot see it.

The program, its pipes and whoever serves them are a session apart from the terminal's. The terminal hangs up when
Session Manager's session ends: then the program is ended, and whatever it has started.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pwd
import selectors
import signal
import subprocess
import termios
import time
import tty
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

WINDOW = 512 * 1024
BLOCK = 24 * 1024
GRACE_S = 3.0
LINGER_S = 1.0
LAST_WORD_S = 10.0
SUBREAPER = 36


def main(saved: list[Any], nonce: str) -> None:
    """Read what to run, run it, and leave with its exit code; `saved` is how the terminal was before."""
    rest = b""
    while b"\n" not in rest:
        came = os.read(0, BLOCK)
        if not came:
            os._exit(1)
        rest += came
    line, _, rest = rest.partition(b"\n")
    wanted = json.loads(base64.b64decode(line[1:]))
    with contextlib.suppress(OSError, KeyError):
        os.chdir(os.environ["HOME"])
    if wanted["terminal"]:
        os._exit(on_terminal(wanted, saved, nonce))
    worker = os.fork()
    if worker:
        _, status = os.waitpid(worker, 0)
        os._exit(exit_code(status))
    os.setsid()
    os._exit(Worker(wanted, rest).work())


def exit_code(status: int) -> int:
    """Return the exit code that a shell would show."""
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def words(wanted: Mapping[str, Any]) -> list[bytes]:
    """Return the words of the command as the bytes that they were."""
    return [base64.b64decode(word) for word in wanted["command"]]


def refusal(name: bytes, error: OSError) -> tuple[bytes, int]:
    """Return what is said of a program that cannot be run, and the exit code that shells give it."""
    told = f"hpctl: cannot run `{os.fsdecode(name)}`: {error.strerror or error}\n"
    return os.fsencode(told), 127 if isinstance(error, FileNotFoundError) else 126


class Worker:
    """Stands between the terminal and the program's pipes."""

    def __init__(self, wanted: Mapping[str, Any], rest: bytes) -> None:
        """Run nothing yet; `rest` was read after the line that says what to run."""
        self.wanted, self.read = wanted, rest
        self.out, self.credit = bytearray(), WINDOW
        self.input, self.input_ended = bytearray(), False
        self.pipes: dict[int, bytes] = {}
        self.stdin: int | None = None
        self.program: subprocess.Popen[bytes] | None = None
        self.code: int | None = None
        self.timed_out = False
        self.heard_s = self.moved_s = time.monotonic()
        self.deadline_s = self.heard_s + wanted["timeout_s"] if wanted["timeout_s"] is not None else None
        self.over = False

    def work(self) -> int:
        """Run the program, serve its streams, say how it ended, and return that."""
        adopt()
        woken, wake = os.pipe()
        for end in (0, 1, woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.woken = woken
        self.start()
        self.lines()
        while not self.finished():
            self.serve(1.0)
            self.reap()
            self.judge()
        self.say(b"X", json.dumps({"code": self.code, "timed_out": self.timed_out}).encode())
        until_s = time.monotonic() + LAST_WORD_S
        while not self.over and time.monotonic() < until_s:
            self.serve(0.5)
        return self.code or 0

    def start(self) -> None:
        """Start the program; that it cannot be is its exit code."""
        command, ends = words(self.wanted), subprocess.PIPE
        try:
            program = subprocess.Popen(command, stdin=ends, stdout=ends, stderr=ends, bufsize=0, start_new_session=True)
        except OSError as error:
            told, self.code = refusal(command[0], error)
            self.say(b"E", told)
            return
        program.returncode = 0  # `reap` is who waits for it
        self.program = program
        for stream, letter in ((program.stdout, b"O"), (program.stderr, b"E")):
            if stream is not None:
                self.pipes[stream.fileno()] = letter
        self.stdin = program.stdin.fileno() if program.stdin is not None else None
        for end in (self.stdin, *self.pipes):
            if end is not None:
                os.set_blocking(end, False)

    def pid(self) -> int:
        """Return the program's process id, 0 before there is one."""
        return self.program.pid if self.program is not None else 0

    def finished(self) -> bool:
        """Whether the program has ended and its output has been read; what it left behind may keep that open."""
        if self.code is None:
            return False
        return not self.pipes or (self.credit > 0 and time.monotonic() - self.moved_s > LINGER_S)

    def serve(self, patience_s: float) -> None:
        """Wait until something can be done, and do it."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.woken, selectors.EVENT_READ)
            waiting.register(0, selectors.EVENT_READ)
            if self.out:
                waiting.register(1, selectors.EVENT_WRITE)
            if self.credit > 0:
                for pipe in self.pipes:
                    waiting.register(pipe, selectors.EVENT_READ)
            if self.stdin is not None and self.input:
                waiting.register(self.stdin, selectors.EVENT_WRITE)
            for key, _ in waiting.select(patience_s):
                self.ready(key.fd)

    def ready(self, end: int) -> None:
        """Move the bytes of one end."""
        if end == self.woken:
            os.read(end, BLOCK)
        elif end == 0:
            self.hear()
        elif end == 1:
            self.write()
        elif end == self.stdin:
            self.feed()
        elif end in self.pipes:
            self.take(end)

    def hear(self) -> None:
        """Read what hpctl says; a terminal that has hung up says nothing any more."""
        try:
            came = os.read(0, 4 * BLOCK)
        except BlockingIOError:
            return
        except OSError:
            came = b""
        if not came:
            self.hung_up()
        self.heard_s = time.monotonic()
        self.read += came
        self.lines()

    def lines(self) -> None:
        """Obey every whole line."""
        *whole, self.read = self.read.split(b"\n")
        for line in whole:
            self.obey(line[:1], base64.b64decode(line[1:]))

    def obey(self, letter: bytes, data: bytes) -> None:
        """Do what one line asks for."""
        if letter == b"I":
            self.input += data
            self.feed()
        elif letter == b"E":
            self.input_ended = True
            self.feed()
        elif letter == b"C":
            self.credit += int(data)
            self.moved_s = time.monotonic()
        elif letter == b"A":
            self.say(b"A", b"")
        elif letter == b"K" and self.code is None:
            self.code = end_descendants(self.pid())
        elif letter == b"Q":
            self.over = True

    def feed(self) -> None:
        """Give the program its input; what it does not want is taken all the same."""
        if self.stdin is not None and self.input:
            try:
                given = os.write(self.stdin, self.input[: 4 * BLOCK])
            except BlockingIOError:
                return
            except OSError:
                given = len(self.input)
                self.shut()
            del self.input[:given]
            self.say(b"C", str(given).encode())
        elif self.input:
            self.say(b"C", str(len(self.input)).encode())
            self.input.clear()
        if self.input_ended and not self.input:
            self.shut()

    def shut(self) -> None:
        """End the program's input."""
        if self.stdin is not None:
            os.close(self.stdin)
            self.stdin = None

    def take(self, pipe: int) -> None:
        """Pass on what the program prints, as much as hpctl takes."""
        try:
            came = os.read(pipe, min(BLOCK, self.credit))
        except BlockingIOError:
            return
        self.moved_s = time.monotonic()
        if came:
            self.credit -= len(came)
            self.say(self.pipes[pipe], came)
        else:
            del self.pipes[pipe]

    def say(self, letter: bytes, data: bytes) -> None:
        """Say a line as soon as the terminal takes it."""
        self.out += letter + base64.b64encode(data) + b"\n"
        self.write()

    def write(self) -> None:
        """Write what the terminal takes now."""
        try:
            del self.out[: os.write(1, self.out)]
        except BlockingIOError:
            pass
        except OSError:
            self.hung_up()

    def reap(self) -> None:
        """Take note of what has ended: the program, or a process that it left to nobody."""
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(-1, os.WNOHANG)
            while pid:
                if pid == self.pid():
                    self.code, self.moved_s = exit_code(status), time.monotonic()
                pid, status = os.waitpid(-1, os.WNOHANG)

    def judge(self) -> None:
        """End a program whose time is up, or whom nobody has asked for any more."""
        now_s = time.monotonic()
        if self.code is None and self.deadline_s is not None and now_s > self.deadline_s:
            self.timed_out, self.deadline_s = True, None
            self.code = end_descendants(self.pid())
        if now_s - self.heard_s > self.wanted["lease_s"]:
            self.hung_up()

    def hung_up(self) -> NoReturn:
        """End everything: nobody is there any more. What a program that has ended left behind stays."""
        if self.code is None:
            end_descendants()
        os._exit(1)


def adopt() -> None:
    """Become the parent of whatever loses its own, where the system can do that: so it can be found and ended."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


def end_descendants(awaited: int = 0) -> int:
    """Ask all descendants to end, then make them; return the exit code of the one that is awaited."""
    code = 128 + signal.SIGKILL
    for number, patience_s in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)):
        until_s = time.monotonic() + patience_s
        told = set()
        while time.monotonic() < until_s:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(-1, os.WNOHANG)
                while pid:
                    code = exit_code(status) if pid == awaited else code
                    pid, status = os.waitpid(-1, os.WNOHANG)
            left = descendants()
            if not left:
                return code
            for pid in left:
                if pid not in told or number == signal.SIGKILL:
                    told.add(pid)
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, number)
            time.sleep(0.02)
    return code


def descendants() -> list[int]:
    """Return the processes below this one that live."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            state, parent = (process / "stat").read_bytes().rpartition(b")")[2].split()[:2]
            if state != b"Z":
                children.setdefault(int(parent), []).append(int(process.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def on_terminal(wanted: Mapping[str, Any], saved: list[Any], nonce: str) -> int:
    """Give the terminal to a shell or a command, say how it ended behind a mark of this session's own."""
    command = words(wanted)
    shell = pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"
    name = command[0] if command else os.fsencode(shell)
    if wanted["term"]:
        os.environ["TERM"] = wanted["term"]
    termios.tcsetattr(0, termios.TCSANOW, saved)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTOU):
        signal.signal(number, signal.SIG_IGN)
    os.write(1, f"\x1b]{nonce};began\x07".encode())
    child = os.fork()
    if not child:
        become(name, command or [b"-" + name.rpartition(b"/")[2]])
    with contextlib.suppress(OSError):
        os.setpgid(child, child)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        os.tcsetpgrp(0, os.getpgrp())
    tty.setraw(0)
    os.write(1, f"\x1b]{nonce};{exit_code(status)}\x07".encode())
    time.sleep(LINGER_S)
    return exit_code(status)


def become(name: bytes, command: list[bytes]) -> NoReturn:
    """Be the program in the foreground of the terminal."""
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTOU):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(name, command)  # noqa: S606  no shell is what is wanted
    except OSError as error:
        told, code = refusal(name, error)
        os.write(2, told)
        os._exit(code)
