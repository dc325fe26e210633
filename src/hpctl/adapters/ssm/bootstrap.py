"""How the supervisor comes to a node: a short command reads it from the session's own input (ADR 15).

The command is what AWS records of the session, and what `ps` shows on the node. It holds nothing of the caller's.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib
from importlib import resources
from typing import Final

_LOADER: Final = (
    "import base64,hashlib,os,sys,termios,tty,zlib;"
    "a=termios.tcgetattr(0);tty.setraw(0);"
    'n="{nonce}";'
    'os.write(1,("\\nhpctl:"+n+"\\n").encode());'
    'h,_,p=open(0,"rb",0,closefd=False).readline().strip().partition(b" ");'
    "p=base64.b64decode(p);"
    'hashlib.sha256(p).hexdigest().encode()==h or sys.exit("hpctl: damaged on the way");'
    "g={{}};exec(zlib.decompress(p),g);"
    'g["main"](a,n)'
)


def command(nonce: str) -> str:
    """Return the command that a session begins with; it says `greeting` when its terminal takes bytes unchanged."""
    return f"exec python3 -Ic '{_LOADER.format(nonce=nonce)}'"


def greeting(nonce: str) -> bytes:
    """Return the line that tells a started command from a banner before it."""
    return f"\nhpctl:{nonce}\n".encode()


@functools.cache
def program() -> bytes:
    """Return the supervisor as the line that the command reads."""
    text = resources.files("hpctl.adapters.ssm.node").joinpath("supervisor.py").read_bytes()
    packed = zlib.compress(text, 9)
    return hashlib.sha256(packed).hexdigest().encode() + b" " + base64.b64encode(packed) + b"\n"
