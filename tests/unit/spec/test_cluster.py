from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from hpctl.errors import SpecError
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.create_cluster import from_create_cluster, to_create_cluster
from hpctl.spec.group_parts import Capacity
from hpctl.spec.hpctl_yaml import to_yaml
from hpctl.spec.load import load_cluster
from hpctl.spec.network import Network
from hpctl.spec.orchestrator import EksOrchestrator
from hpctl.spec.source import TextSource
from hpctl.terms import Orchestrator, SlurmNodeType

ROLE = "arn:aws:iam::111122223333:role/hp"
ARN = "arn:aws:eks:us-east-1:111122223333:cluster/hp"


def a_group(**changes: object) -> dict[str, object]:
    return {"name": "workers", "type": "ml.p5.48xlarge", "count": 2, "execution_role": ROLE, **changes}


def a_cluster(**changes: object) -> ClusterSpec:
    return ClusterSpec.model_validate({"name": "hp", "instance_groups": [a_group()], **changes})


def a_network(*subnets: str) -> dict[str, object]:
    return {"security_group_ids": ["sg-1"], "subnet_ids": list(subnets)}


def test_a_group_is_in_its_own_network_or_else_in_the_clusters() -> None:
    groups = [a_group(), a_group(name="own", override_network=a_network("subnet-2", "subnet-1"))]
    spec = a_cluster(network=a_network("subnet-1"), instance_groups=groups)
    assert [spec.effective_network(group) for group in spec.all_groups] == [
        Network(security_group_ids=("sg-1",), subnet_ids=("subnet-1",)),
        Network(security_group_ids=("sg-1",), subnet_ids=("subnet-2", "subnet-1")),
    ]
    assert spec.subnet_ids == ("subnet-1", "subnet-2")
    assert spec.security_group_ids == ("sg-1",)


def test_without_any_network_there_is_none() -> None:
    spec = a_cluster()
    assert spec.effective_network(spec.instance_groups[0]) is None
    assert spec.subnet_ids == ()


def test_restricted_groups_are_groups_too() -> None:
    spec = a_cluster(restricted_instance_groups=[a_group(name="nova")])
    assert [(group.name, group.types) for group in spec.all_groups] == [
        ("workers", ("ml.p5.48xlarge",)),
        ("nova", ("ml.p5.48xlarge",)),
    ]


def test_a_group_of_several_types_names_them_all() -> None:
    wanted = {"instance_types": ["ml.p5e.48xlarge", "ml.p5.48xlarge"]}
    spec = a_cluster(instance_groups=[a_group(type=None, instance_requirements=wanted)])
    assert spec.instance_groups[0].types == ("ml.p5e.48xlarge", "ml.p5.48xlarge")


@pytest.mark.parametrize(
    ("orchestrator", "kind"),
    [
        ({"eks": {"cluster_arn": ARN}}, Orchestrator.EKS),
        ({"slurm": {}}, Orchestrator.SLURM),
        (None, Orchestrator.SLURM),
    ],
)
def test_without_an_orchestrator_slurm_schedules(orchestrator: object, kind: Orchestrator) -> None:
    assert a_cluster(orchestrator=orchestrator).kind_of_orchestrator is kind


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("us-east-1", ARN),
        ("cn-north-1", "arn:aws-cn:eks:cn-north-1:111122223333:cluster/hp"),
        ("us-gov-west-1", "arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/hp"),
        ("us-isob-east-1", "arn:aws-iso-b:eks:us-isob-east-1:111122223333:cluster/hp"),
    ],
)
def test_a_bare_eks_name_becomes_an_arn_of_its_partition(region: str, arn: str) -> None:
    spec = a_cluster(orchestrator={"eks": {"cluster": "hp"}}, region=region)
    request = to_create_cluster(spec, account="111122223333", region=None)
    assert request["Orchestrator"] == {"Eks": {"ClusterArn": arn}}


def test_a_bare_eks_name_needs_account_and_region() -> None:
    spec = a_cluster(orchestrator={"eks": {"cluster": "hp"}})
    with pytest.raises(SpecError) as caught:
        to_create_cluster(spec, account="111122223333", region=None)
    assert caught.value.message == "the ARN of the EKS cluster `hp` needs the account and the Region"
    assert caught.value.hint == "set `account` and `region` in the spec, or give `eks.cluster_arn`"


def test_the_callers_account_and_region_come_before_the_specs() -> None:
    spec = a_cluster(orchestrator={"eks": {"cluster": "hp"}}, account="999999999999", region="eu-west-1")
    request = to_create_cluster(spec, account="111122223333", region="us-east-1")
    assert request["Orchestrator"] == {"Eks": {"ClusterArn": ARN}}


def test_an_arn_written_as_the_cluster_is_kept_as_an_arn() -> None:
    eks = EksOrchestrator.model_validate({"cluster": ARN})
    assert (eks.cluster, eks.cluster_arn, eks.cluster_name) == (None, ARN, "hp")
    assert EksOrchestrator(cluster=ARN) == eks
    assert EksOrchestrator(cluster="hp").cluster_name == "hp"


def test_a_spec_cannot_change_and_can_be_hashed_and_copied() -> None:
    spec = a_cluster(tags={"team": "research"})
    with pytest.raises(ValidationError):
        spec.name = "other"  # type: ignore[misc]
    assert hash(spec) == hash(copy.deepcopy(spec))
    assert copy.deepcopy(spec) == spec


def test_what_only_hpctl_knows_survives_its_own_yaml_and_stays_out_of_the_request() -> None:
    spec = a_cluster(region="us-east-1", account="011122223333", multi_az=True, orchestrator={"eks": {"cluster": "hp"}})
    assert load_cluster(TextSource("x", to_yaml(spec)), env={}).spec == spec
    request = to_create_cluster(spec, account=None, region=None)
    assert set(request) == {"ClusterName", "InstanceGroups", "Orchestrator"}


def test_the_yaml_is_what_a_person_would_write() -> None:
    group = a_group(capacity="spot", lifecycle={"on_create": "$5.sh"}, storage=[{"ebs": {"volume_size_in_gb": 5}}])
    spec = a_cluster(network=a_network("subnet-1"), instance_groups=[group], tags={"year": "2027"})
    assert (
        to_yaml(spec)
        == """\
# A SageMaker HyperPod cluster. `hpctl cluster plan -f` shows what this file would do.
api_version: hpctl/v1
kind: Cluster
name: hp
network:
  security_group_ids:
    - sg-1
  subnet_ids:
    - subnet-1
instance_groups:
  - name: workers
    type: ml.p5.48xlarge
    count: 2
    execution_role: arn:aws:iam::111122223333:role/hp
    storage:
      - ebs:
          volume_size_in_gb: 5
    lifecycle:
      on_create: $$5.sh
    capacity: spot
tags:
  year: '2027'
"""
    )


def test_words_of_ours_are_enums_in_the_spec_and_plain_in_the_request() -> None:
    (group,) = a_cluster(instance_groups=[a_group(capacity="on_demand", slurm={"node_type": "Login"})]).instance_groups
    assert group.capacity is Capacity.ON_DEMAND
    assert group.slurm is not None
    assert group.slurm.node_type is SlurmNodeType.LOGIN
    request: Any = to_create_cluster(a_cluster(instance_groups=[group]), account=None, region=None)
    assert request["InstanceGroups"][0]["CapacityRequirements"] == {"OnDemand": {}}
    assert type(request["InstanceGroups"][0]["SlurmConfig"]["NodeType"]) is str


@pytest.fixture
def a_clock_in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("a_clock_in_tokyo")
@pytest.mark.parametrize("written", ["2027-01-02T03:04:05", "2027-01-02T03:04:05Z", "2027-01-02T04:04:05+01:00"])
def test_a_patch_date_is_read_as_utc_unless_it_says_more(written: str) -> None:
    patch = {"PatchingStrategy": "WhenIdle", "PatchSchedule": {"NextPatchDate": written}}
    group = {"InstanceGroupName": "a", "InstanceType": "ml.p5.48xlarge", "InstanceCount": 1, "ExecutionRole": ROLE}
    request: Any = {"ClusterName": "hp", "InstanceGroups": [{**group, "AutoPatchConfig": patch}]}
    emitted: Any = to_create_cluster(from_create_cluster(request), account=None, region=None)
    schedule = emitted["InstanceGroups"][0]["AutoPatchConfig"]["PatchSchedule"]
    assert schedule == {"NextPatchDate": "2027-01-02T03:04:05Z"}


def test_a_wrong_request_lists_all_its_problems() -> None:
    with pytest.raises(SpecError) as caught:
        from_create_cluster({"ClusterName": "a_b", "Typo": 1, "NodeRecovery": "automatic"})
    assert caught.value.message == "this is not a valid CreateCluster request"
    assert [(one.path, one.nearest) for one in caught.value.problems] == [
        ("Typo", None),
        ("ClusterName", None),
        ("NodeRecovery", "Automatic"),
    ]
