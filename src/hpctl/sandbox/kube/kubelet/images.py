"""What a container runs: there are no images here, so its command is the machine's own.

An image's ENTRYPOINT is not known, so a container must say its `command`. `args` alone are enough where everybody
knows what the image would do with them.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.kubelet.environment import PATH
from hpctl.sandbox.kube.kubelet.expansion import expanded
from hpctl.sandbox.kube.kubelet.volumes import open_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hpctl.sandbox.kube.resources import Object

# What these images run when the container does not say (their Dockerfiles): the entrypoint, and what it is given.
_SHELLS: Final = frozenset({"alpine", "busybox", "debian", "ubuntu"})
_PAUSE: Final = "exec sleep infinity"


class NoCommandError(Exception):
    """Nobody knows what this container would run."""


def name_of(image: str) -> str:
    """Return the last part of an image's name, without tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def stand_ins(folder: Path) -> tuple[str, ...]:
    """Return a layer of what images for training have and this machine may not: `python`, where there is `python3`."""
    there = shutil.which("python3", path=PATH)
    if there is None or shutil.which("python", path=PATH):
        return ()
    link = folder / "usr" / "local" / "bin" / "python"
    open_folder(link.parent)
    link.unlink(missing_ok=True)
    link.symlink_to(there)
    return (str(folder),)


def command_of(container: Object, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return a container's command and arguments; raises NoCommandError."""
    command = [expanded(each, variables) for each in container.get("command") or ()]
    arguments = [expanded(each, variables) for each in container.get("args") or ()]
    if command:
        return (*command, *arguments)
    image = str(container.get("image") or "")
    if name_of(image).startswith("pause"):
        return ("/bin/sh", "-c", _PAUSE)
    if name_of(image) in _SHELLS:
        return tuple(arguments) or ("/bin/sh",)
    raise NoCommandError(
        f'the hpctl sandbox pulls no images, so the entrypoint of "{image}" is not known: '
        "give the container a `command` that this machine has"
    )
