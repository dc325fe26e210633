"""The walker finds every kind of violation, says where, and says what would do."""

from __future__ import annotations

import datetime as dt

import pytest

from hpctl.catalog.limits import Rule, Violation, shape, violations
from hpctl.catalog.nearest import nearest
from hpctl.errors import NotFoundError

ROLE = "arn:aws:iam::111122223333:role/hyperpod"
GROUP = {"InstanceGroupName": "workers", "InstanceCount": 2, "InstanceType": "ml.p5.48xlarge", "ExecutionRole": ROLE}


def request(**group: object) -> dict[str, object]:
    return {"ClusterName": "demo", "InstanceGroups": [GROUP | group]}


def only(found: object) -> Violation:
    assert isinstance(found, list)
    assert len(found) == 1, found
    (violation,) = found
    assert isinstance(violation, Violation)
    return violation


def judge(value: object, name: str = "CreateClusterRequest") -> list[Violation]:
    return list(violations(name, value))


def test_a_sound_request_has_no_violation() -> None:
    value = request(
        ThreadsPerCore=2,
        LifeCycleConfig={"SourceS3Uri": "s3://sagemaker-demo/scripts", "OnCreate": "on_create.sh"},
        InstanceStorageConfigs=[{"EbsVolumeConfig": {"VolumeSizeInGB": 500, "RootVolume": False}}],
        KubernetesConfig={"Labels": {"team.example.com/name": "research"}, "Taints": []},
        AutoPatchConfig={"PatchingStrategy": "WhenIdle", "PatchSchedule": {"NextPatchDate": "2026-08-01T00:00:00Z"}},
        CapacityRequirements={"OnDemand": {}},
    ) | {
        "Orchestrator": {"Eks": {"ClusterArn": "arn:aws:eks:us-west-2:111122223333:cluster/demo"}},
        "Tags": [{"Key": "Abteilung", "Value": "Grüße an 東京 + 1"}, {"Key": "empty", "Value": ""}],
    }
    assert judge(value) == []


@pytest.mark.parametrize(
    ("group", "path", "rule", "message"),
    [
        ({"InstanceCount": "2"}, "InstanceCount", Rule.TYPE, "`2` is not an integer"),
        ({"InstanceCount": True}, "InstanceCount", Rule.TYPE, "`true` is not an integer"),
        ({"InstanceCount": 2.0}, "InstanceCount", Rule.TYPE, "`2.0` is not an integer"),
        ({"InstanceCount": None}, "InstanceCount", Rule.TYPE, "null is not an integer"),
        ({"InstanceCount": -1}, "InstanceCount", Rule.MIN, "`-1` is below the minimum of 0"),
        ({"InstanceCount": 6759}, "InstanceCount", Rule.MAX, "`6759` is above the maximum of 6758"),
        ({"ThreadsPerCore": 3}, "ThreadsPerCore", Rule.MAX, "`3` is above the maximum of 2"),
        ({"ExecutionRole": 7}, "ExecutionRole", Rule.TYPE, "`7` is not a string"),
        ({"LifeCycleConfig": []}, "LifeCycleConfig", Rule.TYPE, "a list is not an object"),
        ({"InstanceStorageConfigs": {}}, "InstanceStorageConfigs", Rule.TYPE, "an object is not a list"),
        (
            {"OnStartDeepHealthChecks": []},
            "OnStartDeepHealthChecks",
            Rule.MIN,
            "it has 0 entries, below the minimum of 1",
        ),
        (
            {"InstanceStorageConfigs": [{"EbsVolumeConfig": {}}] * 5},
            "InstanceStorageConfigs",
            Rule.MAX,
            "it has 5 entries, above the maximum of 4",
        ),
        (
            {"InstanceGroupName": "a" * 64},
            "InstanceGroupName",
            Rule.MAX,
            f"`{'a' * 64}` has 64 characters, above the maximum of 63",
        ),
        (
            {"InstanceGroupName": "two words"},
            "InstanceGroupName",
            Rule.PATTERN,
            "`two words` does not match `[a-zA-Z0-9](-*[a-zA-Z0-9])*`",
        ),
        (
            {"InstanceGroupName": "workers\n"},
            "InstanceGroupName",
            Rule.PATTERN,
            "`workers\n` does not match `[a-zA-Z0-9](-*[a-zA-Z0-9])*`",
        ),
        (
            {"InstanceType": "ml.p5.48xlrge"},
            "InstanceType",
            Rule.ENUM,
            "`ml.p5.48xlrge` is not one of the 209 values of `ClusterInstanceType`",
        ),
    ],
)
def test_a_wrong_member_is_named_with_its_rule(group: dict[str, object], path: str, rule: Rule, message: str) -> None:
    violation = only(judge(request(**group)))
    assert violation.path == ("InstanceGroups", 0, path)
    assert (violation.rule, violation.message) == (rule, message)


def test_an_enum_violation_carries_every_value_and_the_nearest_first() -> None:
    violation = only(judge(request(InstanceType="ml.p5.48xlrge")))
    assert violation.nearest[0] == "ml.p5.48xlarge"
    assert violation.allowed == shape("ClusterInstanceType").enum


def test_a_short_enum_is_listed_whole() -> None:
    violation = only(judge({"ClusterName": "demo", "NodeRecovery": "automatic"}))
    assert violation.message == "`automatic` is not one of `Automatic`, `None`"
    assert violation.nearest == ("Automatic",)


def test_an_unknown_member_names_the_nearest_known_one() -> None:
    violation = only(judge(request(LifecycleConfig={})))
    assert violation.path == ("InstanceGroups", 0, "LifecycleConfig")
    assert violation.message == "`LifecycleConfig` is not a member of `ClusterInstanceGroupSpecification`"
    assert violation.rule is Rule.UNKNOWN
    assert violation.nearest[0] == "LifeCycleConfig"


def test_each_missing_member_is_its_own_violation() -> None:
    found = judge({"ClusterName": "demo", "InstanceGroups": [{"InstanceGroupName": "workers"}]})
    assert [(one.path[-1], one.rule, one.message) for one in found] == [
        ("InstanceCount", Rule.REQUIRED, "`InstanceCount` is missing"),
        ("ExecutionRole", Rule.REQUIRED, "`ExecutionRole` is missing"),
    ]


@pytest.mark.parametrize(
    ("storage", "count"),
    [
        ({}, 0),
        (
            {
                "EbsVolumeConfig": {},
                "FsxLustreConfig": {"DnsName": "fs-0123456789.fsx.amazonaws.com", "MountName": "a"},
            },
            2,
        ),
    ],
)
def test_a_union_takes_exactly_one_member(storage: dict[str, object], count: int) -> None:
    violation = only(judge(request(InstanceStorageConfigs=[storage])))
    assert violation.path == ("InstanceGroups", 0, "InstanceStorageConfigs", 0)
    assert violation.rule is Rule.UNION
    assert violation.message == (
        f"exactly one of `EbsVolumeConfig`, `FsxLustreConfig`, `FsxOpenZfsConfig` is needed, not {count}"
    )


def test_keys_and_values_of_a_map_are_judged() -> None:
    found = judge(request(KubernetesConfig={"Labels": {"-bad": "ok", "good": "no spaces here"}}))
    assert [(one.path[-1], one.value, one.rule) for one in found] == [
        ("-bad", "-bad", Rule.PATTERN),
        ("good", "no spaces here", Rule.PATTERN),
    ]


def test_all_violations_come_at_once_in_the_order_of_the_request() -> None:
    found = judge({"ClusterName": "-", "InstanceGroups": [GROUP | {"InstanceCount": -1}, GROUP | {"Colour": "red"}]})
    assert [one.path for one in found] == [
        ("ClusterName",),
        ("InstanceGroups", 0, "InstanceCount"),
        ("InstanceGroups", 1, "Colour"),
    ]


@pytest.mark.parametrize("value", ["2026-08-01T00:00:00Z", 1785542400, dt.datetime(2026, 8, 1, tzinfo=dt.UTC)])
def test_times_may_be_text_numbers_or_datetimes(value: object) -> None:
    assert judge(value, "Timestamp") == []


@pytest.mark.parametrize("value", ["next Tuesday", True, []])
def test_what_is_no_time_is_refused(value: object) -> None:
    assert only(judge(value, "Timestamp")).message.endswith("is not a time")


@pytest.mark.parametrize("name", ["٤", "ａ", "é"])  # noqa: RUF001 - Python's own \d and \w would take these
def test_digits_and_letters_outside_ascii_are_refused_where_aws_refuses_them(name: str) -> None:
    assert only(judge({"ClusterName": name})).rule is Rule.PATTERN
    arn = f"arn:aws:iam::11112222333{name}:role/x"
    assert only(judge(arn, "RoleArn")).rule is Rule.PATTERN


def test_very_long_text_is_judged_by_its_length_alone() -> None:
    violation = only(judge({"ClusterName": "-" * 100_000}))
    assert violation.rule is Rule.MAX
    assert len(violation.message) < 200


def test_an_unknown_shape_names_the_nearest() -> None:
    with pytest.raises(NotFoundError, match="`CreateClusterReqest` is not a shape of a cluster request") as error:
        judge({}, "CreateClusterReqest")
    assert error.value.hint is not None
    assert "`CreateClusterRequest`" in error.value.hint


def test_the_nearest_word_ignores_case_and_separators() -> None:
    assert nearest("threads-per-core", ["ThreadsPerCore", "InstanceCount"]) == ("ThreadsPerCore",)
    assert nearest("zzz", ["ThreadsPerCore"]) == ()
