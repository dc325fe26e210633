"""Unit tests open no socket: what needs one is a functional test."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes on a machine that does other things too says nothing about it.
settings.register_profile("patient", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Raise `SocketBlockedError` on the first socket that is made."""
