"""This machine's Bash, which parses scripts and runs nothing: the port `facts.script_ports.Shell`."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Final

from hpctl.errors import UnavailableError
from hpctl.facts.script_ports import ShellFault

_TIME_LIMIT_S: Final = 10.0
_LINE: Final = re.compile(r"^[^:]*: line (?P<line>\d+): (?P<message>.*)$")
_SCRIPT: Final = "/dev/stdin"
"""By name, for without one Bash tells no lines."""
_ENVIRONMENT: Final = {"LC_ALL": "C"}
"""Nothing of the caller's: Bash would run what BASH_ENV names, and speak the caller's language."""


class LocalBash:
    """Asks `bash -n`, which reads a script to its end and executes no command of it (bash(1))."""

    def faults(self, script: bytes) -> tuple[ShellFault, ...]:
        """Return what Bash does not understand of a script."""
        bash = shutil.which("bash")
        if bash is None:
            raise UnavailableError("there is no `bash` on this machine to read scripts with", hint="install bash")
        try:
            read = subprocess.run(
                [bash, "--norc", "-n", _SCRIPT],
                input=script,
                capture_output=True,
                env=_ENVIRONMENT,
                timeout=_TIME_LIMIT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UnavailableError("`bash -n` could not read a script on this machine") from error
        if read.returncode == 0:  # it may have warned, such as of a here-document without its end
            return ()
        return tuple(_told(read.stderr.decode(errors="replace"))) or (ShellFault(1, "bash cannot read it"),)


def _told(text: str) -> list[ShellFault]:
    faults: list[ShellFault] = []
    for line in text.splitlines():
        found = _LINE.match(line)
        # The second line of a message shows the words that it is about, and warnings stop nothing.
        again = found and faults and faults[-1].line == int(found["line"])
        if found and not again and not found["message"].startswith("warning:"):
            faults.append(ShellFault(int(found["line"]), found["message"]))
    return faults
