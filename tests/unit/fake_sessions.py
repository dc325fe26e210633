"""Sessions in memory: what programs on nodes say."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, BinaryIO

from hpctl.errors import HpctlError
from hpctl.facts.session_ports import Ran, Target, Tunnel

if TYPE_CHECKING:
    from tests.unit.fakes import CallLog

Answer = Ran | HpctlError


class FakeSessions:
    """Nodes on which `answers` says what a program ends with, by its name; without one, there is no such program."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.answers: dict[str, Answer | dict[str, Answer]] = {}
        """By program: an answer, or one for each node's id."""

    def run(self, node: Target, command: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Ran:
        self._log.record("sessions.run", str(node), tuple(command), stdin)
        answer = self.answers.get(_program(command), Ran(127, b"", b"not found"))
        if isinstance(answer, dict):
            answer = answer[node.instance_id]
        if isinstance(answer, HpctlError):
            raise answer
        return answer

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
        ran = self.run(node, command, stdin=stdin.read() if stdin else b"")
        stdout.write(ran.stdout)
        stderr.write(ran.stderr)
        return ran.exit_code

    def interact(self, node: Target, command: Sequence[str] = ()) -> int:
        raise NotImplementedError

    def tunnel(self, node: Target, port: int, *, host: str = "") -> AbstractContextManager[Tunnel]:
        raise NotImplementedError

    def end_all(self) -> None:
        self._log.record("sessions.end_all")


def _program(command: Sequence[str]) -> str:
    """The program that a person would name: not the shell that gives it its environment."""
    return command[4] if command[:2] == ("/bin/sh", "-c") and len(command) > 4 else command[0]
