"""A command's process does not search for garbage that its end takes away anyhow."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import atexit, gc, sys
from hpctl.cli.main import main
seen = []
gc.callbacks.append(lambda phase, told: seen.append(told["generation"]))
atexit.register(lambda: print(len(seen), gc.get_freeze_count() > 0, file=sys.stderr))  # runs after main's own
sys.argv = ["hpctl", "check-model", "--help"]
main()
"""


def test_no_collection_runs_in_a_short_command_and_nothing_is_left_for_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stderr == "0 True\n"
