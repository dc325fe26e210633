"""The system calls that Python 3.11 lacks: namespaces, mounts, capabilities (unshare(2), setns(2), mount(2), prctl(2)).

Numbers are those of the kernel's headers (sched.h, mount.h, prctl.h, capability.h), equal on all architectures but for
pivot_root's.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CLONE_NEWNS: Final = 0x0002_0000
CLONE_NEWUTS: Final = 0x0400_0000
CLONE_NEWIPC: Final = 0x0800_0000
CLONE_NEWPID: Final = 0x2000_0000
CLONE_NEWNET: Final = 0x4000_0000
MS_RDONLY: Final = 0x1
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_REMOUNT: Final = 0x20
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x4_0000
_MNT_DETACH: Final = 2
_PR_SET_PDEATHSIG: Final = 1
_PR_CAPBSET_DROP: Final = 24
_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_SET_NO_NEW_PRIVS: Final = 38
_PIVOT_ROOT: Final = {"x86_64": 155, "i686": 217, "ppc64le": 203, "s390x": 217}
# Of aarch64, riscv64 and all later architectures (asm-generic/unistd.h).
_PIVOT_ROOT_GENERIC: Final = 41
_LAST_CAPABILITY: Final = 40

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Leave namespaces for new ones."""
    _checked(_libc.unshare(flags), "unshare")


def setns(descriptor: int) -> None:
    """Enter the namespace of a descriptor."""
    _checked(_libc.setns(descriptor, 0), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount something."""
    words = [os.fsencode(word) if word else None for word in (source, target, kind, data)]
    _checked(_libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]), f"mount {target}")


def bind(source: str, target: str, *, writable: bool = True) -> None:
    """Show a file or folder at another place too."""
    mount(source, target, "", MS_BIND | MS_REC)
    if not writable:
        mount("", target, "", MS_BIND | MS_REMOUNT | MS_RDONLY)


def detach(target: str) -> None:
    """Unmount a tree as soon as nobody uses it."""
    _checked(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make a mount the root, and show the old root below it."""
    number = _PIVOT_ROOT.get(os.uname().machine, _PIVOT_ROOT_GENERIC)
    _checked(_libc.syscall(number, os.fsencode(new), os.fsencode(old)), "pivot_root")


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent ends; nothing where there is no such thing."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of whatever its descendants leave behind; nothing where there is no such thing."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def keep_capabilities(kept: Sequence[int]) -> None:
    """Give up all other capabilities for ever, programs with file capabilities and set-user-id ones included."""
    for each in range(_LAST_CAPABILITY + 1):
        if each not in kept:
            _libc.prctl(_PR_CAPBSET_DROP, each, 0, 0, 0)


def no_new_privileges() -> None:
    """Let no program that is executed have more privileges than this process."""
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def namespaces(names: Iterable[str], of: str = "self") -> dict[str, int]:
    """Open the namespaces of a process by their names below /proc."""
    return {name: os.open(f"/proc/{of}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in names}


@contextmanager
def inside(there: Iterable[int], back: Iterable[int]) -> Iterator[None]:
    """Be in other namespaces for a moment."""
    try:
        for each in there:
            setns(each)
        yield
    finally:
        for each in back:
            setns(each)


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
