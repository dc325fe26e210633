"""Answer one question: a line of JSON (`verb` and its values) on standard input, for a submission a tar behind it.

The answer is a line of JSON.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any, NoReturn

from hpctl.adapters.slurm.node.base import ToldError, become
from hpctl.adapters.slurm.node.ending import cancel, delete
from hpctl.adapters.slurm.node.looking import fleet, job, look, tail
from hpctl.adapters.slurm.node.submitting import submit

_VERBS = {"look": look, "fleet": fleet, "job": job, "tail": tail, "submit": submit, "cancel": cancel, "delete": delete}


def main() -> None:
    """Read the request, do it as the user, and answer."""
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _end)
    try:
        asked = json.loads(sys.stdin.buffer.readline())
        become(asked["user"])
        answer = _VERBS[asked["verb"]](asked)
    except ToldError as error:
        answer = {"error": error.code, "message": error.message}
    except OSError as error:
        answer = {"error": "os", "message": f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")}
    with open(1, "w", encoding="ascii") as out:
        out.write(json.dumps(answer) + "\n")


def _end(_number: int, _frame: Any) -> NoReturn:
    sys.exit(1)  # what was begun is cleared away on the way out
