"""File systems that groups mount, as far as the spec alone tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hpctl.checks.declare import Path, check, fail
from hpctl.checks.walk import all_groups
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group
from hpctl.spec.storage import FsxLustre, FsxOpenZfs

_FSX_NAME = re.compile(r"(?P<id>(?:fs|fc)i?-[0-9a-f]+)\.fsx\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


@check(
    "storage-fsx-names",
    "file systems have the names that FSx gives them",
    about=("instance_groups",),
    reads=("sts:GetCallerIdentity",),
)
def fsx_names(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """FSx's DNS names are `<file system id>.fsx.<region>.amazonaws.com`, in the Region of the cluster.

    Lustre's mount name comes from FSx, too, and one file system has one. Whether the file system exists is not
    looked up here.
    """
    mount_names: dict[str, str] = {}
    for path, group, mount in _mounts(spec):
        subject, at = f"instance group/{group.name}", (*path, "dns_name")
        name = _FSX_NAME.fullmatch(mount.dns_name)
        if name is None:
            command = f"aws fsx describe-file-systems --file-system-ids {mount.dns_name.partition('.')[0]}"
            remedy = f"{command} --query 'FileSystems[].[DNSName,LustreConfiguration.MountName]'"
            yield fail(subject, f"`{mount.dns_name}` is no DNS name of FSx", remedy=remedy, at=at)
        elif name["region"] != (region := world.identity().region):
            message = f"the file system is in `{name['region']}`, the cluster would be in `{region}`"
            yield fail(subject, message, remedy=f"name a file system in `{region}`", at=at)
        if isinstance(mount, FsxLustre):
            other = mount_names.setdefault(mount.dns_name, mount.mount_name)
            if other != mount.mount_name:
                message = f"`{mount.dns_name}` has the mount names `{other}` and `{mount.mount_name}`"
                remedy = "write the file system's own mount name, as `aws fsx describe-file-systems` tells it"
                yield fail(subject, message, remedy=remedy, at=(*path, "mount_name"))


def _mounts(spec: ClusterSpec) -> Iterator[tuple[Path, Group, FsxLustre | FsxOpenZfs]]:
    for path, group in all_groups(spec):
        for number, storage in enumerate(group.storage):
            if storage.fsx_lustre:
                yield (*path, "storage", number, "fsx_lustre"), group, storage.fsx_lustre
            if storage.fsx_open_zfs:
                yield (*path, "storage", number, "fsx_open_zfs"), group, storage.fsx_open_zfs
