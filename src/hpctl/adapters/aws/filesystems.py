"""File systems of FSx: the port `facts.filesystems.FileSystems`.

Members are those of botocore 1.44.5's fsx service model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.filesystems import FileSystem


class AwsFileSystems:
    """Reads file systems."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def all(self) -> tuple[FileSystem, ...]:
        """Return every file system; asked for by id, FSx would refuse the whole request for one that is not there."""
        return tuple(map(file_system_of, self._session.pages("fsx", "DescribeFileSystems", "FileSystems")))

    def guards(self, interface_ids: Iterable[str]) -> frozenset[str]:
        """Return the security groups on the interfaces; those that are gone have none."""
        wanted = [{"Name": "network-interface-id", "Values": list(interface_ids)}]
        rows = self._session.pages("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", Filters=wanted)
        return frozenset(group for row in rows for group in groups_of(row))


@reads("fsx:DescribeFileSystems")
def file_system_of(row: Mapping[str, Any]) -> FileSystem:
    """Read one file system; a name for each of its mount targets there is with ONTAP alone, which has none here."""
    return FileSystem(
        file_system_id=row["FileSystemId"],
        kind=row["FileSystemType"],
        lifecycle=row["Lifecycle"],
        vpc_id=row["VpcId"],
        subnet_ids=tuple(row["SubnetIds"]),
        dns_name=row.get("DNSName", ""),
        mount_name=row.get("LustreConfiguration", {}).get("MountName"),
        interface_ids=tuple(row.get("NetworkInterfaceIds", ())),
    )


@reads("ec2:DescribeNetworkInterfaces")
def groups_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the security groups of one network interface."""
    return tuple(group["GroupId"] for group in row["Groups"])
