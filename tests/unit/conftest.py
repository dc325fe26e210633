"""Unit tests open no socket: what needs one is a functional test."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes on a machine that does other things too says nothing about it. HPCTL_TEST_EXAMPLES=2000
# looks longer for what fifty did not show.
settings.register_profile(
    "patient",
    parent=settings(),
    deadline=None,
    max_examples=int(os.environ.get("HPCTL_TEST_EXAMPLES", "50")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Raise `SocketBlockedError` on the first socket that is made."""
