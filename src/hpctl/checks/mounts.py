"""Which FSx file systems nodes mount: as the spec says, or as `provisioning_parameters.json` does."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hpctl.checks.declare import Path
from hpctl.checks.scripts import folders
from hpctl.checks.slurm_files import FILE, Parameters, parameters
from hpctl.checks.walk import all_groups
from hpctl.errors import NotFoundError
from hpctl.facts.filesystems import FileSystem
from hpctl.facts.world import World
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group
from hpctl.spec.network import Network

Kind = Literal["LUSTRE", "OPENZFS"]
"""FSx's words for the types that nodes mount."""

NAME = re.compile(r"(?P<id>(?:fs|fc)i?-[0-9a-f]+)\.fsx\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
"""FSx's DNS names (Amazon FSx user guides, accessing file systems)."""

WORDS: dict[str, str] = {"LUSTRE": "FSx for Lustre", "OPENZFS": "FSx for OpenZFS"}
"""What people call the types."""


@dataclass(frozen=True)
class Mount:
    """A file system that the nodes of `groups` mount, by the names that stand at `path` of the spec.

    `file` is the parameters' address where the names stand there instead. Lustre has a mount name beside.
    """

    subject: str
    kind: Kind
    dns_name: str
    mount_name: str | None
    groups: tuple[Group, ...]
    path: Path
    file: str | None = None

    @property
    def file_system_id(self) -> str | None:
        """The id in the DNS name; None where that is none of FSx's."""
        found = NAME.fullmatch(self.dns_name)
        return found["id"] if found else None

    def at(self, member: str) -> Path:
        """Give the place of a member: that of the scripts' folder for names in the parameters."""
        return self.path if self.file else (*self.path, member)

    def write(self, member: str, value: str) -> str:
        """Say what to write where, to correct a name."""
        if self.file is None:
            return f"{member}: {value}"
        return f'write "{_keys(self.kind)[member]}": "{value}" in `{self.file}`'


def mounts(spec: ClusterSpec, world: World) -> Iterator[Mount]:
    """Yield every mount, those of the spec first.

    Raises `NotFoundError` for a `provisioning_parameters.json` that cannot be read.
    """
    for path, group in all_groups(spec):
        for number, storage in enumerate(group.storage):
            subject, place = f"instance group/{group.name}", (*path, "storage", number)
            if (lustre := storage.fsx_lustre) is not None:
                names = (lustre.dns_name, lustre.mount_name)
                yield Mount(subject, "LUSTRE", *names, (group,), (*place, "fsx_lustre"))
            if (open_zfs := storage.fsx_open_zfs) is not None:
                yield Mount(subject, "OPENZFS", open_zfs.dns_name, None, (group,), (*place, "fsx_open_zfs"))
    for one in parameters(spec, world):
        yield from _in_parameters(spec, one)


def found(spec: ClusterSpec, world: World) -> Iterator[tuple[FileSystem, list[Mount]]]:
    """Yield each file system that is mounted, with its mounts.

    Raises `NotFoundError` when one is not there: only with `storage-fsx-exists` left out.
    """
    by_id = by_file_system(spec, world)
    there = {one.file_system_id: one for one in world.file_systems()} if by_id else {}
    if gone := sorted(by_id.keys() - there.keys()):
        raise NotFoundError(f"file systems do not exist: {', '.join(f'`{one}`' for one in gone)}")
    for file_system_id, several in by_id.items():
        yield there[file_system_id], several


def by_file_system(spec: ClusterSpec, world: World) -> dict[str, list[Mount]]:
    """Gather the mounts by the id of the file system; what has no name of FSx's is left to `storage-fsx-names`."""
    several: defaultdict[str, list[Mount]] = defaultdict(list)
    for mount in mounts(spec, world):
        if mount.file_system_id:
            several[mount.file_system_id].append(mount)
    return dict(several)


def networks_of(spec: ClusterSpec, several: list[Mount]) -> Iterator[tuple[Network, Mount]]:
    """Yield the networks from which a file system is mounted, each once, with the first mount from there."""
    seen: set[Network] = set()
    for mount in several:
        for group in mount.groups:
            network = spec.effective_network(group)
            if network and network not in seen:
                seen.add(network)
                yield network, mount


def mounted_by(several: list[Mount]) -> str:
    """Name the groups that mount a file system, as evidence."""
    names = (group.name for mount in several for group in mount.groups)
    return f"mounted by: {', '.join(dict.fromkeys(names))}"


def _in_parameters(spec: ClusterSpec, one: Parameters) -> Iterator[Mount]:
    users = tuple(group for _path, group, folder in folders(spec) if f"{folder.uri}{FILE}" == one.uri)
    kinds: tuple[Kind, ...] = ("LUSTRE", "OPENZFS")
    for kind in kinds:
        keys = _keys(kind)
        if name := one.file_systems.get(keys["dns_name"]):
            mount_name = one.file_systems.get(keys.get("mount_name", ""))
            yield Mount(f"{FILE}/{keys['dns_name']}", kind, name, mount_name, users, one.path, one.uri)


def _keys(kind: Kind) -> dict[str, str]:
    """Map members of a mount to the parameters' keys (AWS's sample scripts for HyperPod on Slurm)."""
    match kind:
        case "LUSTRE":
            return {"dns_name": "fsx_dns_name", "mount_name": "fsx_mountname"}
        case "OPENZFS":
            return {"dns_name": "fsx_openzfs_dns_name"}
