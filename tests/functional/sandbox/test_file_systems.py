"""File systems of the sandbox, as boto3 sees them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandbox.running import Running


@pytest.fixture(scope="module")
def fsx(aws: Running) -> Any:
    return aws.client("fsx")


@pytest.fixture(scope="module")
def made(aws: Running, fsx: Any) -> dict[str, Any]:
    """A Lustre file system in the first subnet."""
    found: dict[str, Any] = fsx.create_file_system(**_wish(aws), Tags=[{"Key": "team", "Value": "a"}])["FileSystem"]
    return found


def _wish(aws: Running, **members: Any) -> dict[str, Any]:
    usual = {
        "FileSystemType": "LUSTRE",
        "StorageCapacity": 1200,
        "SubnetIds": [aws.seed["SUBNET_ID"]],
        "SecurityGroupIds": [aws.seed["SECURITY_GROUP"]],
        "LustreConfiguration": {"DeploymentType": "PERSISTENT_2", "PerUnitStorageThroughput": 125},
    }
    return {**usual, **members}


def test_a_file_system_is_told_as_it_was_made(aws: Running, fsx: Any, made: dict[str, Any]) -> None:
    told = fsx.describe_file_systems(FileSystemIds=[made["FileSystemId"]])["FileSystems"]
    assert told == [made]
    assert made["DNSName"] == f"{made['FileSystemId']}.fsx.us-west-2.amazonaws.com"
    assert (made["Lifecycle"], made["SubnetIds"]) == ("AVAILABLE", [aws.seed["SUBNET_ID"]])
    assert len(made["LustreConfiguration"]["MountName"]) == 8
    assert fsx.list_tags_for_resource(ResourceARN=made["ResourceARN"])["Tags"] == [{"Key": "team", "Value": "a"}]


def test_its_interface_is_in_the_subnet_behind_its_groups(aws: Running, made: dict[str, Any]) -> None:
    asked = {"NetworkInterfaceIds": made["NetworkInterfaceIds"]}
    (interface,) = aws.client("ec2").describe_network_interfaces(**asked)["NetworkInterfaces"]
    assert (interface["SubnetId"], interface["VpcId"]) == (aws.seed["SUBNET_ID"], made["VpcId"])
    assert [group["GroupId"] for group in interface["Groups"]] == [aws.seed["SECURITY_GROUP"]]


def test_one_that_goes_takes_its_interface_along(aws: Running, fsx: Any) -> None:
    brief = fsx.create_file_system(**_wish(aws, StorageCapacity=2400))["FileSystem"]
    fsx.delete_file_system(FileSystemId=brief["FileSystemId"])
    left = fsx.describe_file_systems()["FileSystems"]
    assert brief["FileSystemId"] not in [row["FileSystemId"] for row in left]
    with pytest.raises(ClientError, match=r"InvalidNetworkInterfaceID\.NotFound"):
        aws.client("ec2").describe_network_interfaces(NetworkInterfaceIds=brief["NetworkInterfaceIds"])


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"StorageCapacity": 1300}, "BadRequest"),
        ({"SubnetIds": ["subnet-0123456789abcdef0"]}, "InvalidNetworkSettings"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidNetworkSettings"),
    ],
    ids=["size", "subnet", "group"],
)
def test_what_fsx_does_not_make_is_refused(aws: Running, fsx: Any, members: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        fsx.create_file_system(**_wish(aws, **members))
    assert refused.value.response["Error"]["Code"] == code


def test_one_that_is_not_there_is_not_found(fsx: Any) -> None:
    with pytest.raises(fsx.exceptions.FileSystemNotFound):
        fsx.describe_file_systems(FileSystemIds=["fs-0123456789abcdef0"])
