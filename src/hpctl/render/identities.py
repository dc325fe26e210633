"""Who acts, in which account and Region: the first line of whatever changes something."""

from __future__ import annotations

from typing import Protocol

from hpctl.render.page import Piece, Prose


class Caller(Protocol):
    """What a report says of who calls."""

    @property
    def account(self) -> str:
        """The id of the account."""
        ...

    @property
    def arn(self) -> str:
        """The principal."""
        ...

    @property
    def region(self) -> str:
        """The Region."""
        ...

    @property
    def profile(self) -> str | None:
        """The profile of the credentials, if they come from one."""
        ...


def identity_line(caller: Caller) -> Piece:
    """Return account, Region, principal and profile."""
    principal = caller.arn.rpartition(":")[2]  # the account stands before it already
    words = [f"account {caller.account}", f"region {caller.region}", principal]
    if caller.profile:
        words.append(f"profile {caller.profile}")
    return Prose(", ".join(words))
