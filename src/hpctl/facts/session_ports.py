"""Session Manager's sessions on the nodes of HyperPod clusters, as a port.

HyperPod nodes are no managed instances: StartSession is the only way to them, three times a second an account.
Source: SageMaker AI developer guide, "Connect to the cluster nodes through SSM".
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Target:
    """A node as StartSession addresses it; `cluster_id` is what the cluster's ARN ends in, never its name."""

    cluster_id: str
    instance_group: str
    instance_id: str

    def __str__(self) -> str:
        """What stands in the request."""
        return f"sagemaker-cluster:{self.cluster_id}_{self.instance_group}-{self.instance_id}"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command on a node ended with, byte for byte."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class Tunnel(Protocol):
    """One TCP connection that is made on a node; bytes pass unchanged."""

    def receive(self) -> bytes:
        """Wait for bytes and return them; b"" once the other end has closed. `UnavailableError` when it broke."""
        ...

    def send(self, data: bytes) -> None:
        """Send all bytes; `UnavailableError` when it broke. May be called beside a `receive` in another thread."""
        ...

    def end(self) -> None:
        """Say that no more bytes come from here, as far as Session Manager can say it."""
        ...


class Sessions(Protocol):
    """Programs, terminals and connections on nodes.

    Every method raises `AccessError` (naming `ssm:StartSession`), `NotFoundError` (no such node, or it is not
    connected), and `UnavailableError`: nobody answered, or the session broke and what became of the command is not
    known. None of them repeats a command that may have run.
    """

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
        """Run a program as root, without a terminal, and return its exit code; 128 + n where signal n ended it.

        The words reach the program exactly: no shell reads them. Its streams are apart and intact. When this process
        dies, or `timeout_s` runs out (`WaitTimeoutError`), the program and what it started there are ended.
        """
        ...

    def run(self, node: Target, command: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Ran:
        """Run a short program as `execute` does, and return what it said."""
        ...

    def interact(self, node: Target, command: Sequence[str] = ()) -> int:
        """Give a terminal to a shell on the node, or to a command, and return its exit code.

        This process's terminal is raw meanwhile: Ctrl-C goes to the node, and changes of size follow.
        """
        ...

    def tunnel(self, node: Target, port: int, *, host: str = "") -> AbstractContextManager[Tunnel]:
        """Connect to a TCP port on the node, or on a `host` that the node reaches."""
        ...

    def end_all(self) -> None:
        """End every program and session of this process, from any thread; whoever waits gets `UnavailableError`.

        None can be started any more: this is for the end of a command, such as Ctrl-C amid a fan-out.
        """
        ...
