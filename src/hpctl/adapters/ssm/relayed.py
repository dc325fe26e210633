"""A TCP connection to a host that a node reaches: a program on the node makes it, and its streams are the connection.

A session for port forwarding to a host would do, but its end cannot be heard (see `tunnel`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from io import BytesIO
from typing import BinaryIO, cast

from hpctl.errors import HpctlError, UnavailableError
from hpctl.facts.session_ports import Sessions, Target, Tunnel


@contextmanager
def relayed(sessions: Sessions, node: Target, port: int, host: str) -> Iterator[Tunnel]:
    """Connect from `node` to `host`; the program there ends with the `with`."""
    text = resources.files("hpctl.adapters.ssm.node").joinpath("relay.py").read_text("utf-8")
    tunnel = _Relayed(sessions, node, ("python3", "-Ic", text, host, str(port)))
    try:
        yield tunnel
    finally:
        tunnel.close()


class _Relayed:
    """Two pipes, between which and the node a thread runs the program."""

    def __init__(self, sessions: Sessions, node: Target, command: tuple[str, ...]) -> None:
        self._sessions, self._node, self._command = sessions, node, command
        self._theirs_in, self._out = os.pipe()
        self._in, self._theirs_out = os.pipe()
        self._error: HpctlError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def receive(self) -> bytes:
        """Wait for bytes and return them; b"" once the other end has closed."""
        data = os.read(self._in, 64 * 1024)
        if not data and self._error is not None:
            raise self._error
        return data

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        try:
            while data:
                data = data[os.write(self._out, data) :]
        except OSError as error:
            raise self._error or UnavailableError("the connection was closed by the other end") from error

    def end(self) -> None:
        """Say that no more bytes come from here."""
        if self._out >= 0:
            os.close(self._out)
            self._out = -1

    def close(self) -> None:
        """End the connection; the program on the node sees the end of its input, and nobody takes its output."""
        self.end()
        os.close(self._in)

    def _run(self) -> None:
        """Run the program; what became of it is known before the end of its output is."""
        said = BytesIO()
        with os.fdopen(self._theirs_out, "wb", 0) as stdout, os.fdopen(self._theirs_in, "rb", 0) as stdin:
            ends = cast("BinaryIO", stdin), cast("BinaryIO", stdout)
            try:
                code = self._sessions.execute(self._node, self._command, stdin=ends[0], stdout=ends[1], stderr=said)
            except HpctlError as error:
                self._error = error
            else:
                self._error = _refused(self._command, self._node, said.getvalue()) if code else None


def _refused(command: tuple[str, ...], node: Target, said: bytes) -> UnavailableError:
    *_, host, port = command
    return UnavailableError(
        f"node `{node.instance_id}` cannot connect to port {port} of `{host}`: {said.decode(errors='replace').strip()}"
    )
