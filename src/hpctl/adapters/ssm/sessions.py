"""The port `facts.session_ports.Sessions` over Session Manager."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, Final, TypeVar, cast

from hpctl import timeouts
from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.ssm import failures
from hpctl.adapters.ssm.broken import NotBegunError, SessionError
from hpctl.adapters.ssm.hub import Hub
from hpctl.adapters.ssm.limiter import StartLimiter
from hpctl.adapters.ssm.starting import Starter
from hpctl.errors import UsageError
from hpctl.facts.ports import Clock
from hpctl.facts.session_ports import Ran, Target, Tunnel

Answer = TypeVar("Answer")

_ATTEMPTS: Final = 4
"""Sessions that are started for one program, the first included, while none has begun to run it."""


class SsmSessions:
    """Programs, terminals and connections on nodes, from any thread; what they take is loaded with the first."""

    def __init__(self, aws: AwsSession, env: Mapping[str, str], clock: Clock) -> None:
        """Ask AWS through `aws`; `env` says where hpctl's records are and what the terminal is, `clock` has chance."""
        self._aws, self._env, self._clock = aws, env, clock
        self._hub = Hub()
        self._starter = Starter(aws, StartLimiter(env), self._wait, clock.jitter)

    def execute(
        self,
        node: Target,
        command: Sequence[str],
        *,
        stdin: BinaryIO | None = None,
        stdout: BinaryIO,
        stderr: BinaryIO,
        timeout_s: float | None = None,
    ) -> int:
        """Run a program as root, without a terminal, and return its exit code; 128 + n where signal n ended it."""
        from hpctl.adapters.ssm.execute import Program, Streams, attempt

        program = Program(_checked(command), Streams(stdin, stdout, stderr), timeout_s)
        ended = self._begun(node, command[0], lambda: attempt(self._hub, self._starter, node, program))
        if ended.timed_out:
            raise failures.timed_out(node, command[0], timeout_s or 0.0)
        return ended.code

    def run(self, node: Target, command: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Ran:
        """Run a short program as `execute` does, and return what it said."""
        out, err = BytesIO(), BytesIO()
        code = self.execute(node, command, stdin=BytesIO(stdin), stdout=out, stderr=err, timeout_s=timeout_s)
        return Ran(code, out.getvalue(), err.getvalue())

    def interact(self, node: Target, command: Sequence[str] = ()) -> int:
        """Give a terminal to a shell on the node, or to a command, and return its exit code."""
        from hpctl.adapters.ssm import interact

        words, term = _checked(command) if command else (), self._env.get("TERM", "")
        with open(0, "rb", 0, closefd=False) as keyboard, open(1, "wb", 0, closefd=False) as screen:
            ends = (cast("BinaryIO", keyboard), cast("BinaryIO", screen))
            named = words[0] if words else "the shell"
            return self._begun(node, named, lambda: interact.attempt(self._starter, node, words, term, ends))

    @contextmanager
    def tunnel(self, node: Target, port: int, *, host: str = "") -> Iterator[Tunnel]:
        """Connect to a TCP port on the node, or on a `host` that the node reaches."""
        from hpctl.adapters.ssm.relayed import relayed
        from hpctl.adapters.ssm.tunnel import LinkTunnel

        if host:
            with relayed(self, node, port, host) as tunnel:
                yield tunnel
            return
        direct = LinkTunnel(self._hub, self._starter, node, port)
        try:
            self._begun(node, f"the connection to port {port}", direct.open)
            yield direct
        finally:
            direct.close()

    def end_all(self) -> None:
        """End every program and session of this process, from any thread; none can be started any more."""
        self._hub.stop()

    def _begun(self, node: Target, what: str, begin: Callable[[], Answer]) -> Answer:
        """Return what `begin` does, tried again while nothing was asked of the node."""
        for last in (*(False for _ in range(_ATTEMPTS - 1)), True):
            try:
                return begin()
            except NotBegunError as error:
                if last or not error.again:
                    raise failures.not_begun(error, node, what) from error
                self._wait(timeouts.SESSION_AGAIN_S * (1 + self._clock.jitter()))
            except SessionError as error:
                raise failures.broken(error, node, what) from error
        raise AssertionError  # the last try returns or raises

    def _wait(self, seconds: float) -> None:
        """Let seconds pass, unless everything is being ended."""
        if self._hub.stopped.wait(seconds):
            raise failures.stopped()


def _checked(command: Sequence[str]) -> tuple[str, ...]:
    if not command or any("\0" in word for word in command):
        raise UsageError("a command needs a program, and no word of it may hold a NUL character")
    return tuple(command)
