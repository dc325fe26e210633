"""Sessions in memory: what programs on nodes say."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, BinaryIO

from hpctl.errors import HpctlError
from hpctl.facts.session_ports import Ran, Target, Tunnel

if TYPE_CHECKING:
    from tests.unit.fake_calls import CallLog

Answer = Ran | HpctlError


class FakeSessions:
    """Nodes on which `answers` says what a program ends with; without an answer, there is no such program.

    An answer is for a program (`sinfo`), or for a program with words that it is given (`scontrol show node`): of the
    answers whose words are all there, that with most of them.
    """

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.answers: dict[str, Answer | dict[str, Answer]] = {}
        """By program: an answer, or one for each node's id."""

    def run(self, node: Target, command: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Ran:
        self._log.record("sessions.run", str(node), tuple(command), stdin)
        answer = self._answer(_words(command))
        if isinstance(answer, dict):
            answer = answer[node.instance_id]
        if isinstance(answer, HpctlError):
            raise answer
        return answer

    def _answer(self, words: Sequence[str]) -> Answer | dict[str, Answer]:
        known = [key for key in self.answers if set(key.split()) <= set(words)]
        return self.answers[max(known, key=len)] if known else Ran(127, b"", b"not found")

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


def _words(command: Sequence[str]) -> tuple[str, ...]:
    """The words that a person would type: not the shell that gives them their environment."""
    return tuple(command[4:] if command[:2] == ("/bin/sh", "-c") and len(command) > 4 else command)
