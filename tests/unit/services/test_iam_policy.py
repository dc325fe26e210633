"""Policies are scoped by a spec; without one by the account and the Region of the credentials."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import AccessError, UsageError
from hpctl.facts.world import World
from hpctl.services.iam_policy import Place, Policy, place_of, policy
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import ACCOUNT, REGION, ROLE, a_group, a_plain_group, a_slurm_spec, a_spec
from tests.unit.fakes import FakeAccount

PLACE = Place("aws", ACCOUNT, REGION)
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
NOBODY = World(AccessError("no credentials"))


def _made(whose: Policy, spec: ClusterSpec | None, **how: Any) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in policy(whose, spec, PLACE, **how)["Statement"]}


def _encrypted(key: str) -> ClusterSpec:
    volume = {"volume_size_in_gb": 100, "volume_kms_key_id": key}
    return a_slurm_spec(a_plain_group(storage=({"ebs": volume},)))


def test_a_spec_names_roles_bucket_and_cluster() -> None:
    caller = _made(Policy.CALLER, a_spec(cluster_role=f"arn:aws:iam::{ACCOUNT}:role/scaler"))
    assert caller["PassRoles"]["Resource"] == [ROLE, f"arn:aws:iam::{ACCOUNT}:role/scaler"]
    assert caller["LookAtBuckets"]["Resource"] == ["arn:aws:s3:::sagemaker-x"]
    assert caller["LookAtEks"]["Resource"] == [f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/training"]
    nodes = _made(Policy.EXECUTION_ROLE, a_spec())
    assert nodes["ReadTheScripts"]["Resource"] == ["arn:aws:s3:::sagemaker-x/lc/*"]
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/Clusters/ml-cluster/*"
    assert nodes["WriteLogs"]["Resource"] == [group]


def test_a_spec_leaves_out_what_it_does_not_use() -> None:
    assert {"LookAtEks", "LetNodesIntoEks", "LookAtTrainingPlans"} & set(_made(Policy.CALLER, a_slurm_spec())) == set()
    nodes = set(_made(Policy.EXECUTION_ROLE, a_slurm_spec(network=None)))
    assert nodes & {"JoinTheVpc", "GivePodsAddresses", "MountFileSystems", "UseTheKeysOfVolumes"} == set()


def test_without_a_spec_everything_of_the_account_is_meant() -> None:
    caller = _made(Policy.CALLER, None)
    assert caller["PassRoles"]["Resource"] == [f"arn:aws:iam::{ACCOUNT}:role/*"]
    assert caller["LookAtBuckets"]["Resource"] == ["arn:aws:s3:::sagemaker-*"]
    assert "MountFileSystems" in _made(Policy.EXECUTION_ROLE, None)


@pytest.mark.parametrize(
    ("written", "resource"),
    [
        (KEY, KEY),
        (KEY.rpartition("/")[2], KEY),
        ("alias/disks", KEY.replace(KEY.rpartition("/")[2], "*")),
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/disks", KEY.replace(KEY.rpartition("/")[2], "*")),
    ],
)
def test_keys_of_volumes_are_named_by_their_ids(written: str, resource: str) -> None:
    assert _made(Policy.EXECUTION_ROLE, _encrypted(written))["UseTheKeysOfVolumes"]["Resource"] == [resource]


def test_one_group_needs_what_its_own_nodes_use() -> None:
    fsx = {"fsx_lustre": {"dns_name": "fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com", "mount_name": "a"}}
    spec = a_spec(a_group(storage=(fsx,)), a_plain_group())
    assert "MountFileSystems" in _made(Policy.EXECUTION_ROLE, spec, group="workers")
    assert "MountFileSystems" not in _made(Policy.EXECUTION_ROLE, spec, group="system")


def test_one_group_reads_its_own_scripts_alone() -> None:
    other = {"source_s3_uri": "s3://sagemaker-y/other", "on_create": "run.sh"}
    spec = a_spec(a_group(), a_plain_group(lifecycle=other))
    nodes = _made(Policy.EXECUTION_ROLE, spec, group="system")
    assert nodes["ReadTheScripts"]["Resource"] == ["arn:aws:s3:::sagemaker-y/other/*"]
    assert nodes["ListTheBucketOfScripts"]["Resource"] == ["arn:aws:s3:::sagemaker-y"]


def test_a_group_that_is_not_there_is_said() -> None:
    with pytest.raises(UsageError) as caught:
        policy(Policy.EXECUTION_ROLE, a_spec(), PLACE, group="nobody")
    assert (caught.value.message, caught.value.hint) == (
        "the spec has no instance group `nobody`",
        "there are `workers`",
    )
    with pytest.raises(UsageError) as caught:
        policy(Policy.EXECUTION_ROLE, None, PLACE, group="workers")
    assert caught.value.hint == "add `--file FILE`"


def test_a_spec_that_names_its_region_asks_nobody() -> None:
    assert place_of(a_spec(region="eu-west-1"), NOBODY, None) == Place("aws", ACCOUNT, "eu-west-1")
    assert place_of(a_spec(), NOBODY, "eu-north-1") == Place("aws", ACCOUNT, "eu-north-1")


def test_what_a_spec_leaves_open_the_credentials_tell() -> None:
    world = FakeAccount().world
    assert place_of(None, world, None) == place_of(a_spec(), world, None) == PLACE
    with pytest.raises(AccessError):
        place_of(None, NOBODY, None)
