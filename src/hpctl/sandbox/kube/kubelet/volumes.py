"""A pod's volumes as folders of the sandbox, laid out as the kubelet lays them out.

No volume is a folder of the machine's own. A `hostPath` is a folder of the node, which all pods of that node see and
which stays while the cluster does; a claim is a folder of the cluster. What else there is in Kubernetes (NFS, CSI, …)
the sandbox does not have.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.controllers.quantities import amount
from hpctl.sandbox.kube.kubelet.environment import ConfigError, Surroundings, data_of, field, resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hpctl.sandbox.kube.resources import Object

_MODE: Final = 0o644
_FOLDER_MODE: Final = 0o755
_SHARED_MODE: Final = 0o777
_LINK: Final = "..data"


class VolumeError(Exception):
    """A volume cannot be had (`FailedMount`)."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where volumes are: of the pod, of its node, and claims by namespace and name."""

    pod: Path
    node: Path
    claims: Path
    claimed: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a volume that is made of data."""

    path: str
    data: bytes
    mode: int


def folder_of(volume: Object, places: Places, around: Surroundings) -> Path:
    """Make a volume, or bring it up to date, and return its folder or file; raises VolumeError."""
    name, kind = volume["name"], _kind(volume)
    source = volume.get(kind) or {}
    match kind:
        case "hostPath":
            return _on_node(source, places.node)
        case "persistentVolumeClaim":
            return _claim(source["claimName"], places)
        case "emptyDir":
            folder = places.pod / "volumes" / str(name)
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(_SHARED_MODE)
            return folder
        case "configMap" | "secret" | "downwardAPI" | "projected":
            folder = places.pod / "volumes" / str(name)
            try:
                write(folder, files_of(kind, source, around))
            # One file may stand where another wants a folder: sources of a projected volume do not know each other.
            except (ConfigError, OSError) as error:
                raise VolumeError(f'MountVolume.SetUp failed for volume "{name}" : {error}') from error
            return folder
    raise VolumeError(f'volume "{name}": the hpctl sandbox does not have volumes of the kind {kind}')


def open_folder(folder: Path) -> None:
    """Make a folder that others may look into: the server's own umask keeps everybody out."""
    if not folder.is_dir():
        open_folder(folder.parent)
        folder.mkdir()
        folder.chmod(_FOLDER_MODE)


def memory_size(volume: Object) -> int | None:
    """Return the bytes of an emptyDir in memory, 0 for no limit of its own; None for every other volume."""
    source = volume.get("emptyDir")
    if source is None or source.get("medium") != "Memory":
        return None
    return int(amount(source.get("sizeLimit") or "0"))


def is_data(volume: Object) -> bool:
    """Whether a volume follows ConfigMaps, Secrets or the pod itself."""
    return _kind(volume) in {"configMap", "secret", "downwardAPI", "projected"}


def files_of(kind: str, source: Object, around: Surroundings) -> list[File]:
    """Return the files of a volume that is made of data; raises ConfigError."""
    mode = int(source.get("defaultMode") or _MODE)
    match kind:
        case "projected":
            return [file for each in source.get("sources") or () for file in _projection(each, around, mode)]
        case "downwardAPI":
            return [_downward(each, around, mode) for each in source.get("items") or ()]
        case "configMap":
            return list(_config("ConfigMap", source.get("name", ""), source, around, mode))
        case _:
            return list(_config("Secret", source.get("secretName") or source.get("name", ""), source, around, mode))


def write(folder: Path, files: list[File]) -> None:
    """Show exactly these files in a folder, all in one step (`AtomicWriter`)."""
    open_folder(folder)
    link = folder / _LINK
    before = link.resolve() if link.is_symlink() else None
    if before and before.is_dir() and _same(before, files):
        return
    number = int(before.name.removeprefix("..")) + 1 if before else 1
    fresh = folder / f"..{number:08}"
    shutil.rmtree(fresh, ignore_errors=True)
    open_folder(fresh)
    for each in files:
        path = fresh / each.path
        if ".." in path.relative_to(fresh).parts:
            raise ConfigError(f"path {each.path} must not leave its volume")
        open_folder(path.parent)
        path.write_bytes(each.data)
        path.chmod(each.mode)
    draft = folder / "..data_tmp"
    draft.unlink(missing_ok=True)
    draft.symlink_to(fresh.name)
    draft.replace(link)
    _link_tops(folder, {each.path.partition("/")[0] for each in files})
    if before:
        shutil.rmtree(before, ignore_errors=True)


def _link_tops(folder: Path, tops: set[str]) -> None:
    for top in tops:
        if not (folder / top).is_symlink():
            (folder / top).symlink_to(f"{_LINK}/{top}")
    for found in tuple(folder.iterdir()):
        if not found.name.startswith("..") and found.name not in tops:
            found.unlink()


def _same(folder: Path, files: list[File]) -> bool:
    there = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    return there == {each.path for each in files} and all((folder / x.path).read_bytes() == x.data for x in files)


def _kind(volume: Object) -> str:
    return next((key for key, value in volume.items() if key != "name" and value is not None), "emptyDir")


def _on_node(source: Object, node: Path) -> Path:
    path = Path(os.path.normpath("/" + source["path"].lstrip("/")))
    place, kind = node / path.relative_to("/"), source.get("type") or ""
    if not place.resolve().is_relative_to(node.resolve()):
        # A link that a container has made must not lead to the machine's own files.
        raise VolumeError(f"hostPath {source['path']} leads out of the node's own folder")
    failed = f"hostPath type check failed: {source['path']} is not a"
    match kind:
        case "" | "DirectoryOrCreate":
            open_folder(place)
        case "FileOrCreate":
            place.touch()
        case "Directory" if not place.is_dir():
            raise VolumeError(f"{failed} directory")
        case "File" if not place.is_file():
            raise VolumeError(f"{failed} file")
        case "Socket" | "CharDevice" | "BlockDevice":
            raise VolumeError(f"{failed} {kind}")
    return place


def _claim(name: str, places: Places) -> Path:
    if not places.claimed(name):
        raise VolumeError(f'persistentvolumeclaim "{name}" not found')
    folder = places.claims / name
    open_folder(folder)
    return folder


def _projection(source: Object, around: Surroundings, mode: int) -> Iterator[File]:
    if told := source.get("configMap"):
        yield from _config("ConfigMap", told.get("name", ""), told, around, mode)
    if told := source.get("secret"):
        yield from _config("Secret", told.get("name", ""), told, around, mode)
    if told := source.get("downwardAPI"):
        yield from (_downward(each, around, mode) for each in told.get("items") or ())
    # A service account's token is left out: nothing in the sandbox would take it.


def _config(kind: str, name: str, source: Object, around: Surroundings, mode: int) -> Iterator[File]:
    config = around.config(kind, name)
    if config is None:
        if source.get("optional"):
            return
        raise ConfigError(f'{kind.lower()} "{name}" not found')
    data = data_of(config)
    items: list[dict[str, Any]] = source.get("items") or [{"key": key, "path": key} for key in sorted(data)]
    for each in items:
        if each["key"] in data:
            yield File(each["path"], data[each["key"]], int(each.get("mode") or mode))
        elif not source.get("optional"):
            raise ConfigError(f"references non-existent {kind.lower()} key: {each['key']}")


def _downward(item: Object, around: Surroundings, mode: int) -> File:
    if "fieldRef" in item:
        text = field(around.pod, {}, item["fieldRef"]["fieldPath"])
    else:
        text = resource(around, {}, item["resourceFieldRef"])
    return File(item["path"], text.encode(), int(item.get("mode") or mode))
