"""What the runtime is asked to start for a container: its command, its user, its files."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.kubelet import environment, images
from hpctl.sandbox.kube.kubelet.environment import ConfigError, Surroundings
from hpctl.sandbox.kube.kubelet.expansion import expanded
from hpctl.sandbox.kube.kubelet.names import hostname, names_of, on_loopback
from hpctl.sandbox.kube.kubelet.runtime.rootfs import Bind, Files
from hpctl.sandbox.kube.kubelet.runtime.spawn import Command
from hpctl.sandbox.kube.kubelet.volumes import is_data, open_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hpctl.sandbox.kube.resources import Object

# The capabilities of containers by default (containerd, `oci.defaultUnixCaps`) but for MKNOD: a device file of the
# machine's disk would open the machine.
_CAPABILITIES: Final = {
    "CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "FSETID": 4, "KILL": 5, "SETGID": 6, "SETUID": 7, "SETPCAP": 8,
    "NET_BIND_SERVICE": 10, "NET_RAW": 13, "SYS_CHROOT": 18, "AUDIT_WRITE": 29, "SETFCAP": 31,
}  # fmt: skip
# What a container may have on top where it asks for it. Whatever reaches beyond the pod is left out, even of
# `privileged` ones.
_ADDABLE: Final = {
    "NET_ADMIN": 12, "IPC_LOCK": 14, "IPC_OWNER": 15, "SYS_PTRACE": 19, "SYS_NICE": 23, "SYS_RESOURCE": 24,
}  # fmt: skip
_SHM: Final = "/dev/shm"  # noqa: S108  # a path of the container
_TERMINATION_LOG: Final = "/dev/termination-log"


@dataclass(frozen=True, slots=True)
class Room:
    """Where one instance of a container lives: its own folder, its pod's, and the volumes of the pod by name."""

    own: Path
    pod: Path
    volumes: Mapping[str, Path]
    hidden: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    memory: Mapping[str, int] | None = None
    """The sizes of volumes in memory (0: no limit)."""


def command(around: Surroundings, container: Object, room: Room | None) -> Command:
    """Return what to start in a namespace, or without a room on the machine itself; ConfigError, NoCommandError."""
    found = environment.variables(around, container)
    argv = images.command_of(container, found)
    if room is None:
        return Command(argv, found, container.get("workingDir") or "/")
    user, group = _identity(around.pod, container)
    usual = {"PATH": environment.PATH, "HOSTNAME": hostname(around.pod), "HOME": _home(user)}
    terminal = bool(container.get("tty"))
    usual |= {"TERM": "xterm"} if terminal else {}
    context = container.get("securityContext") or {}
    return Command(
        argv,
        usual | found,
        container.get("workingDir") or "/",
        user=user,
        group=group,
        groups=tuple(_groups(around.pod)),
        capabilities=tuple(_capabilities(context)),
        new_privileges=context.get("allowPrivilegeEscalation", True),
        terminal=terminal,
    )


def shared_command(around: Surroundings, container: Object, room: Room) -> Command:
    """Return what to start on the shared loopback: names of Services in its variables lead to this machine.

    Nothing can be mounted there. Of a volume that is a folder of the pod's own the command's words and the working
    directory are told the real path.
    """
    own, moves = room.own, tuple(_moved_mounts(around, container, room))
    plain = command(around, container, None)
    namespace = around.pod["metadata"]["namespace"]
    names = [name for each in around.services for name in names_of(each, namespace)]
    places = {"HOME": str(own), "TMPDIR": str(own), "HOSTNAME": hostname(around.pod), "PATH": os.defpath}
    places |= {"PATH": os.environ.get("PATH", os.defpath)}
    moved = {name: on_loopback(value, names) for name, value in plain.environment.items()}
    argv = tuple(_moved(word, moves) for word in images.command_of(container, moved))
    return Command(argv, places | moved, _moved(container.get("workingDir") or str(own), moves))


def _moved_mounts(around: Surroundings, container: Object, room: Room) -> Iterator[tuple[str, str]]:
    kinds = {each["name"]: each for each in around.pod["spec"].get("volumes") or ()}
    for each in container.get("volumeMounts") or ():
        name, path = each["name"], each["mountPath"]
        if path in {_SHM, "/tmp"} or "serviceaccount" in path:  # noqa: S108  # the machine has them
            continue
        own = name in kinds and (is_data(kinds[name]) or "emptyDir" in kinds[name])
        if not own or "subPath" in each or "subPathExpr" in each:
            raise ConfigError(
                f"cannot mount volume {name!r} at {path}: pods of this hpctl sandbox share the "
                "machine's files; run it as root on Linux to give them mount namespaces"
            )
        yield path.rstrip("/"), str(room.volumes[name])


def _moved(word: str, moves: Iterable[tuple[str, str]]) -> str:
    for path, folder in moves:
        if word == path or word.startswith(f"{path}/"):
            return f"{folder}{word.removeprefix(path)}"
    return word


def files(around: Surroundings, container: Object, room: Room) -> Files:
    """Return a container's files."""
    binds = [*_own_binds(container, room), *_volume_binds(around, container, room)]
    mounts = {each["mountPath"]: each["name"] for each in container.get("volumeMounts") or ()}
    context = container.get("securityContext") or {}
    shared_memory = (room.memory or {}).get(mounts.get(_SHM, ""))
    return Files(
        str(room.own),
        room.layers,
        room.hidden,
        tuple(binds),
        shared_memory or None,
        writable=not context.get("readOnlyRootFilesystem"),
    )


def termination_log(container: Object) -> str:
    """Return the path at which a container leaves its last words."""
    return str(container.get("terminationMessagePath") or _TERMINATION_LOG)


def _own_binds(container: Object, room: Room) -> Iterator[Bind]:
    for name in ("hosts", "resolv.conf", "hostname"):
        yield Bind(str(room.pod / name), f"/etc/{name}", str(room.pod), writable=True)
    words = room.own / "termination-log"
    words.touch()
    words.chmod(0o666)
    yield Bind(str(words), termination_log(container), str(room.own), writable=True)


def _volume_binds(around: Surroundings, container: Object, room: Room) -> Iterator[Bind]:
    kinds = {each["name"]: each for each in around.pod["spec"].get("volumes") or ()}
    for each in container.get("volumeMounts") or ():
        folder = room.volumes.get(each["name"])
        if folder is None:
            raise ConfigError(f"volume {each['name']!r} of a mount is not there")
        part = each.get("subPath") or expanded(each.get("subPathExpr") or "", environment.variables(around, container))
        source = folder / part
        if part and not source.resolve().is_relative_to(folder.resolve()):
            raise ConfigError(f"failed to prepare subPath for volumeMount {each['name']!r}: it leaves its volume")
        if part and not source.exists():
            open_folder(source)
        writable = not each.get("readOnly") and not is_data(kinds[each["name"]])
        yield Bind(str(source), each["mountPath"], str(folder), writable)


def _identity(pod: Object, container: Object) -> tuple[int, int]:
    contexts = (container.get("securityContext") or {}, pod["spec"].get("securityContext") or {})
    user = next((each["runAsUser"] for each in contexts if each.get("runAsUser") is not None), 0)
    group = next((each["runAsGroup"] for each in contexts if each.get("runAsGroup") is not None), None)
    careful = next((each["runAsNonRoot"] for each in contexts if each.get("runAsNonRoot") is not None), False)
    if careful and user == 0:
        where = f"pod: {pod['metadata']['name']}_{pod['metadata']['namespace']}, container: {container['name']}"
        raise ConfigError(f"container has runAsNonRoot and image will run as root ({where})")
    return int(user), int(_group_of(user) if group is None else group)


def _groups(pod: Object) -> Iterator[int]:
    context = pod["spec"].get("securityContext") or {}
    yield from context.get("supplementalGroups") or ()
    if context.get("fsGroup") is not None:
        yield context["fsGroup"]


def _capabilities(context: Object) -> Iterator[int]:
    wish = context.get("capabilities") or {}
    added = {str(each).removeprefix("CAP_") for each in wish.get("add") or ()}
    dropped = {str(each).removeprefix("CAP_") for each in wish.get("drop") or ()}
    everything = context.get("privileged") or "ALL" in added
    for name, number in (_CAPABILITIES | _ADDABLE).items():
        usual = name in _CAPABILITIES and "ALL" not in dropped
        if name in added or ((usual or everything) and name not in dropped):
            yield number


def _home(user: int) -> str:
    if user == 0:
        return "/root"
    try:
        return pwd.getpwuid(user).pw_dir
    except KeyError:
        return "/"


def _group_of(user: int) -> int:
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:
        return 0
