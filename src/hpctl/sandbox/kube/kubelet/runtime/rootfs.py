"""The files of a container: the machine's own, seen through an overlay that takes all writes.

Nothing that a container writes reaches the machine: it lands in the upper layer, which goes with the container. Folders
that are somebody's (homes, /tmp, /run, what is mounted below /mnt or /media, the sandbox's own) are replaced by empty
ones. /dev, /proc and /sys are as container runtimes make them (OCI runtime specification, "Default Filesystems").
"""

from __future__ import annotations

# Paths here are of a root that is being made, as system calls take them.
# ruff: noqa: PTH101, PTH102, PTH103, PTH106, PTH110, PTH112, PTH120, PTH123, PTH211
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.kubelet.runtime import linux

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Where the machine's root is while a container's files are put together.
_OLD: Final = "/.machine"
_DEVICES: Final = ("full", "null", "random", "tty", "urandom", "zero")
_LINKS: Final = {"fd": "/proc/self/fd", "ptmx": "pts/ptmx", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_SEALED: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
# Writable and empty in each container, on the machine's disk; /run is in memory, as it is on a machine.
_PRIVATE: Final = ("/home", "/root", "/tmp", "/var/tmp")  # noqa: S108  # folders of the container
_EMPTY: Final = ("/media", "/mnt")
_REAL: Final = frozenset({"9p", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "virtiofs", "xfs", "zfs"})
_SYSTEM: Final = ("/dev", "/proc", "/run", "/sys", *_PRIVATE, *_EMPTY)
_DEFAULT_SHM: Final = 64 * 1024 * 1024
_STICKY: Final = 0o1777


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder of the machine at a path of the container; `within` is what it must not lead out of."""

    source: str
    target: str
    within: str
    writable: bool


@dataclass(frozen=True, slots=True)
class Files:
    """What a container's files are made of: `folder` takes what it writes, `lower` are layers above the machine's."""

    folder: str
    lower: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    binds: tuple[Bind, ...] = ()
    shared_memory: int | None = None
    writable: bool = True

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Files:
        """Read what came over the wire."""
        binds = tuple(Bind(**each) for each in told["binds"])
        return cls(**{**told, "lower": tuple(told["lower"]), "hidden": tuple(told["hidden"]), "binds": binds})


def enter(files: Files, mounts: Iterable[str]) -> None:
    """Make the files of a container this process's own; it must be alone in new mount and PID namespaces."""
    root = f"{files.folder}/root"
    for name in (root, f"{files.folder}/private"):
        os.makedirs(name, 0o755, exist_ok=True)
    _overlay(files, root)
    os.makedirs(root + _OLD, exist_ok=True)
    linux.pivot_root(root, root + _OLD)
    os.chdir("/")
    for disk in mounts:
        if os.path.isdir(disk) and not _below(disk, (*_SYSTEM, *files.hidden)):
            linux.bind(_OLD + disk, disk, writable=False)
    _hide(files)
    _kernel_folders()
    _devices(files.shared_memory)
    for each in sorted(files.binds, key=lambda bind: bind.target.count("/")):
        _bind(each)
    linux.detach(_OLD)
    os.rmdir(_OLD)
    if not files.writable:
        linux.mount("", "/", "", linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY)


def machine_mounts() -> list[str]:
    """Return where the machine's further disks are mounted: an overlay of / does not show them (proc(5), mountinfo)."""
    found = []
    with open("/proc/self/mountinfo") as lines:
        for line in lines:
            fields, _, kind = line.partition(" - ")
            target = fields.split()[4]
            if kind.split()[0] in _REAL and target != "/" and os.path.isdir(target):
                found.append(target)
    return sorted(set(found))


def _overlay(files: Files, root: str) -> None:
    lower = f"{_layers(files)}/"
    for base in (files.folder, f"{files.folder}/memory"):
        os.makedirs(base, 0o755, exist_ok=True)
        if base != files.folder:
            linux.mount("tmpfs", base, "tmpfs", 0, "mode=755")
        upper, work = f"{base}/upper", f"{base}/work"
        os.makedirs(upper, 0o755, exist_ok=True)
        os.makedirs(work, 0o700, exist_ok=True)
        data = f"lowerdir={lower},upperdir={_escaped(upper)},workdir={_escaped(work)}"
        try:
            return linux.mount("overlay", root, "overlay", linux.MS_NODEV, data)
        except OSError:
            # The sandbox's folder is on an overlay itself, such as in a container: the layer is in memory then.
            if base != files.folder:
                raise
    return None


def _layers(files: Files) -> str:
    """Return the beginning of `lowerdir`: layers that lie below / themselves must be a file system of their own."""
    if not files.lower:
        return ""
    together, nothing = f"{files.folder}/layers", f"{files.folder}/nothing"
    for each in (together, nothing):
        os.makedirs(each, 0o755, exist_ok=True)
    lower = ":".join(_escaped(each) for each in (*files.lower, nothing))
    linux.mount("overlay", together, "overlay", linux.MS_NODEV | linux.MS_RDONLY, f"lowerdir={lower}")
    return f"{_escaped(together)}:"


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")


def _hide(files: Files) -> None:
    for each in (*_EMPTY, *files.hidden):
        if os.path.isdir(each) and not _below(each, _PRIVATE):
            linux.mount("tmpfs", each, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755,size=64k")
    for each in _PRIVATE:
        own = f"{_OLD}{files.folder}/private/{each.strip('/').replace('/', '-')}"
        os.makedirs(own, exist_ok=True)
        os.chmod(own, _STICKY if each.endswith("tmp") else 0o700 if each == "/root" else 0o755)
        os.makedirs(each, exist_ok=True)
        linux.bind(own, each)
    os.makedirs("/run", exist_ok=True)
    linux.mount("tmpfs", "/run", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
    os.makedirs("/run/lock", _STICKY)


def _kernel_folders() -> None:
    strict = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
    linux.mount("proc", "/proc", "proc", strict)
    for each in _SEALED:
        if os.path.exists(each):
            linux.bind(each, each, writable=False)
    linux.mount("sysfs", "/sys", "sysfs", strict | linux.MS_RDONLY)


def _devices(shared_memory: int | None) -> None:
    linux.mount("tmpfs", "/dev", "tmpfs", linux.MS_NOSUID, "mode=755,size=64k")
    for name in _DEVICES:
        _touch(f"/dev/{name}")
        linux.bind(f"{_OLD}/dev/{name}", f"/dev/{name}")
    for name, target in _LINKS.items():
        os.symlink(target, f"/dev/{name}")
    for name in ("pts", "shm", "mqueue"):
        os.mkdir(f"/dev/{name}")
    quiet = linux.MS_NOSUID | linux.MS_NOEXEC
    linux.mount("devpts", "/dev/pts", "devpts", quiet, "newinstance,ptmxmode=0666,mode=0620")
    linux.mount("mqueue", "/dev/mqueue", "mqueue", quiet | linux.MS_NODEV)
    size = shared_memory or _DEFAULT_SHM
    linux.mount("shm", "/dev/shm", "tmpfs", quiet | linux.MS_NODEV, f"mode=1777,size={size}")  # noqa: S108


def _bind(wanted: Bind) -> None:
    source, within = _OLD + wanted.source, _OLD + wanted.within
    # A link that a container has made in its volume must not lead a later mount to the machine's own files.
    if not _below(os.path.realpath(source), (os.path.realpath(within),)):
        raise PermissionError(13, "leads out of its volume", wanted.target)
    target = os.path.realpath(wanted.target)
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _touch(target)
    linux.bind(source, target, writable=wanted.writable)


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))


def _below(path: str, folders: Sequence[str]) -> bool:
    return any(path == each or path.startswith(f"{each.rstrip('/')}/") for each in folders)
