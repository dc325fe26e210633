"""`python -m hpctl.sandbox HOME NAME REGION PACE PORT…`: start the server in the background, as `control.up` does.

Ends with 0 when a server has been started, with 1 when this home has one already.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from hpctl.sandbox.home import Home


def _start(arguments: list[str]) -> int:
    # The lock is taken before the fork and shared by it: from here to the server's death it is always held.
    lock = Home(Path(arguments[0])).acquire()
    if lock is None:
        return 1
    server = os.fork()
    if server:
        os.write(lock, str(server).encode())
        return 0
    return _serve(arguments)


def _serve(arguments: list[str]) -> int:
    # moto's data are half a million objects that stay: a collector that walks them time and again while
    # they load costs a quarter of the start. The server switches it on again when it is ready.
    gc.disable()
    from hpctl.sandbox.server import serve

    serve(*arguments)
    return 0


if __name__ == "__main__":
    # Python would free those objects one by one for a second, while `sandbox down` waits.
    os._exit(_start(sys.argv[1:]))
