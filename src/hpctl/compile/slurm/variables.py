"""The variables of a job as files of shell words: every value arrives exactly, or is refused.

They are read on each node by bash, behind `srun`: `--export` cuts values at commas, and words of a command line can be
read by everybody on the node. Sources: bash(1), "Shell Variables"; srun(1), `--export`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

from hpctl.compile.bundle import Payload
from hpctl.compile.environment import judge, secret_values
from hpctl.errors import UsageError
from hpctl.spec.job import JobSpec

ENV: Final = "env"
SECRETS: Final = "secrets"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_KEPT: Final = re.compile(
    r"BASHOPTS|BASHPID|BASH_(?:ALIASES|ARGC|ARGV0?|CMDS|COMMAND|COMPAT|LINENO|MONOSECONDS|SOURCE|SUBSHELL|TRAPSIG"
    r"|VERSINFO)|COMP_WORDBREAKS|DIRSTACK|EPOCHREALTIME|EPOCHSECONDS|EUID|FUNCNAME|GROUPS|HISTCMD|LINENO|OLDPWD|OPTARG"
    r"|OPTIND|PIPESTATUS|POSIXLY_CORRECT|PPID|PWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|_"
)
"""Variables that bash sets or reads itself: an assignment is refused, changed or has effects of its own."""


def variable_files(spec: JobSpec, payload: Payload) -> dict[str, str]:
    """Return the files that hold the job's variables; that of the secrets is there only when there are some.

    Raises:
        UsageError: a variable cannot be given to a program by bash, or a secret has no value.
    """
    secrets = secret_values(spec, payload)
    plain = {name: value for name, value in spec.env.items() if name not in secrets}
    judge({**plain, **secrets})
    for name in (*plain, *secrets):
        _demand_assignable(name)
    return {ENV: exports(plain), **({SECRETS: exports(secrets)} if secrets else {})}


def exports(variables: Mapping[str, str]) -> str:
    """Return lines that bash reads to exactly these variables."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _demand_assignable(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"`{name}` cannot name a variable of a shell", hint="letters, digits and `_`")
    if _KEPT.fullmatch(name) or name.startswith("hpctl_"):
        owner = "hpctl's own scripts use" if name.startswith("hpctl_") else "bash keeps to itself"
        raise UsageError(f"the variable `{name}` is one that {owner}", hint="give it another name")
