"""Standard input and output as one connection (`facts.session_ports.Tunnel`), past Python's own buffers."""

from __future__ import annotations

import os
from typing import Final

from hpctl.errors import ClosedPipeError

_BLOCK: Final = 64 * 1024
_IN, _OUT = 0, 1


class StandardStreams:
    """What another program gives to this one, and takes from it."""

    def receive(self) -> bytes:
        """Wait for input and return it; b"" at its end."""
        try:
            return os.read(_IN, _BLOCK)
        except OSError:  # closed before the start, or the terminal is gone
            return b""

    def send(self, data: bytes) -> None:
        """Write all bytes; `ClosedPipeError` when nobody takes them."""
        try:
            while data:
                data = data[os.write(_OUT, data) :]
        except OSError as error:
            raise ClosedPipeError("nobody reads the output any more") from error

    def end(self) -> None:
        """Let whoever reads know that no more comes: nothing but the end of this process does."""
