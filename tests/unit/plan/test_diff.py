"""Differences between a wish and a live cluster: paths of the spec, policies, and what is no difference."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hpctl.plan.diff import differences, guarded, tag_differences
from hpctl.report.plan import Change
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.create_cluster import to_create_cluster
from tests.unit.builders import (
    ACCOUNT,
    REGION,
    ROLE,
    a_group,
    a_network,
    a_plain_group,
    a_restricted_group,
    a_slurm_spec,
    a_spec,
)

Request = dict[str, Any]


def request(spec: ClusterSpec) -> Request:
    return to_create_cluster(spec, account=ACCOUNT, region=REGION)


def living(spec: ClusterSpec, **members: Any) -> Request:
    """A cluster that was made by `spec`, with what AWS fills in; `members` are its first group's."""
    live = copy.deepcopy(request(spec))
    for group in live["InstanceGroups"]:
        group.setdefault("ThreadsPerCore", 1)
        group |= {"MinInstanceCount": 0, "ImageId": "ami-0123456789abcdef0", "CapacityRequirements": {"OnDemand": {}}}
    live["InstanceGroups"][0] |= members
    return live


def between(wish: ClusterSpec, live: Request) -> list[Change]:
    return list(differences(request(wish), live))


def told(changes: list[Change]) -> list[tuple[str, str, Any, Any, str]]:
    return [(one.path, one.kind, one.before, one.after, one.policy) for one in changes]


EBS = {"ebs": {"volume_size_in_gb": 500}}
LUSTRE = {"fsx_lustre": {"dns_name": "fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com", "mount_name": "abc"}}

IN_PLACE: list[tuple[str, ClusterSpec, ClusterSpec, list[tuple[str, str, Any, Any]]]] = [
    ("count", a_spec(a_group(count=2)), a_spec(a_group(count=4)), [("instance_groups[workers].count", "change", 2, 4)]),
    (
        "a group is found by its name",
        a_spec(a_group("a"), a_plain_group("b")),
        a_spec(a_plain_group("b", count=3), a_group("a")),
        [("instance_groups[b].count", "change", 2, 3)],
    ),
    ("node recovery", a_spec(), a_spec(node_recovery="None"), [("node_recovery", "change", "Automatic", "None")]),
    (
        "threads",
        a_spec(a_group(threads_per_core=1)),
        a_spec(a_group(threads_per_core=2)),
        [("instance_groups[workers].threads_per_core", "change", 1, 2)],
    ),
    (
        "execution role",
        a_spec(),
        a_spec(a_group(execution_role=f"{ROLE}-2")),
        [("instance_groups[workers].execution_role", "change", ROLE, f"{ROLE}-2")],
    ),
    (
        "a label comes, one changes, one goes",
        a_spec(a_group(kubernetes={"labels": {"a": "1", "example.com/b": "2"}})),
        a_spec(a_group(kubernetes={"labels": {"example.com/b": "3", "c": "4"}})),
        [
            ("instance_groups[workers].kubernetes.labels[a]", "remove", "1", None),
            ("instance_groups[workers].kubernetes.labels[example.com/b]", "change", "2", "3"),
            ("instance_groups[workers].kubernetes.labels[c]", "add", None, "4"),
        ],
    ),
    (
        "the first labels",
        a_spec(),
        a_spec(a_group(kubernetes={"labels": {"a": "1"}})),
        [("instance_groups[workers].kubernetes", "add", None, {"labels": {"a": "1"}})],
    ),
    (
        "a mount more",
        a_spec(a_group(storage=(EBS,))),
        a_spec(a_group(storage=(EBS, LUSTRE))),
        [("instance_groups[workers].storage", "change", [EBS], [EBS, LUSTRE])],
    ),
    (
        "a larger volume",
        a_spec(a_group(storage=(LUSTRE, EBS))),
        a_spec(a_group(storage=({"ebs": {"volume_size_in_gb": 800}}, LUSTRE))),
        [("instance_groups[workers].storage[0].ebs.volume_size_in_gb", "change", 500, 800)],
    ),
    (
        "another script",
        a_spec(),
        a_spec(a_group(lifecycle={"source_s3_uri": "s3://sagemaker-x/lc2"})),
        [("instance_groups[workers].lifecycle.source_s3_uri", "change", "s3://sagemaker-x/lc", "s3://sagemaker-x/lc2")],
    ),
    (
        "no script any more",
        a_spec(),
        a_spec(a_group(lifecycle=None)),
        [("instance_groups[workers].lifecycle", "remove", {"source_s3_uri": "s3://sagemaker-x/lc"}, None)],
    ),
    (
        "a minimum is dropped",
        a_spec(a_group(min_count=2)),
        a_spec(a_group()),
        [("instance_groups[workers].min_count", "remove", 2, None)],
    ),
    (
        "deep health checks",
        a_spec(a_group(deep_health_checks=("InstanceStress",))),
        a_spec(a_group(deep_health_checks=("InstanceStress", "InstanceConnectivity"))),
        [
            (
                "instance_groups[workers].deep_health_checks",
                "change",
                ["InstanceStress"],
                ["InstanceStress", "InstanceConnectivity"],
            )
        ],
    ),
    (
        "a partition",
        a_slurm_spec(),
        a_slurm_spec(
            a_plain_group("controller", count=1, slurm={"node_type": "Controller"}),
            a_group("workers", slurm={"node_type": "Compute", "partition_names": ("debug",)}),
        ),
        [("instance_groups[workers].slurm.partition_names", "change", ["train"], ["debug"])],
    ),
    (
        "Slurm's own settings",
        a_slurm_spec(orchestrator={"slurm": {"slurm_config_strategy": "Merge"}}),
        a_slurm_spec(orchestrator={"slurm": {"slurm_config_strategy": "Overwrite"}}),
        [("orchestrator.slurm.slurm_config_strategy", "change", "Merge", "Overwrite")],
    ),
    (
        "tiered storage is switched off",
        a_spec(tiered_storage={"mode": "Enable", "instance_memory_allocation_percentage": 30}),
        a_spec(tiered_storage={"mode": "Disable"}),
        [("tiered_storage.mode", "change", "Enable", "Disable")],
    ),
    (
        "a restricted group",
        a_spec(restricted_instance_groups=(a_restricted_group(count=1),)),
        a_spec(restricted_instance_groups=(a_restricted_group(count=2),)),
        [("restricted_instance_groups[nova].count", "change", 1, 2)],
    ),
]


@pytest.mark.parametrize(("live", "wish", "expected"), [row[1:] for row in IN_PLACE], ids=[row[0] for row in IN_PLACE])
def test_a_change_in_place_has_its_path_in_the_spec(
    live: ClusterSpec, wish: ClusterSpec, expected: list[tuple[str, str, Any, Any]]
) -> None:
    changes = between(wish, request(live))
    assert told(changes) == [(*row, "in place") for row in expected]
    assert not any(change.refused for change in changes)


ANOTHER_CLUSTER = "make another cluster with it under another name"
ANOTHER_GROUP = "add a group of another name with it, move the work there, drop this one (`--delete-group`)"
OTHER_NETWORK = a_network("subnet-2", groups=("sg-other",))
FIXED: list[tuple[str, ClusterSpec, ClusterSpec, list[str], str, str]] = [
    (
        "network",
        a_spec(),
        a_spec(network=a_network("subnet-2")),
        ["network.subnet_ids"],
        "never",
        f"UpdateCluster takes no network; give new groups `override_network`, or {ANOTHER_CLUSTER}",
    ),
    (
        "provisioning",
        a_spec(),
        a_spec(node_provisioning="Continuous"),
        ["node_provisioning"],
        "never",
        f"how nodes are provisioned is settled when a cluster is made; {ANOTHER_CLUSTER}",
    ),
    (
        "EKS cluster",
        a_spec(),
        a_spec(orchestrator={"eks": {"cluster": "other"}}),
        ["orchestrator.eks.cluster_arn"],
        "never",
        f"who schedules is settled when a cluster is made; {ANOTHER_CLUSTER}",
    ),
    (
        "orchestrator",
        a_spec(),
        a_spec(orchestrator={"slurm": {}}),
        ["orchestrator.eks", "orchestrator.slurm"],
        "never",
        f"who schedules is settled when a cluster is made; {ANOTHER_CLUSTER}",
    ),
    (
        "no orchestrator",
        a_spec(),
        a_spec(orchestrator=None),
        ["orchestrator.eks"],
        "never",
        f"who schedules is settled when a cluster is made; {ANOTHER_CLUSTER}",
    ),
    (
        "Slurm with settings where it had a file",
        a_slurm_spec(orchestrator=None),
        a_slurm_spec(orchestrator={"slurm": {"slurm_config_strategy": "Merge"}}),
        ["orchestrator.slurm"],
        "never",
        f"who schedules is settled when a cluster is made; {ANOTHER_CLUSTER}",
    ),
    (
        "instance type",
        a_spec(),
        a_spec(a_group(type="ml.p4d.24xlarge")),
        ["instance_groups[workers].type"],
        "replaces the group",
        f"a group keeps its instance type; {ANOTHER_GROUP}",
    ),
    (
        "order of types",
        a_spec(a_group(instance_requirements={"instance_types": ("ml.g5.8xlarge", "ml.g5.4xlarge")})),
        a_spec(a_group(instance_requirements={"instance_types": ("ml.g5.4xlarge", "ml.g5.8xlarge")})),
        ["instance_groups[workers].instance_requirements.instance_types"],
        "replaces the group",
        f"a group keeps its instance types; {ANOTHER_GROUP}",
    ),
    (
        "capacity",
        a_spec(a_group(capacity="spot")),
        a_spec(a_group(capacity="on_demand")),
        ["instance_groups[workers].capacity"],
        "replaces the group",
        f"a group keeps its kind of capacity; {ANOTHER_GROUP}",
    ),
    (
        "capacity unsaid",
        a_spec(a_group(capacity="spot")),
        a_spec(a_group()),
        ["instance_groups[workers].capacity"],
        "replaces the group",
        f"a group keeps its kind of capacity; {ANOTHER_GROUP}",
    ),
    (
        "override network",
        a_spec(a_group(override_network=OTHER_NETWORK)),
        a_spec(a_group()),
        ["instance_groups[workers].override_network"],
        "replaces the group",
        f"a group stays in its network; {ANOTHER_GROUP}",
    ),
    (
        "the outermost policy holds",
        a_spec(a_group(override_network=OTHER_NETWORK)),
        a_spec(a_group(override_network=a_network("subnet-2", groups=("sg-nodes",)))),
        ["instance_groups[workers].override_network.security_group_ids"],
        "replaces the group",
        f"a group stays in its network; {ANOTHER_GROUP}",
    ),
    (
        "what a node is to Slurm",
        a_slurm_spec(),
        a_slurm_spec(
            a_plain_group("controller", count=1, slurm={"node_type": "Login"}),
            a_group("workers", slurm={"node_type": "Compute", "partition_names": ("train",)}),
        ),
        ["instance_groups[controller].slurm.node_type"],
        "replaces the group",
        f"a group keeps what it is to Slurm; {ANOTHER_GROUP}",
    ),
]


@pytest.mark.parametrize(
    ("live", "wish", "paths", "policy", "note"), [row[1:] for row in FIXED], ids=[row[0] for row in FIXED]
)
def test_what_cannot_change_in_place_is_refused_with_the_reason_and_the_way_round(
    live: ClusterSpec, wish: ClusterSpec, paths: list[str], policy: str, note: str
) -> None:
    changes = between(wish, request(live))
    assert [change.path for change in changes] == paths
    assert {(change.policy, change.note, change.refused) for change in changes} == {(policy, note, True)}


def test_capacity_is_told_in_the_spec_s_words() -> None:
    (change,) = between(a_spec(a_group(capacity="on_demand")), request(a_spec(a_group(capacity="spot"))))
    assert (change.before, change.after) == ("spot", "on_demand")


SAME: list[tuple[str, ClusterSpec, Request]] = [
    ("as asked", a_spec(), request(a_spec())),
    ("what AWS fills in", a_spec(a_plain_group()), living(a_spec(a_plain_group()))),
    ("threads that the spec leaves open", a_spec(a_plain_group()), living(a_spec(a_plain_group()), ThreadsPerCore=2)),
    (
        "subnets and security groups in another order",
        a_spec(network=a_network("subnet-1", "subnet-2", groups=("sg-1", "sg-2"))),
        request(a_spec(network=a_network("subnet-2", "subnet-1", groups=("sg-2", "sg-1")))),
    ),
    (
        "mounts and taints in another order",
        a_spec(
            a_group(
                storage=(EBS, LUSTRE),
                kubernetes={"taints": (_a := {"key": "a", "effect": "NoSchedule"}, {**_a, "key": "b"})},
            )
        ),
        request(a_spec(a_group(storage=(LUSTRE, EBS), kubernetes={"taints": ({**_a, "key": "b"}, _a)}))),
    ),
    ("the default image", a_spec(a_group(image_id="default")), living(a_spec(), ImageId="ami-00112233")),
    (
        "settings of the cluster that the spec leaves open",
        a_spec(node_recovery=None),
        {**request(a_spec()), "NodeProvisioningMode": "Continuous", "TieredStorageConfig": {"Mode": "Enable"}},
    ),
    ("Slurm, said by nobody", a_slurm_spec(orchestrator=None), request(a_slurm_spec())),
    ("labels, none", a_spec(), living(a_spec(), KubernetesConfig={"Labels": {}, "Taints": []})),
    (
        "a mount path, chosen by AWS",
        a_spec(a_group(storage=(LUSTRE,))),
        request(a_spec(a_group(storage=({"fsx_lustre": {**LUSTRE["fsx_lustre"], "mount_path": "/fsx"}},)))),
    ),
]


@pytest.mark.parametrize(("wish", "live"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_is_no_difference(wish: ClusterSpec, live: Request) -> None:
    assert between(wish, live) == []


NOTES = [
    (
        a_spec(a_group(count=1)),
        a_spec(a_group(count=2)),
        "AWS chooses which 1 node to end; what is on their volumes goes",
    ),
    (
        a_spec(a_group(count=0)),
        a_spec(a_group(count=2)),
        "AWS chooses which 2 nodes to end; what is on their volumes goes",
    ),
    (a_spec(a_group(count=3)), a_spec(a_group(count=2)), None),
    (a_spec(a_group(storage=(EBS,))), a_spec(), "reaches new nodes only"),
    (a_spec(a_group(lifecycle=None)), a_spec(), "runs on new nodes only"),
]


@pytest.mark.parametrize(("wish", "live", "note"), NOTES)
def test_what_may_surprise_is_noted(wish: ClusterSpec, live: ClusterSpec, note: str | None) -> None:
    (change,) = between(wish, request(live))
    assert (change.note, change.refused) == (note, False)


def test_tags_differ_one_by_one_and_without_hpctl_s_own() -> None:
    wish = {"team": "nlp", "new": "1", "hpctl:run-id": "of another cluster"}
    live = {"team": "vision", "old": "0", "hpctl:run-id": "r", "hpctl:spec-digest": "d", "aws:cloudformation": "s"}
    assert told(list(tag_differences(wish, live))) == [
        ("tags[team]", "change", "vision", "nlp", "in place"),
        ("tags[old]", "remove", "0", None, "in place"),
        ("tags[new]", "add", None, "1", "in place"),
    ]


def group_change(wish: ClusterSpec, live: ClusterSpec, *allowed: str) -> list[Change]:
    changes = differences(request(wish), request(live))
    return list(guarded(changes, request(live), allowed))


TWO = a_spec(a_group(), a_plain_group("system"))


def test_a_group_that_comes_is_told_whole() -> None:
    (change,) = group_change(TWO, a_spec())
    assert (change.path, change.kind, change.refused) == ("instance_groups[system]", "add", False)
    assert change.after == {
        "count": 2,
        "name": "system",
        "type": "ml.c5.2xlarge",
        "lifecycle": {"source_s3_uri": "s3://sagemaker-x/lc"},
        "execution_role": ROLE,
    }


def test_a_group_goes_only_when_it_is_named() -> None:
    (refused,) = group_change(a_spec(), TWO)
    assert (refused.path, refused.kind, refused.refused) == ("instance_groups[system]", "remove", True)
    assert refused.note == "its nodes and their volumes would go; to say so, add `--delete-group system`"
    (allowed,) = group_change(a_spec(), TWO, "system")
    assert (allowed.refused, allowed.note) == (False, "its nodes and their volumes go")


def test_the_group_of_the_slurm_controller_never_goes() -> None:
    workers = a_group("workers", slurm={"node_type": "Compute", "partition_names": ("train",)})
    (change,) = group_change(a_slurm_spec(workers), a_slurm_spec(), "controller")
    assert (change.path, change.policy, change.refused) == ("instance_groups[controller]", "never", True)
    assert change.note == (f"a Slurm cluster cannot lose its controller; {ANOTHER_CLUSTER}")


def test_a_group_does_not_become_a_restricted_one() -> None:
    wish = a_spec(a_plain_group("system"), restricted_instance_groups=(a_restricted_group("workers"),))
    changes = group_change(wish, TWO, "workers")
    removed = next(change for change in changes if change.kind == "remove")
    assert (removed.path, removed.policy, removed.refused) == ("instance_groups[workers]", "replaces the group", True)
