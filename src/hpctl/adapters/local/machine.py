"""The machine that hpctl runs on."""

from __future__ import annotations

import platform
from importlib.metadata import version

from hpctl.facts.records import Machine


def this_machine() -> Machine:
    """Return the versions of what runs hpctl; nothing is imported for it."""
    return Machine(python=platform.python_version(), botocore=version("botocore"))
