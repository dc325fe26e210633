from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from hpctl.errors import ExitCode, Problem, SpecError
from hpctl.spec.create_cluster import to_create_cluster
from hpctl.spec.load import Loaded, load_cluster
from hpctl.spec.source import TextSource
from hpctl.terms import Orchestrator

ENV = {
    "BUCKET_NAME": "sagemaker-bucket",
    "EKS_CLUSTER_ARN": "arn:aws:eks:us-east-1:111122223333:cluster/hp",
    "EXECUTION_ROLE": "arn:aws:iam::111122223333:role/hp",
    "SECURITY_GROUP": "sg-0123456789abcdef0",
    "SUBNET_ID": "subnet-0123456789abcdef0",
}
HEAD = "api_version: hpctl/v1\nkind: Cluster\nname: hp\n"
GROUP = """\
instance_groups:
  - name: workers
    type: ml.p5.48xlarge
    count: 2
    execution_role: ${EXECUTION_ROLE}
"""


def load(text: str, *, name: str | None = None, **set_values: str) -> Loaded:
    return load_cluster(TextSource("cluster.yaml", text), env=ENV, set_values=set_values, name=name)


def refusal(text: str, *, name: str | None = None) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load(text, name=name)
    return caught.value


def lines(error: SpecError) -> list[str]:
    """Show problems as a person reads them."""
    return [_line(problem) for problem in error.problems]


def _line(problem: Problem) -> str:
    meant = f" -> {problem.nearest}" if problem.nearest else ""
    return f"{problem.line}:{problem.column} {problem.path}: {problem.message}{meant}"


def test_the_request_of_the_aws_blog_loads_and_says_what_it_tolerated(repository: Path) -> None:
    loaded = load_cluster(repository / "src" / "hpctl" / "examples" / "blog.json", env=ENV)
    assert loaded.notices == (
        "`ResilienceConfig.NodeRecovery` (line 34) is `NodeRecovery` in today's API; taken as such",
    )
    assert to_create_cluster(loaded.spec, account=None, region=None) == {
        "ClusterName": "hp-cluster",
        "InstanceGroups": [
            {
                "InstanceCount": 2,
                "InstanceGroupName": "worker-group-1",
                "InstanceType": "ml.p5.48xlarge",
                "LifeCycleConfig": {"SourceS3Uri": "s3://sagemaker-bucket", "OnCreate": "on_create.sh"},
                "ExecutionRole": "arn:aws:iam::111122223333:role/hp",
                "ThreadsPerCore": 1,
                "OnStartDeepHealthChecks": ["InstanceStress", "InstanceConnectivity"],
            }
        ],
        "VpcConfig": {"SecurityGroupIds": ["sg-0123456789abcdef0"], "Subnets": ["subnet-0123456789abcdef0"]},
        "Orchestrator": {"Eks": {"ClusterArn": "arn:aws:eks:us-east-1:111122223333:cluster/hp"}},
        "NodeRecovery": "Automatic",
    }


@pytest.mark.parametrize(
    ("example", "orchestrator"),
    [("eks.yaml", Orchestrator.EKS), ("slurm.yaml", Orchestrator.SLURM), ("blog.json", Orchestrator.EKS)],
)
def test_every_example_loads(repository: Path, example: str, orchestrator: Orchestrator) -> None:
    loaded = load_cluster(repository / "src" / "hpctl" / "examples" / example, env=ENV)
    assert loaded.spec.kind_of_orchestrator is orchestrator


def test_a_place_is_known_for_every_value() -> None:
    source = load(HEAD + GROUP).source
    assert source.where("instance_groups[0].count") == "cluster.yaml:7:12"
    assert source.where("instance_groups[0].storage[1].ebs") == "cluster.yaml:5:5"
    assert source.where("network") == "cluster.yaml:1:1"
    assert source.at(("instance_groups", 0, "type")).path == "instance_groups[0].type"


def test_a_createcluster_request_may_be_yaml() -> None:
    spec = load("ClusterName: hp\nTags: [{Key: team, Value: 007}]\n").spec
    assert (spec.name, spec.tags) == ("hp", {"team": "007"})


def test_a_bare_list_of_groups_needs_a_name_and_takes_it() -> None:
    text = '[{"InstanceGroupName": "a", "InstanceType": "ml.p5.48xlarge", "InstanceCount": 1, "ExecutionRole": "$EXECUTION_ROLE"}]'  # noqa: E501 - one line, as in a file
    assert load(text, name="hp").spec.instance_groups[0].count == 1
    assert lines(refusal(text)) == [
        "1:1 : a bare list of instance groups has no cluster name; give one with `--name NAME`"
    ]


def test_a_name_from_outside_replaces_that_of_the_file_and_says_so() -> None:
    loaded = load(HEAD, name="other")
    assert loaded.spec.name == "other"
    assert loaded.notices == ("`--name other` replaces the name in the file (line 3)",)
    assert load(HEAD, name="hp").notices == ()


def test_a_wrong_name_from_outside_is_called_by_its_flag() -> None:
    assert lines(refusal(HEAD, name="a_b")) == [
        "1:1 --name: `a_b` is not made of letters, digits and hyphens between them"
    ]


def test_a_file_that_is_neither_says_what_was_expected() -> None:
    expected = "neither an hpctl spec (`api_version: hpctl/v1`) nor a CreateCluster request (`ClusterName`)"
    for text in ("hello", "{a: 1}", "3"):
        assert [problem.message for problem in refusal(text).problems] == [expected]


def test_a_spec_says_its_version_and_kind() -> None:
    assert lines(refusal("name: hp\n")) == [
        "1:1 api_version: `api_version` is missing; write `api_version: hpctl/v1` -> api_version: hpctl/v1",
        "1:1 kind: `kind` is missing; write `kind: Cluster` -> kind: Cluster",
    ]
    assert lines(refusal("apiVersion: hpctl/v1\nkind: Clutser\nname: hp\n")) == [
        "1:1 apiVersion: the key `apiVersion` is unknown here -> api_version",
        "2:7 kind: `Clutser` is not `Cluster`, the only choice -> Cluster",
    ]


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    text = dedent("""\
        api_version: hpctl/v1
        kind: Cluster
        name: a_cluster
        acount: 111122223333
        orchestrator: {eks: {cluster: hp, cluster_arn: hp}}
        network: {subnet_ids: []}
        instance_groups:
          - name: workers
            InstanceCount: 3
            type: ml.p5.48xlrge
            role: admin
            threads_per_core: 3
            slurm: {node_type: Worker}
            capacity: spots
            storage:
              - ebs: {root_volume: true, volume_size_in_gb: 3}
              - ebs: {root_volume: yes}
              - {}
            lifecycle: on_create.sh
            deep_health_checks: InstanceStress
            kubernetes: {labels: {"a b": c}}
        """)
    error = refusal(text)
    assert error.exit_code is ExitCode.USAGE
    assert error.message == "`cluster.yaml` is not a valid cluster spec: 20 problems"
    assert error.hint == "`hpctl cluster schema` describes every key"
    assert {problem.file for problem in error.problems} == {"cluster.yaml"}
    role = "an EKS cluster, such as `arn:aws:eks:us-east-1:111122223333:cluster/NAME`"
    group = "instance_groups[0]"
    assert lines(error) == [
        "3:7 name: `a_cluster` is not made of letters, digits and hyphens between them",
        "4:1 acount: the key `acount` is unknown here -> account",
        "5:48 orchestrator.eks.cluster_arn: exactly one of `cluster` and `cluster_arn` is needed, and 2 are given",
        f"5:48 orchestrator.eks.cluster_arn: `hp` is not the ARN of {role}",
        "6:10 network.security_group_ids: `security_group_ids` is missing",
        "6:23 network.subnet_ids: it has 0 entries, fewer than 1",
        f"9:5 {group}.InstanceCount: the key `InstanceCount` is unknown here -> count",
        f"10:11 {group}.type: `ml.p5.48xlrge` is none of the 209 values of `ClusterInstanceType` -> ml.p5.48xlarge",
        f"11:5 {group}.role: the key `role` is unknown here -> execution_role",
        f"12:23 {group}.threads_per_core: `3` is above the maximum of 2 -> 2",
        f"13:24 {group}.slurm.node_type: `Worker` is not one of `Controller`, `Login`, `Compute` -> Compute",
        f"14:15 {group}.capacity: `spots` is not one of `on_demand`, `spot` -> spot",
        f"16:14 {group}.storage[0].ebs.volume_kms_key_id: a root volume (`root_volume`) needs `volume_kms_key_id`",
        f"16:53 {group}.storage[0].ebs.volume_size_in_gb: a root volume (`root_volume`) takes no `volume_size_in_gb`",
        (
            f"17:14 {group}.storage[1].ebs.volume_size_in_gb: "
            "`volume_size_in_gb` is missing; only a root volume (`root_volume`) goes without"
        ),
        f"17:28 {group}.storage[1].ebs.root_volume: `yes` is not `true` or `false` -> true",
        f"18:9 {group}.storage[2]: exactly one of `ebs`, `fsx_lustre` and `fsx_open_zfs` is needed, and none is given",
        f"19:16 {group}.lifecycle: `on_create.sh` is not a mapping of keys to values",
        f"20:25 {group}.deep_health_checks: `InstanceStress` is not a list -> [InstanceStress]",
        f"21:27 {group}.kubernetes.labels.a b: `a b` is not a Kubernetes label's key, such as `example.com/team`",
    ]


def test_problems_of_a_request_speak_its_notation() -> None:
    text = dedent("""\
        {
          "ClusterName": "hp",
          "Orchestrator": {"Eks": {}},
          "InstanceGroups": [
            {"InstanceGroupName": "a", "count": 1, "InstanceType": "p5.48xlarge",
             "InstanceStorageConfigs": [{"EbsVolumeConfig": {"RootVolume": true}}]},
            {"InstanceGroupName": "b", "InstanceCount": 7000, "ExecutionRole": "${EXECUTION_ROLE}"}
          ],
          "Tags": {"a": "b"}
        }
        """)
    groups = "InstanceGroups"
    assert lines(refusal(text)) == [
        "3:27 Orchestrator.Eks: `ClusterArn` is missing",
        f"5:5 {groups}[0].ExecutionRole: `ExecutionRole` is missing",
        f"5:32 {groups}[0].count: the key `count` is unknown here -> InstanceCount",
        (
            f"5:60 {groups}[0].InstanceType: "
            "`p5.48xlarge` is none of the 209 values of `ClusterInstanceType` -> ml.p5.48xlarge"
        ),
        (
            f"6:53 {groups}[0].InstanceStorageConfigs[0].EbsVolumeConfig.VolumeKmsKeyId: "
            "a root volume (`RootVolume`) needs `VolumeKmsKeyId`"
        ),
        f"7:5 {groups}[1]: exactly one of `InstanceType` and `InstanceRequirements` is needed, and none is given",
        f"7:49 {groups}[1].InstanceCount: `7000` is above the maximum of 6758 -> 6758",
        "9:11 Tags: `Tags` is a list of pairs, each a `Key` and a `Value`",
    ]


@pytest.mark.scorecard(34)
def test_a_key_of_the_other_notation_is_known_whole() -> None:
    assert refusal(HEAD + "VpcConfig: {}\n").problems[0].nearest == "network"
    assert refusal(HEAD + "subnets: {}\n").problems[0].nearest is None
    assert refusal('{"ClusterName": "hp", "node_recovery": "None"}').problems[0].nearest == "NodeRecovery"


def test_keys_that_are_comments_are_left_out_with_a_notice() -> None:
    loaded = load('{"_comment": "mine", "ClusterName": "hp", "Orchestrator": {"//": 1, "Slurm": {}}}')
    assert loaded.notices == (
        "`_comment` (line 1) is a comment; left out",
        "`Orchestrator.//` (line 1) is a comment; left out",
    )


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ('[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]', "the tag `a` comes twice"),
        ('[{"Key": "a"}]', "a tag has a `Key` and a `Value`, and nothing else"),
        ('[{"Key": "a", "Value": "1", "Note": "x"}]', "a tag has a `Key` and a `Value`, and nothing else"),
        ('["a"]', "a tag has a `Key` and a `Value`, and nothing else"),
    ],
)
def test_tags_are_pairs(tags: str, message: str) -> None:
    assert [problem.message for problem in refusal(f'{{"ClusterName": "hp", "Tags": {tags}}}').problems] == [message]


@pytest.mark.parametrize(
    "marker", ["{}", '{"Spot": {}, "OnDemand": {}}', '{"Spot": {"x": 1}}', '"spot"', '{"Cheap": {}}']
)
def test_capacity_has_exactly_one_marker(marker: str) -> None:
    text = f"ClusterName: hp\nInstanceGroups: [{{CapacityRequirements: {marker}}}]"
    found = [problem for problem in refusal(text).problems if problem.path.endswith("CapacityRequirements")]
    assert [problem.message for problem in found] == ["exactly one of `OnDemand: {}` and `Spot: {}` is needed"]


def test_resilience_config_and_its_successor_do_not_stand_together() -> None:
    text = '{"ClusterName": "hp", "NodeRecovery": "None", "ResilienceConfig": {"NodeRecovery": "Automatic"}}'
    assert lines(refusal(text)) == [
        "1:68 ResilienceConfig.NodeRecovery: `NodeRecovery` stands beside it already; keep only that one"
    ]


def test_texts_stay_as_written_and_numbers_are_numbers() -> None:
    spec = load(HEAD + "account: 012345678901\ntags: {a: no, b: 1e3, c: 0x10, d: true}\n" + GROUP).spec
    assert spec.account == "012345678901"
    assert spec.tags == {"a": "no", "b": "1e3", "c": "0x10", "d": "true"}
    assert spec.instance_groups[0].count == 2


@pytest.mark.parametrize("count", ["1e3", "2.0", '"2"', "true", "0x10", "two", "9" * 5000])
def test_a_count_is_a_whole_number_and_nothing_like_it(count: str) -> None:
    (problem,) = refusal(HEAD + GROUP.replace("count: 2", f"count: {count}")).problems
    assert problem.message.endswith("is not a whole number")
    assert len(problem.message) < 120


def test_nothing_where_something_is_needed_is_told_so() -> None:
    assert lines(refusal(HEAD + GROUP.replace("count: 2", "count:"))) == [
        "7:5 instance_groups[0].count: a whole number is needed here"
    ]


def test_slurm_may_stand_alone() -> None:
    spec = load(HEAD + "orchestrator:\n  slurm:\n").spec
    assert to_create_cluster(spec, account=None, region=None) == {"ClusterName": "hp", "Orchestrator": {"Slurm": {}}}


def test_what_a_variable_holds_is_never_shown() -> None:
    text = HEAD + GROUP.replace("ml.p5.48xlarge", "$SECRET").replace("count: 2", "count: ${SECRET}")
    with pytest.raises(SpecError) as caught:
        load_cluster(TextSource("cluster.yaml", text), env={**ENV, "SECRET": "hunter2"})
    assert [problem.message for problem in caught.value.problems] == [
        "what `$SECRET` stands for is none of the 209 values of `ClusterInstanceType`",
        "what `${SECRET}` stands for is not a whole number",
    ]
    assert caught.value.__cause__ is None
    assert "hunter2" not in repr((caught.value.args, caught.value.problems))


def test_a_variable_without_a_value_is_one_problem_not_two() -> None:
    assert lines(refusal(HEAD + GROUP.replace("EXECUTION_ROLE", "ROLE"))) == [
        (
            "8:21 instance_groups[0].execution_role: the variable `ROLE` has no value; "
            "set it in the environment or with `--set ROLE=…`"
        )
    ]


def test_set_wins_over_the_environment_and_is_told_when_unused() -> None:
    loaded = load(HEAD + GROUP.replace("workers", "$SUBNET_ID"), SUBNET_ID="mine", TYPO="x")
    assert loaded.spec.instance_groups[0].name == "mine"
    assert loaded.notices == ("`--set TYPO=…` is not used in the file",)


def test_a_key_that_comes_twice_is_reported_with_everything_else() -> None:
    assert lines(refusal(HEAD + "name: other\nkindd: x\n")) == [
        "4:1 name: the key `name` comes twice; first in line 3",
        "5:1 kindd: the key `kindd` is unknown here -> kind",
    ]
