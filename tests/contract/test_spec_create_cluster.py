"""CreateCluster requests of every shape, there and back, judged by botocore's own validator."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpctl.catalog.limits import violations
from hpctl.spec.create_cluster import from_create_cluster, to_create_cluster
from hpctl.spec.hpctl_yaml import to_yaml
from hpctl.spec.load import load_cluster
from hpctl.spec.source import TextSource

Request = dict[str, Any]

SAMPLES = {
    "ClusterAccountingDatabaseEndpoint": ("db.example.com", "db"),
    "AlarmName": ("a $5 alarm", "null", "é"),
    "CronScheduleExpression": ("cron(0 0 1 * ? *)", "yes", "# no: comment"),
    "ClusterLifeCycleConfigFileName": ("on_create.sh", "~", "a\nb", "${NOT_A_VARIABLE}", "- x", "\x85\u2028\x00"),
    "TagKey": ("team", "=", "1e3", "a b"),
    "TagValue": ("", "null", "007", "true", " x "),
    "S3Uri": ("s3://sagemaker-bucket/$prefix", "s3://b"),
}
"""Values for patterns that no generator makes well, and some that tempt a YAML reader."""

CAPACITY: tuple[Request, ...] = ({"Spot": {}}, {"OnDemand": {}})
MOMENT = "2027-01-02T03:04:05Z"

thorough = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def input_shape() -> Any:
    return botocore.session.Session().get_service_model("sagemaker").operation_model("CreateCluster").input_shape


def values_of(shape: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one a type
    """Whatever the service model allows for a shape, kept small."""
    match shape.type_name:
        case "structure":
            return structures_of(shape)
        case "list":
            return lists_of(shape)
        case "map":
            return st.dictionaries(values_of(shape.key), values_of(shape.value).filter(bool), max_size=2)
        case "integer":
            return st.integers(shape.metadata.get("min"), shape.metadata.get("max", 10**6))
        case "boolean":
            return st.booleans()
        case "timestamp":
            return st.datetimes(timezones=st.just(UTC)).map(lambda one: one.isoformat().replace("+00:00", "Z"))
        case _:
            return texts_of(shape)


def texts_of(shape: Any) -> st.SearchStrategy[str]:
    if shape.name in SAMPLES:
        return st.sampled_from(SAMPLES[shape.name])
    if shape.metadata.get("enum"):
        return st.sampled_from(shape.metadata["enum"])
    pattern = re.compile(shape.metadata["pattern"], re.ASCII)
    fitting = st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    return fitting.filter(lambda text: not list(violations(shape.name, text)))


def lists_of(shape: Any) -> st.SearchStrategy[list[Any]]:
    unique: Callable[[Any], Any] | None = (lambda tag: tag["Key"]) if shape.name == "TagList" else None
    least = max(1, shape.metadata.get("min", 0))
    return st.lists(
        values_of(shape.member), min_size=least, max_size=max(least, min(2, shape.metadata["max"])), unique_by=unique
    )


@cache
def structures_of(shape: Any) -> st.SearchStrategy[Request]:
    if shape.name == "ClusterCapacityRequirements":
        return st.sampled_from(CAPACITY)
    fields = {name: values_of(member) for name, member in shape.members.items()}
    if shape.name in {"ClusterInstanceStorageConfig", "ClusterOrchestrator"}:
        return st.one_of([st.fixed_dictionaries({name: field}) for name, field in fields.items()])
    if shape.name == "ClusterEbsVolumeConfig":
        key, unset = fields["VolumeKmsKeyId"], st.just(value=False)
        optional = {"VolumeKmsKeyId": key, "RootVolume": unset}
        sized = st.fixed_dictionaries({"VolumeSizeInGB": fields["VolumeSizeInGB"]}, optional=optional)
        root = st.fixed_dictionaries({"RootVolume": st.just(value=True), "VolumeKmsKeyId": key})
        return sized | root
    required = {name: fields.pop(name) for name in shape.required_members}
    if shape.name != "ClusterInstanceGroupSpecification":
        return st.fixed_dictionaries(required, optional=fields)
    kinds = {name: fields.pop(name) for name in ("InstanceType", "InstanceRequirements")}
    return st.one_of([st.fixed_dictionaries({**required, name: kind}, optional=fields) for name, kind in kinds.items()])


requests = st.deferred(lambda: structures_of(input_shape()))


def leaves_of(shape: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every path at which a request holds a value; `[]` stands for a list's entry."""
    if shape.type_name == "structure" and shape.members:
        return [leaf for name, member in shape.members.items() for leaf in leaves_of(member, (*path, name))]
    if shape.type_name == "list" and shape.member.type_name in {"structure", "list"}:
        return leaves_of(shape.member, (*path, "[]"))
    return [path]


def sample_of(shape: Any) -> Any:  # noqa: PLR0911 - one a type
    """Give one plain value that the service model allows."""
    match shape.type_name:
        case "list":
            return [sample_of(shape.member)]
        case "map":
            return {"example.com/team": "research"}
        case "structure":
            return {name: sample_of(shape.members[name]) for name in shape.required_members}
        case "integer":
            return shape.metadata.get("max", 7)
        case "boolean":
            return True
        case "timestamp":
            return MOMENT
    return shape.metadata["enum"][0] if shape.metadata.get("enum") else TEXTS[shape.name]


TEXTS = {
    "AlarmName": "high-error-rate",
    "ClusterAccountingDatabaseEndpoint": "db.example.com",
    "ClusterAccountingDatabaseName": "slurm",
    "ClusterAccountingDatabaseSecretArn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:db",
    "ClusterDnsName": "fs-0123456789abcdef0.fsx.us-east-1.amazonaws.com",
    "ClusterFsxMountPath": "/fsx",
    "ClusterInstanceGroupName": "workers",
    "ClusterKubernetesTaintKey": "example.com/gpu",
    "ClusterKubernetesTaintValue": "yes",
    "ClusterLifeCycleConfigFileName": "on_create.sh",
    "ClusterMountName": "fsx",
    "ClusterName": "hp",
    "ClusterPartitionName": "train",
    "CronScheduleExpression": "cron(0 0 1 * ? *)",
    "EksClusterArn": "arn:aws:eks:us-east-1:111122223333:cluster/hp",
    "ImageId": "ami-0123456789abcdef0",
    "ImageReleaseVersion": "1.2.3",
    "KmsKeyId": "alias/hp",
    "RoleArn": "arn:aws:iam::111122223333:role/hp",
    "S3Uri": "s3://sagemaker-hp/scripts",
    "SecurityGroupId": "sg-0123456789abcdef0",
    "SubnetId": "subnet-0123456789abcdef0",
    "TagKey": "team",
    "TagValue": "research",
    "TrainingPlanArn": "arn:aws:sagemaker:us-east-1:111122223333:training-plan/hp",
}


def smallest_with(shape: Any, path: tuple[str, ...]) -> Any:
    """Build the smallest value that holds something at `path`, and keeps the service's rules on the way."""
    if shape.name == "ClusterCapacityRequirements":
        return {path[0]: {}}
    if not path:
        return sample_of(shape)
    if path[0] == "[]":
        return [smallest_with(shape.member, path[1:])]
    value = {**sample_of(shape), path[0]: smallest_with(shape.members[path[0]], path[1:])}
    if shape.name == "ClusterInstanceGroupSpecification" and path[0] != "InstanceRequirements":
        value.setdefault("InstanceType", "ml.p5.48xlarge")
    if shape.name == "ClusterEbsVolumeConfig":
        by_root = {"VolumeKmsKeyId": TEXTS["KmsKeyId"], "RootVolume": True}
        value = value | ({"VolumeSizeInGB": 500} if path[0] != "RootVolume" else by_root)
    return value


def held_at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value[0] if step == "[]" else value[step]
    return value


LEAVES = [pytest.param(leaf, id=".".join(leaf).replace(".[]", "[]")) for leaf in leaves_of(input_shape())]


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_member_of_createcluster_can_be_written_in_yaml_and_arrives(leaf: tuple[str, ...]) -> None:
    request = smallest_with(input_shape(), leaf)
    text = to_yaml(from_create_cluster(request))
    spec = load_cluster(TextSource("cluster.yaml", text), env={}).spec
    emitted = to_create_cluster(spec, account=None, region=None)
    assert held_at(emitted, leaf) == held_at(request, leaf)
    assert emitted == request


def test_the_walk_reaches_the_whole_request() -> None:
    assert len(LEAVES) > 90
    assert ("InstanceGroups", "[]", "AutoPatchConfig", "DrainPolicy", "OnDrainTimeout") in leaves_of(input_shape())


@thorough
@given(requests)
def test_any_request_and_its_spec_survive_every_way_round(request: Request) -> None:
    spec = from_create_cluster(request)
    emitted = to_create_cluster(spec, account=None, region=None)
    assert without_what_is_empty(emitted) == without_what_is_empty(with_moments(request))
    assert list(emitted) == [name for name in input_shape().members if name in emitted]
    report = ParamValidator().validate(emitted, input_shape())
    assert not report.has_errors(), report.generate_report()
    assert from_create_cluster(emitted) == spec
    assert load_cluster(TextSource("cluster.yaml", to_yaml(spec)), env={}).spec == spec


def with_moments(value: Any) -> Any:
    """Bring times into the form that is emitted."""
    match value:
        case {"NextPatchDate": str(moment), **others}:
            written = datetime.fromisoformat(moment).isoformat().replace("+00:00", "Z")
            return {**with_moments(others), "NextPatchDate": written}
        case dict():
            return {key: with_moments(item) for key, item in value.items()}
        case list():
            return [with_moments(item) for item in value]
        case _:
            return value


def without_what_is_empty(value: Any) -> Any:
    """Leave out empty lists and maps: they say what their absence says."""
    match value:
        case dict():
            kept = {key: without_what_is_empty(item) for key, item in value.items() if item != []}
            return {key: item for key, item in kept.items() if key != "Labels" or item}
        case list():
            return [without_what_is_empty(item) for item in value]
        case _:
            return value
