"""What a group's nodes mount: EBS volumes, FSx for Lustre, FSx for OpenZFS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import StrictBool
from pydantic_core import InitErrorDetails

from hpctl.spec.limits import Limits
from hpctl.spec.members import Member, UpdatePolicy
from hpctl.spec.model import SpecModel, shape_problem

DnsName = Annotated[str, Limits("ClusterDnsName")]
MountPath = Annotated[str, Limits("ClusterFsxMountPath")]


class EbsVolume(SpecModel):
    """One EBS volume of each node (SageMaker `ClusterEbsVolumeConfig`).

    A root volume has a key and no size; any other has a size and is mounted at `/opt/sagemaker`.
    Source: AWS documentation of ClusterEbsVolumeConfig.
    """

    aws_shape: ClassVar[str] = "ClusterEbsVolumeConfig"

    volume_size_in_gb: Annotated[
        Annotated[int, Limits("ClusterEbsVolumeSizeInGB")] | None,
        Member("VolumeSizeInGB", "Size of the volume in GB; not for a root volume", UpdatePolicy.IN_PLACE),
    ] = None
    volume_kms_key_id: Annotated[
        Annotated[str, Limits("KmsKeyId")] | None,
        Member("VolumeKmsKeyId", "KMS key that encrypts the volume; a root volume needs one", UpdatePolicy.IN_PLACE),
    ] = None
    root_volume: Annotated[
        StrictBool | None,
        Member("RootVolume", "True for the root volume instead of a second one", UpdatePolicy.IN_PLACE),
    ] = None

    @classmethod
    def shape_problems(cls, given: Mapping[str, object]) -> Iterator[InitErrorDetails]:
        """Hold size and key to what `root_volume` allows."""
        yield from super().shape_problems(given)
        if given.get("root_volume") is True:
            if "volume_size_in_gb" in given:
                template = "a root volume (`{root_volume}`) takes no `{volume_size_in_gb}`"
                yield shape_problem(template, "volume_size_in_gb")
            if "volume_kms_key_id" not in given:
                yield shape_problem("a root volume (`{root_volume}`) needs `{volume_kms_key_id}`", "volume_kms_key_id")
        elif "volume_size_in_gb" not in given:
            template = "`{volume_size_in_gb}` is missing; only a root volume (`{root_volume}`) goes without"
            yield shape_problem(template, "volume_size_in_gb")


class FsxLustre(SpecModel):
    """An FSx for Lustre file system that nodes mount (SageMaker `ClusterFsxLustreConfig`)."""

    aws_shape: ClassVar[str] = "ClusterFsxLustreConfig"

    dns_name: Annotated[DnsName, Member("DnsName", "DNS name of the file system", UpdatePolicy.IN_PLACE)]
    mount_name: Annotated[
        Annotated[str, Limits("ClusterMountName")],
        Member("MountName", "Lustre's own name of the file system, as FSx gives it", UpdatePolicy.IN_PLACE),
    ]
    mount_path: Annotated[
        MountPath | None, Member("MountPath", "Where nodes mount it, such as `/fsx`", UpdatePolicy.IN_PLACE)
    ] = None


class FsxOpenZfs(SpecModel):
    """An FSx for OpenZFS file system that nodes mount (SageMaker `ClusterFsxOpenZfsConfig`)."""

    aws_shape: ClassVar[str] = "ClusterFsxOpenZfsConfig"

    dns_name: Annotated[DnsName, Member("DnsName", "DNS name of the file system", UpdatePolicy.IN_PLACE)]
    mount_path: Annotated[
        MountPath | None, Member("MountPath", "Where nodes mount it, such as `/home`", UpdatePolicy.IN_PLACE)
    ] = None


class Storage(SpecModel):
    """One thing to mount: exactly one kind (SageMaker `ClusterInstanceStorageConfig`)."""

    aws_shape: ClassVar[str] = "ClusterInstanceStorageConfig"
    exactly_one: ClassVar[tuple[str, ...]] = ("ebs", "fsx_lustre", "fsx_open_zfs")

    ebs: Annotated[EbsVolume | None, Member("EbsVolumeConfig", "An EBS volume", UpdatePolicy.IN_PLACE)] = None
    fsx_lustre: Annotated[
        FsxLustre | None, Member("FsxLustreConfig", "An FSx for Lustre file system", UpdatePolicy.IN_PLACE)
    ] = None
    fsx_open_zfs: Annotated[
        FsxOpenZfs | None, Member("FsxOpenZfsConfig", "An FSx for OpenZFS file system", UpdatePolicy.IN_PLACE)
    ] = None
