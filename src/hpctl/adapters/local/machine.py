"""The machine that hpctl runs on."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from hpctl.facts.records import Machine


def this_machine() -> Machine:
    """Return the versions of what runs hpctl; nothing is imported for it."""
    return Machine(python=platform.python_version(), botocore=version("botocore"))


def this_program() -> tuple[str, ...]:
    """Return how this hpctl is run from anywhere: its own absolute path, or its Python's and the module's name.

    A link to it is kept as it is: that is the name which outlasts an upgrade.
    """
    for path in (Path(sys.argv[0]).absolute(), Path(sys.executable).with_name("hpctl")):
        if path.name == "hpctl" and path.is_file() and os.access(path, os.X_OK):
            return (str(path),)
    return (sys.executable, "-m", "hpctl")


def this_user() -> str:
    """Return the name of whoever runs hpctl, as the system knows them; `unknown` where it does not."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user that /etc/passwd does not have
        return "unknown"
