"""Where an instance group's lifecycle scripts are: bucket, prefix and the names that run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hpctl.checks.declare import Path
from hpctl.checks.script_text import Script
from hpctl.checks.walk import instance_groups
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.records import StoredObject
from hpctl.facts.s3_folders import bucket_and_prefix
from hpctl.facts.world import World
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import InstanceGroup

_LARGEST = 1024 * 1024
"""Bytes of an object that may be a script; more is not read (`facts.ports.Storage`)."""


@dataclass(frozen=True)
class Folder:
    """A prefix in a bucket; `prefix` is empty or ends in a slash."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, uri: str) -> Folder:
        """Return the folder of an address; raises `UnavailableError` for one that hpctl cannot read as S3."""
        if found := bucket_and_prefix(uri):
            return cls(*found)
        message = f"`{uri}` is no address of S3 that hpctl can read"
        raise UnavailableError(message, hint="write it as `s3://BUCKET/PREFIX`")

    @property
    def uri(self) -> str:
        """The folder as people and the AWS CLI write it."""
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class Entry:
    """A script that runs on a group's nodes, by the member that names it."""

    folder: Folder
    member: str
    name: str
    path: Path
    group: InstanceGroup

    @property
    def key(self) -> str:
        """The object's key."""
        return f"{self.folder.prefix}{self.name}"

    @property
    def uri(self) -> str:
        """Where the script is."""
        return f"{self.folder.uri}{self.name}"


def folders(spec: ClusterSpec) -> Iterator[tuple[Path, InstanceGroup, Folder]]:
    """Yield each group's folder; raises `UnavailableError` for an address that hpctl cannot read as S3."""
    for path, group in instance_groups(spec):
        if group.lifecycle and group.lifecycle.source_s3_uri:
            yield (*path, "lifecycle", "source_s3_uri"), group, Folder.of(group.lifecycle.source_s3_uri)


def first_folders(spec: ClusterSpec) -> Iterator[tuple[Path, InstanceGroup, Folder]]:
    """Yield each folder once, with the first group that names it."""
    seen = set()
    for path, group, folder in folders(spec):
        if folder not in seen:
            seen.add(folder)
            yield path, group, folder


def entries(spec: ClusterSpec) -> Iterator[Entry]:
    """Yield every script that runs, each once."""
    seen = set()
    for entry in entries_of_groups(spec):
        if entry.uri not in seen:
            seen.add(entry.uri)
            yield entry


def entries_of_groups(spec: ClusterSpec) -> Iterator[Entry]:
    """Yield the scripts that run, group by group."""
    for path, group, folder in folders(spec):
        for member in ("on_create", "on_init_complete"):
            if name := getattr(group.lifecycle, member):
                yield Entry(folder, member, name, (*path[:-1], member), group)


def runs(group: InstanceGroup) -> str:
    """Return the name of a script that the group runs, the usual one where it names none."""
    lifecycle = group.lifecycle
    return (lifecycle and (lifecycle.on_create or lifecycle.on_init_complete)) or "on_create.sh"


def held(world: World, folder: Folder) -> tuple[StoredObject, ...]:
    """Return what the folder holds; raises `NotFoundError` when there is no such bucket."""
    objects = world.objects(folder.bucket, folder.prefix)
    if objects is None:
        raise NotFoundError(f"there is no bucket `{folder.bucket}`")
    return objects


def content(world: World, entry: Entry) -> bytes:
    """Return a script's text; raises `NotFoundError` when it is not there."""
    text = world.content(entry.folder.bucket, entry.key)
    if text is None:
        # Only with `lifecycle-entrypoint-present` left out: what is not there has no faults, and no virtues.
        raise NotFoundError(f"there is no `{entry.uri}`")
    return text


@dataclass(frozen=True)
class Reached:
    """A script that runs on nodes, by itself or because one that does names it."""

    entry: Entry
    script: Script

    @property
    def uri(self) -> str:
        """Where the script is."""
        return f"{self.entry.folder.uri}{self.script.name}"


def reached(spec: ClusterSpec, world: World) -> Iterator[Reached]:
    """Yield every script that runs, and every script of its folder that those name, each once."""
    seen: set[str] = set()
    for entry in entries(spec):
        for script in reached_from(entry, world):
            found = Reached(entry, script)
            if found.uri not in seen:
                seen.add(found.uri)
                yield found


def reached_from(entry: Entry, world: World) -> Iterator[Script]:
    """Yield a script that runs and the scripts of its folder that it names, and so on."""
    known = {row.key.removeprefix(entry.folder.prefix): row.size for row in held(world, entry.folder)}
    texts, seen = {entry.name: content(world, entry)}, set()
    while texts:
        scripts = [Script.of(name, text) for name, text in texts.items()]
        seen |= set(texts)
        yield from (script for script in scripts if script.language)
        named = {name for script in scripts for name in known if is_named(name, script)}
        wanted = [name for name in sorted(named - seen) if known[name] <= _LARGEST]
        found = world.contents(entry.folder.bucket, (entry.folder.prefix + name for name in wanted))
        texts = {key.removeprefix(entry.folder.prefix): text for key, text in found.items()}


def is_named(name: str, script: Script) -> bool:
    """Whether a script names a file of its folder: whole, or by its last part where that says enough."""
    last = name.rpartition("/")[2]
    return "." in last and re.search(rf"(?<![\w.-]){re.escape(last)}(?![\w-])", script.text) is not None
