"""The spec of a live cluster: planning it finds nothing to do, whatever the cluster was made with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings

from hpctl.adapters.aws.live import request_of
from hpctl.errors import NotFoundError, SpecError
from hpctl.facts.records import Live
from hpctl.facts.world import World
from hpctl.plan.tags import PROTECTION_TAG
from hpctl.plan.update import plan_update
from hpctl.services.export import as_request, export
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.create_cluster import from_create_cluster, to_create_cluster
from hpctl.spec.hpctl_yaml import to_yaml
from hpctl.spec.load import load_cluster
from hpctl.spec.source import TextSource
from tests.contract.test_adapters_live import answer_to
from tests.contract.test_spec_create_cluster import requests, thorough
from tests.unit.builders import CLUSTER_ARN, a_check_report, a_cluster
from tests.unit.fakes import FakeAccount


def named_apart(request: dict[str, Any]) -> bool:
    """No cluster has two groups of one name; AWS refuses them."""
    groups = (*request.get("InstanceGroups", ()), *request.get("RestrictedInstanceGroups", ()))
    names = [group["InstanceGroupName"] for group in groups]
    return len(set(names)) == len(names)


fairly = settings(thorough, max_examples=40)

OWN = {"hpctl:run-id": "run-1", "hpctl:spec-digest": "0" * 16, "aws:cloudformation:stack-name": "s"}
FILLED = {
    "ThreadsPerCore": 1,
    "CurrentImageId": "ami-0123456789abcdef0",
    "DesiredImageId": "ami-0123456789abcdef0",
    "MinCount": 0,
    "CapacityRequirements": {"OnDemand": {}},
    "NetworkInterface": {"InterfaceType": "efa"},
}


def world_with(request: dict[str, Any], **filled: Any) -> World:
    """An account with the cluster that `request` asked for, as AWS describes it."""
    account = FakeAccount()
    answer = answer_to(request)
    for group in answer["InstanceGroups"]:
        group |= {member: value for member, value in filled.items() if member not in group}
    tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}
    cluster = a_cluster(name=request["ClusterName"])
    account.clusters.add(cluster, **{**tags, **OWN})
    account.clusters.requests[cluster.name] = request_of(answer)
    return World(account.ports)


def planned(spec: ClusterSpec, world: World) -> Any:
    return plan_update(spec, world, run_id="r", checks=a_check_report())


@fairly
@given(requests)
def test_planning_an_exported_cluster_finds_nothing_to_do(request: dict[str, Any]) -> None:
    assume(named_apart(request))
    name = request["ClusterName"]
    spec = export(name, world_with(request))
    from_file = load_cluster(TextSource("cluster.yaml", to_yaml(spec)), env={}).spec
    assert from_file == spec
    plan = planned(from_file, world_with(request))
    assert (plan.state, plan.changes, plan.actions) == ("same", (), ())


@fairly
@given(requests)
def test_exporting_what_an_export_makes_gives_the_same(request: dict[str, Any]) -> None:
    assume(named_apart(request))
    spec = export(request["ClusterName"], world_with(request))
    again = export(spec.name, world_with(dict(as_request(spec))))
    assert again == spec


@fairly
@given(requests)
def test_the_spec_that_made_a_cluster_finds_nothing_to_do_whatever_aws_fills_in(request: dict[str, Any]) -> None:
    assume(named_apart(request))
    spec = from_create_cluster(request)
    plan = planned(spec, world_with(dict(to_create_cluster(spec, account=None, region=None)), **FILLED))
    assert plan.changes == ()


SMALL: dict[str, Any] = {
    "ClusterName": "hp",
    "InstanceGroups": [
        {
            "InstanceCount": 1,
            "InstanceGroupName": "workers",
            "InstanceType": "ml.p5.48xlarge",
            "ExecutionRole": "arn:aws:iam::111122223333:role/hp",
        }
    ],
    "Tags": [{"Key": "team", "Value": "nlp"}],
}


def test_an_export_names_account_and_region_and_no_tag_of_hpctl_or_aws() -> None:
    spec = export("hp", world_with(SMALL))
    assert (spec.account, spec.region, dict(spec.tags), spec.protection) == (
        "123456789012",
        "us-west-2",
        {"team": "nlp"},
        False,
    )


def test_protection_is_read_back_as_a_field_and_in_json_as_a_tag() -> None:
    protected = {**SMALL, "Tags": [*SMALL["Tags"], {"Key": PROTECTION_TAG, "Value": "true"}]}
    spec = export("hp", world_with(protected))
    assert spec.protection
    assert as_request(spec) == protected
    assert "protection: true\n" in to_yaml(spec)


def test_a_cluster_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError) as raised:
        export("hp", FakeAccount().world)
    assert (raised.value.message, raised.value.hint) == (
        "there is no cluster `hp`",
        "the clusters that there are: hpctl cluster list",
    )


def test_what_this_hpctl_does_not_know_is_named() -> None:
    newer = {**SMALL, "InstanceGroups": [{**SMALL["InstanceGroups"][0], "InstanceType": "ml.p9.48xlarge"}]}
    with pytest.raises(SpecError) as raised:
        export("hp", world_with(newer))
    assert raised.value.message == "cluster `hp` has what this hpctl does not know of"
    assert [problem.path for problem in raised.value.problems] == ["InstanceGroups[0].InstanceType"]


def test_a_cluster_without_what_is_optional_is_exported() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster(name="hp"))
    request = request_of({"ClusterName": "hp", "CreationTime": datetime(2026, 3, 1, tzinfo=UTC), "InstanceGroups": []})
    account.clusters.requests["hp"] = request
    assert Live(a_cluster(name="hp"), request) == account.clusters.live("hp")
    spec = export("hp", World(account.ports))
    assert (spec.name, spec.instance_groups, CLUSTER_ARN in to_yaml(spec)) == ("hp", (), False)
