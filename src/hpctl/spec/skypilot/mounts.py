"""`file_mounts`, `volumes` and `workdir`: what is put into every pod, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from hpctl.spec.job import Mount, MountMode
from hpctl.spec.kubernetes_names import is_subdomain
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from hpctl.spec.paths import expanded, is_bucket
from hpctl.spec.positions import Place
from hpctl.spec.reading import Reading, named, shown
from hpctl.spec.skypilot.keys import STORAGE, STORAGE_CONFIG, STORAGE_MOUNT, VOLUME, VOLUME_CONFIG, taken
from hpctl.spec.skypilot.variables import Variables
from hpctl.spec.yaml_values import is_null

_S3 = "s3://"
_URI = re.compile(r"(?:[a-z][a-z0-9+.-]*://|git@)", re.IGNORECASE | re.ASCII)
_STORES: Final = ("s3", "gcs", "azure", "r2", "ibm", "oci", "nebius", "coreweave", "vastdata", "hf", "volume")
_MODES: Final = ("MOUNT", "COPY", "MOUNT_CACHED")
_WORKDIR: Final = "~/sky_workdir"
_UNMOUNTED: Final = (
    "mounting a bucket takes a claim of an S3 CSI driver: name the claim in `volumes`, or copy with `mode: COPY`"
)
_ONLY_S3 = "only S3 is reached from HyperPod's nodes: copy it to `s3://BUCKET/PREFIX`"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What reading mounts needs beside the nodes; `home` is the folder that `~` of this machine means."""

    reading: Reading
    variables: Variables
    home: str

    def path(self, node: Node) -> str | None:
        """Return a path or URI, whose variables are filled in already."""
        text = self.reading.text(node)
        if text is not None and "\0" in text:
            self.reading.refuse(node.place, "a path cannot hold a NUL character")
            return None
        return text

    def filled(self, node: Node) -> Node:
        """Fill `$NAME` and `${NAME}` everywhere in a part of the task, keys included, as SkyPilot does."""
        match node:
            case ScalarNode():
                return replace(node, text=self.variables.filled(self.reading, node.text, node.place))
            case SequenceNode(items=items):
                return replace(node, items=tuple(self.filled(item) for item in items))
            case MappingNode(entries=entries):
                return replace(node, entries=tuple(self._entry(entry) for entry in entries))

    def _entry(self, entry: Entry) -> Entry:
        key = self.variables.filled(self.reading, entry.key, entry.place)
        return replace(entry, key=key, value=self.filled(entry.value))

    def refuse_bucket(self, place: Place, uri: str) -> None:
        """Say what is wrong with a bucket's name; a variable without a value has been refused already."""
        left = self.variables.left_in(uri)
        if left & self.variables.empty:
            return
        message = f"`{uri}` names no bucket of S3"
        advice = "".join(f"; `{name}` has no value: give it in `envs`, or `--env {name}=…`" for name in sorted(left))
        self.refuse(place, message + advice)

    def refuse(self, place: Place, message: str, close: str | None = None) -> None:
        """Remember a problem."""
        self.reading.refuse(place, message, close)


def workdir(around: Surroundings, node: Node) -> str | None:
    """Read `workdir`: a folder of this machine, as the command's current directory sees it."""
    if isinstance(node, MappingNode):
        why = "a repository is not cloned for a job: clone it here and name the folder, or clone it in `setup`"
        around.refuse(node.place, f"the key `workdir.url` is not honoured: {why}")
        return None
    path = around.path(around.filled(node))
    if path and _URI.match(path):
        around.refuse(node.place, f"{shown(node)} is not a folder of this machine")
        return None
    return expanded(path, around.home) if path else None


def file_mounts(around: Surroundings, node: Node, folder: str | None) -> tuple[Mount, ...]:
    """Read `file_mounts`; where there is a working directory (`folder`), nothing may take its place in the pods."""
    mounts: list[Mount] = []
    for entry in around.reading.entries(around.filled(node)):
        around.reading.found["mounts", len(mounts)] = entry.place
        path = _target(around, entry)
        if folder and path == _WORKDIR:
            around.refuse(entry.place, f"`{_WORKDIR}` is where `workdir` goes; choose another path")
        if path is not None and (mount := _file_mount(around, path, entry)):
            mounts.append(mount)
    return tuple(mounts)


def volumes(around: Surroundings, node: Node, first: int) -> tuple[Mount, ...]:
    """Read `volumes`: claims and folders of the node; `first` is how many mounts there are already."""
    mounts: list[Mount] = []
    for entry in around.reading.entries(around.filled(node)):
        around.reading.found["mounts", first + len(mounts)] = entry.place
        path = _target(around, entry)
        if path is not None and not path.startswith("/"):
            around.refuse(entry.place, f"`{entry.key}`: a volume is mounted at an absolute path")
        elif path is not None and (mount := _volume(around, path, entry)):
            mounts.append(mount)
    return tuple(mounts)


def _target(around: Surroundings, entry: Entry) -> str | None:
    """Return the path in the pods; a slash at its end says nothing more."""
    key = ScalarNode(entry.place, entry.key, plain=False)
    path = around.path(key) or ""
    if path.startswith(("/", "~/")) or path == "~":
        bare = path.rstrip("/") or "/"
        if ".." not in bare.split("/") and bare not in {"/", "~"}:
            return bare
        around.refuse(entry.place, f"`{entry.key}` cannot be mounted upon; name a folder below it")
        return None
    close = f"{_WORKDIR}/{path.removeprefix('./')}" if path and ".." not in path.split("/") else None
    around.refuse(entry.place, f"`{entry.key}`: the path in the pods begins with `/` or `~/`", close)
    return None


def _file_mount(around: Surroundings, path: str, entry: Entry) -> Mount | None:
    if isinstance(entry.value, MappingNode):
        return _storage(around, path, entry.value)
    source = around.path(entry.value)
    if not source:
        around.refuse(entry.value.place, f"`{entry.place.path}` has no source")
        return None
    if source.startswith(_S3):
        return _from_s3(around, path, source, entry.value.place, MountMode.COPY)
    if _URI.match(source):
        around.refuse(entry.value.place, f"{shown(entry.value)} is not honoured: {_ONLY_S3}")
        return None
    return Mount(path=path, local=expanded(source, around.home).rstrip("/") or "/")


def _from_s3(around: Surroundings, path: str, uri: str, place: Place, mode: MountMode) -> Mount | None:
    bucket = uri.removeprefix(_S3).partition("/")[0]
    if not is_bucket(bucket):
        around.refuse_bucket(place, uri)
        return None
    return Mount(path=path, s3=uri.rstrip("/"), mode=mode)


def _storage(around: Surroundings, path: str, node: MappingNode) -> Mount | None:
    reading = around.reading
    found = {entry.key: entry for entry in taken(reading, node, STORAGE) if not is_null(entry.value)}
    store = reading.word(found["store"].value, _STORES) if "store" in found else "s3"
    if store not in {"s3", None}:
        reading.refuse(found["store"].place, f"the store `{store}` is not honoured: {_ONLY_S3}")
        return None
    mode = (reading.word(found["mode"].value, _MODES) if "mode" in found else None) or "MOUNT"
    source, place = _source(around, found, node)
    if source is None:
        return None
    if mode != "COPY" and source.startswith(_S3):
        at = found["mode"].place if "mode" in found else node.place
        said = f"the key `{at.path}`" if "mode" in found else f"`{at.path}` without a `mode` (SkyPilot's is `MOUNT`)"
        around.refuse(at, f"{said} is not honoured: {_UNMOUNTED}")
        return None
    how = MountMode.COPY if mode == "COPY" else MountMode.MOUNT
    mount = _of_source(around, path, source, place, how)
    return mount.model_copy(update={"read_only": _read_only(reading, found)}) if mount else None


def _source(around: Surroundings, found: dict[str, Entry], node: Node) -> tuple[str | None, Place]:
    if "source" in found:
        value = found["source"].value
        if not isinstance(value, ScalarNode):
            around.refuse(value.place, "several sources at one path are not honoured; give each a path of its own")
            return None, value.place
        return around.path(value), value.place
    name = around.path(found["name"].value) if "name" in found else None
    if not name:
        around.refuse(node.place, "a storage needs a `source`, or the `name` of a bucket")
        return None, node.place
    around.reading.note(found["name"].place, f"the bucket `{name}` must exist; hpctl makes none")
    return f"{_S3}{name}", found["name"].place


def _of_source(around: Surroundings, path: str, source: str, place: Place, mode: MountMode) -> Mount | None:
    if source.startswith(_S3):
        return _from_s3(around, path, source, place, mode)
    if _URI.match(source):
        around.refuse(place, f"`{source}` is not honoured: {_ONLY_S3}")
        return None
    if mode is MountMode.MOUNT:
        why = "folders of this machine are copied (`mode: COPY`); or copy it to `s3://BUCKET/PREFIX` and name that"
        around.refuse(place, f"`{source}` cannot be mounted: {why}", "mode: COPY")
        return None
    return Mount(path=path, local=expanded(source, around.home).rstrip("/") or "/")


def _read_only(reading: Reading, found: dict[str, Entry]) -> bool:
    for entry in taken(reading, found["config"].value, STORAGE_CONFIG) if "config" in found else ():
        for below in taken(reading, entry.value, STORAGE_MOUNT):
            return reading.flag(below.value) or False
    return False


def _volume(around: Surroundings, path: str, entry: Entry) -> Mount | None:
    if isinstance(entry.value, MappingNode):
        return _volume_object(around, path, entry.value)
    return _claim(around, path, entry.value)


def _claim(around: Surroundings, path: str, node: Node) -> Mount | None:
    name = around.path(node)
    if name and is_subdomain(name):
        return Mount(path=path, claim=name)
    around.refuse(node.place, f"{shown(node)} is not the name of a PersistentVolumeClaim")
    return None


def _volume_object(around: Surroundings, path: str, node: MappingNode) -> Mount | None:
    reading = around.reading
    before = len(reading.problems)
    found = named(_volume_entries(reading, node))
    kind = reading.word(found["type"].value, ("k8s-pvc", "k8s-hostpath")) if "type" in found else None
    if len(reading.problems) > before:
        return None
    if kind == "k8s-hostpath" or "host_path" in found:
        host = around.path(found["host_path"].value) if "host_path" in found else None
        if host and host.startswith("/"):
            return Mount(path=path, host_path=host)
        reading.refuse(node.place, "a volume of type `k8s-hostpath` needs an absolute `host_path`")
        return None
    if "name" in found:
        return _claim(around, path, found["name"].value)
    reading.refuse(node.place, "a volume needs the `name` of a PersistentVolumeClaim")
    return None


def _volume_entries(reading: Reading, node: Node) -> Iterator[Entry]:
    for entry in taken(reading, node, VOLUME):
        if entry.key == "config":
            yield from taken(reading, entry.value, VOLUME_CONFIG)
        else:
            yield entry
