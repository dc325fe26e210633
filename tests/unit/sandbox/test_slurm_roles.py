"""Who is what on a Slurm cluster: by the request, or by `provisioning_parameters.json` beside the scripts."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from hpctl.sandbox.account import Account, Bucket
from hpctl.sandbox.slurm.seats import COMPUTE, CONTROLLER, LOGIN, Role, roles

PARAMETERS = {
    "version": "1.0.0",
    "workload_manager": "slurm",
    "controller_group": "head",
    "login_group": "login",
    "worker_groups": [{"instance_group_name": "gpus", "partition_name": "train"}, {"instance_group_name": "cpus"}],
}


class _Object:
    def __init__(self, value: bytes) -> None:
        self.value = value


class FakeAccount:
    def __init__(self, parameters: bytes | None) -> None:
        objects = {} if parameters is None else {"slurm/provisioning_parameters.json": _Object(parameters)}
        self._bucket = Bucket("us-west-2", objects)

    def bucket(self, name: str) -> Bucket | None:
        return self._bucket if name == "scripts" else None


def _roles(parameters: bytes | None, **config: dict[str, Any]) -> dict[str, Role]:
    groups = [
        {
            "InstanceGroupName": name,
            "LifeCycleConfig": {"SourceS3Uri": "s3://scripts/slurm"},
            **({"SlurmConfig": config[name]} if name in config else {}),
        }
        for name in ("head", "gpus")
    ]
    return roles({"InstanceGroups": groups}, cast("Account", FakeAccount(parameters)))


def test_the_request_says_it() -> None:
    found = _roles(None, head={"NodeType": "Controller"}, gpus={"NodeType": "Compute", "PartitionNames": ["train"]})
    assert found == {"head": Role(CONTROLLER), "gpus": Role(COMPUTE, ("train",))}


def test_else_the_file_beside_the_scripts_does() -> None:
    assert _roles(json.dumps(PARAMETERS).encode()) == {
        "head": Role(CONTROLLER),
        "login": Role(LOGIN),
        "gpus": Role(COMPUTE, ("train",)),
        "cpus": Role(COMPUTE),
    }


@pytest.mark.parametrize("content", [None, b"{", b"[]"])
def test_nobody_says_it_where_there_is_no_such_file_or_a_broken_one(content: bytes | None) -> None:
    assert _roles(content) == {}
