"""File systems that nodes mount: FSx has them, under the names that are written down."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.catalog.nearest import nearest
from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.mounts import NAME, WORDS, Mount, by_file_system, mounted_by, mounts
from hpctl.facts.filesystems import FileSystem
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec

_IN_USE = ("AVAILABLE", "UPDATING")
"""Lifecycles in which a file system can be mounted (botocore 1.44.5 fsx service model, FileSystemLifecycle)."""

_CACHE = "fc"
"""How ids of file caches begin, which FSx lists apart."""


@check(
    "storage-fsx-exists",
    "file systems that nodes mount are there and available",
    about=("instance_groups",),
    needs=("slurm-params-parse",),
    reads=("fsx:DescribeFileSystems", "s3:ListBucket", "s3:GetObject"),
)
def fsx_exists(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes mount their file systems while they start; one that is not there lets every node of the group fail.

    Looked at are the file systems of `storage`, and on Slurm those of `provisioning_parameters.json` (`fsx_dns_name`,
    `fsx_openzfs_dns_name`). FSx must list them in the caller's account and Region, `AVAILABLE` or `UPDATING`. One of
    another account, reached over a network in between, is not listed: leave the check out then.
    """
    by_id = by_file_system(spec, world)
    there = {one.file_system_id: one for one in world.file_systems()} if by_id else {}
    for file_system_id, several in by_id.items():
        first = several[0]
        if file_system_id.startswith(_CACHE):
            yield note(first.subject, f"`{file_system_id}` is a file cache, which hpctl does not look up")
        elif file_system_id not in there:
            yield _missing(world, file_system_id, several, there)
        elif there[file_system_id].lifecycle not in _IN_USE:
            yield _unready(world, several, there[file_system_id])


@check(
    "storage-fsx-names",
    "file systems have the names that FSx gives them",
    about=("instance_groups",),
    needs=("slurm-params-parse",),
    reads=("sts:GetCallerIdentity", "fsx:DescribeFileSystems", "s3:ListBucket", "s3:GetObject"),
)
def fsx_names(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """FSx's DNS names are `<file system id>.fsx.<region>.amazonaws.com`, in the Region of the cluster.

    Lustre has a mount name beside, which FSx makes up (`fsx` only on the oldest ones); OpenZFS has none. Names and
    type are compared with what FSx itself tells of the file system. With a wrong name the mount ends in "Name or
    service not known" or "No such file or directory", and the scripts that wait for it time out.
    """
    for mount in mounts(spec, world):
        yield from _misnamed(mount, world)
    there = {one.file_system_id: one for one in world.file_systems()} if by_file_system(spec, world) else {}
    for mount in mounts(spec, world):
        file_system = there.get(mount.file_system_id or "")
        if file_system is not None:  # that there is none is what `storage-fsx-exists` says
            yield from _different(mount, file_system)


def _missing(world: World, file_system_id: str, several: list[Mount], there: dict[str, FileSystem]) -> Finding:
    first, region = several[0], world.identity().region
    alike = [one.file_system_id for one in there.values() if one.kind == first.kind]
    near = alike[0] if len(alike) == 1 else next(iter(nearest(file_system_id, alike)), None)
    look = f"aws fsx describe-file-systems --region {region}"
    query = "FileSystems[].[DNSName,LustreConfiguration.MountName]"
    return fail(
        first.subject,
        f"there is no file system `{file_system_id}` in `{region}`",
        mounted_by(several),
        f"there: {', '.join(there) or 'no file system'}",
        remedy=first.write("dns_name", there[near].dns_name) if near else f"{look} --query '{query}'",
        at=first.at("dns_name"),
    )


def _unready(world: World, several: list[Mount], file_system: FileSystem) -> Finding:
    first, region, state = several[0], world.identity().region, file_system.lifecycle
    report = warn if state == "MISCONFIGURED" else fail
    look = f"aws fsx describe-file-systems --region {region} --file-system-ids {file_system.file_system_id}"
    waiting = f'until {look} --query "FileSystems[].Lifecycle" --output text | grep -qx AVAILABLE; do sleep 30; done'
    return report(
        first.subject,
        f"file system `{file_system.file_system_id}` is {state}",
        mounted_by(several),
        f"seen: {state}",
        "needed: AVAILABLE",
        remedy=waiting if state == "CREATING" else f'{look} --query "FileSystems[].FailureDetails"',
        at=first.at("dns_name"),
    )


def _misnamed(mount: Mount, world: World) -> Iterator[Finding]:
    name, region = NAME.fullmatch(mount.dns_name), world.identity().region
    if name is None:
        command = f"aws fsx describe-file-systems --region {region}"
        remedy = f"{command} --query 'FileSystems[].[DNSName,LustreConfiguration.MountName]'"
        yield fail(mount.subject, f"`{mount.dns_name}` is no DNS name of FSx", remedy=remedy, at=mount.at("dns_name"))
    elif name["region"] != region:
        message = f"the file system is in `{name['region']}`, the cluster would be in `{region}`"
        yield fail(mount.subject, message, remedy=f"name a file system in `{region}`", at=mount.at("dns_name"))


def _different(mount: Mount, file_system: FileSystem) -> Iterator[Finding]:
    if file_system.kind != mount.kind:
        is_now, wished = WORDS.get(file_system.kind, file_system.kind), WORDS[mount.kind]
        yield fail(
            mount.subject,
            f"`{file_system.file_system_id}` is {is_now}, and it would be mounted as {wished}",
            remedy=f"name a file system of {wished}",
            at=mount.at("dns_name"),
        )
    elif mount.mount_name != file_system.mount_name and file_system.mount_name:
        yield fail(
            mount.subject,
            f"the mount name of `{file_system.file_system_id}` is not `{mount.mount_name or ''}`",
            f"seen: {mount.mount_name or 'no mount name'}",
            f"needed: {file_system.mount_name}",
            remedy=mount.write("mount_name", file_system.mount_name),
            at=mount.at("mount_name"),
        )
