from __future__ import annotations

from typing import Any

import pytest

from hpctl.adapters.aws.filesystems import AwsFileSystems
from hpctl.errors import AccessError, UnavailableError
from hpctl.facts.filesystems import FileSystem
from tests.unit.adapters.test_network import INTERFACES
from tests.unit.adapters.wire import Wire, connect, error, ok

LUSTRE: dict[str, Any] = {
    "FileSystemId": "fs-0123456789abcdef0",
    "FileSystemType": "LUSTRE",
    "Lifecycle": "AVAILABLE",
    "VpcId": "vpc-1",
    "SubnetIds": ["subnet-1"],
    "NetworkInterfaceIds": ["eni-1", "eni-2"],
    "DNSName": "fs-0123456789abcdef0.fsx.eu-west-1.amazonaws.com",
    "LustreConfiguration": {"DeploymentType": "PERSISTENT_2", "MountName": "abcdefgh"},
}
MAKING = {
    "FileSystemId": "fs-0fedcba9876543210",
    "FileSystemType": "OPENZFS",
    "Lifecycle": "CREATING",
    "VpcId": "vpc-1",
    "SubnetIds": ["subnet-1", "subnet-2"],
}
LISTED = ok({"FileSystems": [LUSTRE, MAKING]})


def test_file_systems_are_all_told_one_that_is_being_made_without_a_name() -> None:
    wire = Wire(LISTED)
    assert AwsFileSystems(connect(wire)).all() == (
        FileSystem(
            file_system_id="fs-0123456789abcdef0",
            kind="LUSTRE",
            lifecycle="AVAILABLE",
            vpc_id="vpc-1",
            subnet_ids=("subnet-1",),
            dns_name="fs-0123456789abcdef0.fsx.eu-west-1.amazonaws.com",
            mount_name="abcdefgh",
            interface_ids=("eni-1", "eni-2"),
        ),
        FileSystem("fs-0fedcba9876543210", "OPENZFS", "CREATING", "vpc-1", ("subnet-1", "subnet-2"), ""),
    )
    assert wire.sent[0].parameters == {"MaxResults": 100}


def test_the_groups_of_all_interfaces_guard_a_file_system() -> None:
    wire = Wire(INTERFACES)
    assert AwsFileSystems(connect(wire)).guards(["eni-1", "eni-2"]) == {"sg-1", "sg-2"}
    asked = wire.sent[0].parameters
    assert (asked["Filter.1.Name"], asked["Filter.1.Value.1"]) == ("network-interface-id", "eni-1")
    assert asked["Filter.1.Value.2"] == "eni-2"


def test_a_list_that_is_not_told_is_not_empty() -> None:
    with pytest.raises(UnavailableError, match="the answer to `fsx:DescribeFileSystems` has no `FileSystems`"):
        AwsFileSystems(connect(Wire(ok({})))).all()


def test_who_may_not_list_file_systems_is_told_the_action() -> None:
    with pytest.raises(AccessError) as caught:
        AwsFileSystems(connect(Wire(error("AccessDeniedException", "no")))).all()
    assert caught.value.action == "fsx:DescribeFileSystems"
