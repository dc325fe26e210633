"""The equipment of the command's tests: a sandbox for each test process."""

from __future__ import annotations

from tests.functional.cli.conftest import account, hpctl, name, sandbox

__all__ = ["account", "hpctl", "name", "sandbox"]
