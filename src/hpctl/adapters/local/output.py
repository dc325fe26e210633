"""What programs elsewhere print, on its way out of this process."""

from __future__ import annotations

from typing import BinaryIO

from hpctl.errors import ClosedPipeError, UsageError


def printed(stream: BinaryIO, said: bytes) -> None:
    """Write what the command printed; that nobody takes it here is no matter of the connection's."""
    try:
        stream.write(said)
        stream.flush()
    except BrokenPipeError as error:
        raise ClosedPipeError("nobody reads the output any more") from error
    except OSError as error:
        raise UsageError(f"the output cannot be written: {error.strerror}", hint="is the disk full?") from error
