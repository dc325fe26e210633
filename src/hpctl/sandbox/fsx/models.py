"""File systems of one account and Region: moto's, with what FSx tells and moto leaves out.

That is where a file system is, its state, its network interfaces with their security groups, and Lustre's mount name.
It is there at once: at AWS it takes five to fifteen minutes.
"""

from __future__ import annotations

from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.exceptions import JsonRESTError
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.fsx.exceptions import FileSystemNotFound
from moto.fsx.models import FileSystem, FSxBackend
from moto.moto_api._internal import mock_random

from hpctl.sandbox.clock import moment

# Ids have 17 digits, mount names eight letters (Amazon FSx user guides).
_ID_LENGTH, _NAME_LENGTH = 17, 8
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SMALLEST_GIB, _STEP_GIB = 1200, 2400


class FsxError(JsonRESTError):
    """A refusal of FSx."""

    def __init__(self, code: str, message: str) -> None:
        """Refuse in AWS's form."""
        super().__init__(code, message)


class FileSystemsBackend(FSxBackend):
    """File systems by id, each with interfaces in its subnets."""

    def create_file_system(self, **members: Any) -> FileSystem:  # type: ignore[override]  # by name alone
        """Make a file system, available at once; raises FsxError."""
        subnets = [self._subnet(subnet_id) for subnet_id in members["subnet_ids"]]
        groups = self._groups(subnets[0].vpc_id, members["security_group_ids"])
        if members["file_system_type"] == "LUSTRE":
            _demand_size(members["storage_capacity"])
        # moto draws an id of its own; tags hang on the name that it makes of it.
        made = super().create_file_system(**{**members, "tags": None})
        del self.file_systems[made.file_system_id]
        made.file_system_id = f"fs-{mock_random.get_random_hex(_ID_LENGTH)}"
        made.dns_name = f"{made.file_system_id}.fsx.{self.region_name}.amazonaws.com"
        made.resource_arn = f"{made.resource_arn.rpartition('/')[0]}/{made.file_system_id}"
        self.file_systems[made.file_system_id] = made
        if members["tags"]:
            self.tagger.tag_resource(made.resource_arn, members["tags"])
        self._settle_in(made, subnets, groups)
        return made

    def describe_file_systems(self, file_system_ids: list[str] | None, **page: Any) -> Any:  # type: ignore[override]
        """Return a page of file systems; FSx refuses the request for one that is not there."""
        for file_system_id in file_system_ids or ():
            if file_system_id not in self.file_systems:
                raise FileSystemNotFound(file_system_id)
        return super().describe_file_systems(file_system_ids=file_system_ids, **page)

    def delete_file_system(self, file_system_id: str, *request: Any, **members: Any) -> Any:
        """Delete a file system with its interfaces."""
        made = self.file_systems.get(file_system_id)
        for interface in getattr(made, "interface_ids", ()):
            self._ec2.enis.pop(interface, None)
        return super().delete_file_system(file_system_id, *request, **members)

    def told(self, made: FileSystem) -> dict[str, Any]:
        """Return a file system as DescribeFileSystems tells it."""
        own: dict[str, Any] = made.__dict__
        row: dict[str, Any] = {
            **made.to_dict(),
            "OwnerId": self.account_id,
            "CreationTime": own["created_at"].timestamp(),
            "Lifecycle": "AVAILABLE",
            "VpcId": own["vpc_id"],
            "NetworkInterfaceIds": list(own["interface_ids"]),
        }
        row.pop("SecurityGroupIds", None)  # FSx takes them and tells them of interfaces alone
        if made.file_system_type == "LUSTRE":
            row["LustreConfiguration"] = {**(made.lustre_configuration or {}), "MountName": own["mount_name"]}
        return row

    @property
    def _ec2(self) -> Any:
        return ec2_backends[self.account_id][self.region_name]

    def _subnet(self, subnet_id: str) -> Any:
        try:
            return self._ec2.get_subnet(subnet_id)
        except InvalidSubnetIdError as error:
            raise FsxError("InvalidNetworkSettings", f"The subnet ID '{subnet_id}' does not exist") from error

    def _groups(self, vpc_id: str, group_ids: list[str] | None) -> list[str]:
        if not group_ids:
            return [self._ec2.get_security_group_from_name("default", vpc_id=vpc_id).id]
        for group_id in group_ids:
            group = self._ec2.get_security_group_from_id(group_id)
            if group is None or group.vpc_id != vpc_id:  # [unverified]
                raise FsxError("InvalidNetworkSettings", f"Security group {group_id} does not belong to VPC {vpc_id}.")
        return group_ids

    def _settle_in(self, made: Any, subnets: list[Any], groups: list[str]) -> None:
        made.created_at = moment().at
        made.vpc_id = subnets[0].vpc_id
        made.mount_name = "".join(str(mock_random.choice(_LETTERS)) for _ in range(_NAME_LENGTH))
        words = f"Created by Amazon FSx - file system {made.file_system_id}"
        made.interface_ids = tuple(
            self._ec2.create_network_interface(
                subnet, str(subnet.get_available_subnet_ip(made)), group_ids=groups, description=words
            ).id
            for subnet in subnets
        )


fsx_backends = BackendDict(FileSystemsBackend, "fsx")


def _demand_size(gib: int | None) -> None:
    if not gib or (gib != _SMALLEST_GIB and gib % _STEP_GIB):  # [unverified]
        raise FsxError("BadRequest", f"Invalid storage capacity: {gib} GiB.")
