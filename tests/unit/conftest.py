"""Unit tests open no socket: what needs one is a functional test."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Raise `SocketBlockedError` on the first socket that is made."""
