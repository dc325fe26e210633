"""Volumes and file systems that come with the nodes: their size, and the keys that seal them."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.catalog.instance_types import instance_type
from hpctl.checks.declare import Path, check, fail, warn
from hpctl.checks.walk import all_groups, instance_groups
from hpctl.facts.records import Identity, KmsKey
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.restricted import LustreEnvironment

ROOT_GB = 100
"""Size of a node's root volume, in GB (AWS documentation of ClusterEbsVolumeConfig)."""

ROOM_GB = 500
"""The second volume in AWS's own samples for accelerator nodes, in GB."""

_SMALLEST_GIB, _STEP_GIB = 1200, 2400
_THROUGHPUTS = (125, 250, 500, 1000)
"""Capacities and throughputs of PERSISTENT_2 (FSx for Lustre user guide, file system deployment options)."""

_REGION, _ACCOUNT = 3, 4
"""Fields of an ARN."""

_SYMMETRIC = "SYMMETRIC_DEFAULT"


@check(
    "storage-fsx-capacity",
    "file systems of restricted groups have a size that FSx makes",
    about=("restricted_instance_groups", "restricted_instance_groups_config"),
)
def fsx_capacity(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """HyperPod makes a Lustre file system (PERSISTENT_2, SSD) for restricted groups, of the size that is asked for.

    FSx makes 1200 GiB, or a multiple of 2400, at 125, 250, 500 or 1000 MB/s for each TiB. The API of SageMaker takes
    what lies between, and FSx then refuses it ("Invalid storage capacity") while the cluster is being made.
    """
    for path, subject, wish in environments(spec):
        if wish.size_in_gib != _SMALLEST_GIB and wish.size_in_gib % _STEP_GIB:
            larger = -(-wish.size_in_gib // _STEP_GIB) * _STEP_GIB
            yield fail(
                subject,
                f"FSx makes no Lustre file system of {wish.size_in_gib} GiB",
                f"needed: {_SMALLEST_GIB} or a multiple of {_STEP_GIB}",
                remedy=f"size_in_gib: {larger}",
                at=(*path, "size_in_gib"),
            )
        if wish.per_unit_storage_throughput not in _THROUGHPUTS:
            near = min(_THROUGHPUTS, key=lambda one: (abs(one - wish.per_unit_storage_throughput), one))
            yield fail(
                subject,
                f"FSx makes no Lustre file system of {wish.per_unit_storage_throughput} MB/s for each TiB",
                f"needed: one of {', '.join(map(str, _THROUGHPUTS))}",
                remedy=f"per_unit_storage_throughput: {near}",
                at=(*path, "per_unit_storage_throughput"),
            )


@check(
    "storage-volume-size",
    "accelerator nodes have room for images",
    about=("instance_groups", "orchestrator"),
    blocking=False,
)
def volume_size(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """The root volume has 100 GB; a second EBS volume, mounted at `/opt/sagemaker`, is for images and caches.

    AWS's scripts for EKS move the files of kubelet and containerd there, and its samples give it 500 GB. Images for
    training take tens of GB each, and twice while they are unpacked: on a small volume nodes end in DiskPressure ("no
    space left on device"). A volume smaller than the root volume is a warning. None at all is well: types with
    accelerators have disks of their own, which scripts may take instead.
    """
    remedy = f"storage: [{{ebs: {{volume_size_in_gb: {ROOM_GB}}}}}]"
    for path, group in instance_groups(spec):
        if not any(instance_type(name).accelerator_count for name in group.types):
            continue
        sizes = [one.ebs.volume_size_in_gb for one in group.storage if one.ebs and one.ebs.volume_size_in_gb]
        subject = f"instance group/{group.name}"
        if sizes and max(sizes) < ROOT_GB:
            message = f"the volume for images has {max(sizes)} GB, less than the root volume"
            evidence = (f"seen: {max(sizes)} GB at /opt/sagemaker", f"root volume: {ROOT_GB} GB")
            yield warn(subject, message, *evidence, remedy=remedy, at=(*path, "storage"))


@check(
    "storage-kms-grants",
    "the keys of volumes can be used",
    about=("instance_groups", "restricted_instance_groups"),
    reads=("kms:DescribeKey",),
)
def kms_grants(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """EBS volumes take a KMS key that is enabled and symmetric; with any other an instance ends while it starts.

    What nodes say then is "Client.InternalError: Client error on launch". Whether the key is there, in this Region,
    and the role may use it, `iam-exec-kms` tells. Keys of other accounts and those of AWS's own are not looked at.
    """
    for path, subject, key_id in _volume_keys(spec):
        key = _key(world, key_id)
        if key is None:
            continue
        if key.state != "Enabled":
            evidence = (f"key: {key.arn}", f"seen: {key.state}", "needed: Enabled")
            yield fail(
                subject, f"the key of its volumes is {key.state}", *evidence, remedy=_enable(world, key), at=path
            )
        elif key.spec != _SYMMETRIC:
            evidence = (f"key: {key.arn}", f"seen: {key.spec}", f"needed: {_SYMMETRIC}")
            remedy = f"aws kms create-key --region {world.identity().region} --key-spec {_SYMMETRIC}"
            yield fail(subject, "the key of its volumes is not symmetric", *evidence, remedy=remedy, at=path)


def environments(spec: ClusterSpec) -> Iterator[tuple[Path, str, LustreEnvironment]]:
    """Yield the file systems that HyperPod would make: each restricted group's own, then the shared one."""
    for index, group in enumerate(spec.restricted_instance_groups):
        if group.environment and group.environment.fsx_lustre:
            own: Path = ("restricted_instance_groups", index, "environment", "fsx_lustre")
            yield own, f"instance group/{group.name}", group.environment.fsx_lustre
    if shared := spec.restricted_instance_groups_config:
        path = ("restricted_instance_groups_config", "shared_environment", "fsx_lustre")
        yield path, f"cluster/{spec.name}", shared.shared_environment.fsx_lustre


def _volume_keys(spec: ClusterSpec) -> Iterator[tuple[Path, str, str]]:
    seen: set[str] = set()
    for path, group in all_groups(spec):
        for number, storage in enumerate(group.storage):
            key_id = storage.ebs.volume_kms_key_id if storage.ebs else None
            if key_id and key_id not in seen:
                seen.add(key_id)
                yield (*path, "storage", number, "ebs", "volume_kms_key_id"), f"instance group/{group.name}", key_id


def _key(world: World, key_id: str) -> KmsKey | None:
    identity = world.identity()
    fields = key_id.split(":")
    if key_id.startswith("arn:") and not _is_here(fields, identity):
        return None
    key = world.kms_key(key_id)
    return None if key is None or key.managed_by_aws else key


def _is_here(fields: list[str], identity: Identity) -> bool:
    return (fields[_REGION], fields[_ACCOUNT]) == (identity.region, identity.account)


def _enable(world: World, key: KmsKey) -> str:
    asked = f"--region {world.identity().region} --key-id {key.arn.rpartition('/')[2]}"
    enable = f"aws kms enable-key {asked}"
    return f"aws kms cancel-key-deletion {asked}\n{enable}" if key.state == "PendingDeletion" else enable
