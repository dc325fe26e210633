"""What can become of a session, for the modules of this room alone: callers get `HpctlError`s made of it."""

from __future__ import annotations


class SessionError(Exception):
    """A session cannot go on; the text says why, in words that may come from the node."""


class HopelessError(SessionError):
    """Another session would fare no better."""


class EncryptedError(HopelessError):
    """The account's settings want sessions to be encrypted with a key of KMS."""


class NotBegunError(SessionError):
    """It ended before anything was asked of the node, so that starting another repeats nothing.

    `again`: another may well begin. `encrypted`: none can, see `EncryptedError`.
    """

    def __init__(self, why: str, *, again: bool, encrypted: bool = False) -> None:
        """Keep what follows from it."""
        super().__init__(why)
        self.again, self.encrypted = again, encrypted
