"""Unit tests open no socket: what needs one is a functional test."""

from __future__ import annotations

import pytest
from hypothesis import settings

# How long an example takes on a machine that does other things too says nothing about it.
settings.register_profile("patient", parent=settings(), deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Raise `SocketBlockedError` on the first socket that is made."""
