"""What FSx tells of file systems: the rows, and the port that returns them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FileSystem:
    """One file system (FSx DescribeFileSystems).

    `kind` is AWS's word for its type (`LUSTRE`, `OPENZFS`, …). `mount_name` is Lustre's alone. A multi-zone file
    system is in several subnets. What guards it, its network interfaces tell (`FileSystems.guards`).
    """

    file_system_id: str
    kind: str
    lifecycle: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    dns_name: str
    mount_name: str | None = None
    interface_ids: tuple[str, ...] = ()


class FileSystems(Protocol):
    """File systems of the account and Region. Every method may raise what those of `facts.ports` may."""

    def all(self) -> tuple[FileSystem, ...]:
        """Return every file system of the caller's account; those that others share are not among them."""
        ...

    def guards(self, interface_ids: Iterable[str]) -> frozenset[str]:
        """Return the ids of the security groups on these network interfaces (EC2 DescribeNetworkInterfaces)."""
        ...
