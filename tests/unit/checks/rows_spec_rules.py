"""What the checks of `spec_rules` say of good and bad wishes."""

from __future__ import annotations

from hpctl.report.check import Finding
from tests.unit.builders import (
    ON_SLURM,
    REGION,
    a_finding,
    a_group,
    a_groupless_spec,
    a_network,
    a_plain_group,
    a_restricted_group,
    a_slurm_spec,
    a_spec,
)
from tests.unit.checks.row import fails, notes, passes, warns

_TAINT = {"key": "team", "value": "nlp", "effect": "NoSchedule"}
_CHECKED = ("InstanceStress",)
_DATABASE = {
    "endpoint": f"db.cluster-abc.{REGION}.rds.amazonaws.com",
    "secret_arn": f"arn:aws:secretsmanager:{REGION}:123456789012:secret:slurm-db-AbCdEf",
}
_SPOT = a_group("spots", capacity="spot")
_SEVERAL = a_group("mixed", instance_requirements={"instance_types": ("ml.c5.2xlarge", "ml.c5.4xlarge")})
_MIXED_SMT = a_group(
    "mixed", threads_per_core=2, instance_requirements={"instance_types": ("ml.g6.2xlarge", "ml.g7.2xlarge")}
)


def _continuous(feature: str, *path: str | int) -> Finding:
    return a_finding(
        "fail",
        "cluster/ml-cluster",
        f"{feature} needs continuous provisioning",
        remedy="node_provisioning: Continuous",
        path=path,
    )


def _twin(*path: str | int) -> Finding:
    return a_finding(
        "fail",
        "instance group/twin",
        "2 instance groups are named `twin`",
        remedy="give each group a name of its own",
        path=(*path, "name"),
    )


UNIQUE = (
    passes("spec-groups-unique", "different names", a_spec(a_group("a"), a_group("b"))),
    fails(
        "spec-groups-unique",
        "two groups of one name",
        a_spec(a_group("twin"), a_group("other"), a_group("twin")),
        _twin("instance_groups", 0),
        _twin("instance_groups", 2),
    ),
    fails(
        "spec-groups-unique",
        "a restricted group of the same name",
        a_spec(a_group("twin"), restricted_instance_groups=(a_restricted_group("twin"),)),
        _twin("instance_groups", 0),
        _twin("restricted_instance_groups", 0),
    ),
)

COUNT = (
    passes("spec-groups-count", "twenty groups", a_spec(*(a_group(f"g{number}") for number in range(20)))),
    passes(
        "spec-groups-count",
        "restricted groups only",
        a_groupless_spec(restricted_instance_groups=(a_restricted_group(),)),
    ),
    warns(
        "spec-groups-count",
        "twenty-one groups",
        a_spec(*(a_group(f"g{number}") for number in range(21))),
        a_finding(
            "warn",
            "cluster/ml-cluster",
            "21 instance groups; support may have to raise the limit of 20",
            path=("instance_groups",),
        ),
    ),
    fails(
        "spec-groups-count",
        "no group",
        a_groupless_spec(),
        a_finding("fail", "cluster/ml-cluster", "has no instance group", remedy="add one under `instance_groups`"),
    ),
)

MIN = (
    passes("spec-count-min", "min_count equal to count", a_spec(a_group(count=4, min_count=4))),
    passes("spec-count-min", "no min_count", a_spec()),
    notes(
        "spec-count-min",
        "a group of no nodes",
        a_spec(a_group(count=0)),
        a_finding("note", "instance group/workers", "asks for no nodes yet", path=("instance_groups", 0, "count")),
    ),
    fails(
        "spec-count-min",
        "min_count above count",
        a_spec(a_group("first"), a_group(count=4, min_count=5)),
        a_finding(
            "fail",
            "instance group/workers",
            "min_count 5 is above count 4",
            remedy="min_count: 4",
            path=("instance_groups", 1, "min_count"),
        ),
    ),
)

THREADS = (
    passes("spec-threads-valid", "2 threads of 2", a_spec(a_group(threads_per_core=2))),
    passes("spec-threads-valid", "1 thread of 1", a_spec(a_group(type="ml.c7g.4xlarge", threads_per_core=1))),
    passes("spec-threads-valid", "no word about threads", a_spec(a_group(type="ml.g7.2xlarge", threads_per_core=None))),
    fails(
        "spec-threads-valid",
        "2 threads on Graviton",
        a_spec(a_group(type="ml.c7g.4xlarge", threads_per_core=2)),
        a_finding(
            "fail",
            "instance group/workers",
            "`ml.c7g.4xlarge` has no 2 threads per core",
            "allowed: 1",
            remedy="threads_per_core: 1",
            path=("instance_groups", 0, "threads_per_core"),
        ),
    ),
    fails(
        "spec-threads-valid",
        "2 threads on one type of several",
        a_spec(_MIXED_SMT),
        a_finding(
            "fail",
            "instance group/mixed",
            "`ml.g7.2xlarge` has no 2 threads per core",
            "allowed: 1",
            remedy="threads_per_core: 1",
            path=("instance_groups", 0, "threads_per_core"),
        ),
    ),
    fails(
        "spec-threads-valid",
        "2 threads in a restricted group",
        a_spec(restricted_instance_groups=(a_restricted_group(type="ml.g7.2xlarge"),)),
        a_finding(
            "fail",
            "instance group/nova",
            "`ml.g7.2xlarge` has no 2 threads per core",
            "allowed: 1",
            remedy="threads_per_core: 1",
            path=("restricted_instance_groups", 0, "threads_per_core"),
        ),
    ),
)


def _halved(group: str, seen: str, *path: str | int) -> Finding:
    return a_finding(
        "warn",
        f"instance group/{group}",
        "`ml.p5.48xlarge` will show half of its 192 vCPUs",
        f"seen: threads_per_core {seen}",
        remedy="threads_per_core: 2",
        path=(*path, "threads_per_core"),
    )


HALVED = (
    passes("spec-threads-default", "all threads of a GPU type", a_spec()),
    passes("spec-threads-default", "a type without accelerators", a_spec(a_plain_group())),
    passes(
        "spec-threads-default", "a type of one thread", a_spec(a_group(type="ml.g7.2xlarge", threads_per_core=None))
    ),
    warns(
        "spec-threads-default",
        "no word about threads",
        a_spec(a_group(threads_per_core=None)),
        _halved("workers", "not set (1)", "instance_groups", 0),
    ),
    warns(
        "spec-threads-default",
        "1 thread of 2",
        a_spec(restricted_instance_groups=(a_restricted_group(threads_per_core=1),)),
        _halved("nova", "1", "restricted_instance_groups", 0),
    ),
)

DEEP = (
    passes("spec-deep-checks", "an accelerated type", a_spec(a_group(deep_health_checks=_CHECKED))),
    passes("spec-deep-checks", "taints alone", a_spec(a_group(kubernetes={"taints": (_TAINT,)}))),
    passes("spec-deep-checks", "neither", a_spec(a_plain_group())),
    fails(
        "spec-deep-checks",
        "a type without accelerators",
        a_spec(a_plain_group(deep_health_checks=_CHECKED)),
        a_finding(
            "fail",
            "instance group/system",
            "`ml.c5.2xlarge` has no deep health checks",
            remedy="remove `deep_health_checks` from `system`",
            path=("instance_groups", 0, "deep_health_checks"),
        ),
    ),
    fails(
        "spec-deep-checks",
        "taints beside them",
        a_spec(a_group(deep_health_checks=_CHECKED, kubernetes={"taints": (_TAINT,)})),
        a_finding(
            "fail",
            "instance group/workers",
            "has deep health checks and custom taints, which exclude each other",
            remedy="remove the taints or the deep health checks",
            path=("instance_groups", 0, "deep_health_checks"),
        ),
    ),
)

NETWORK = (
    passes("spec-eks-network", "a network", a_spec()),
    passes("spec-eks-network", "Slurm without a network", a_slurm_spec(network=None)),
    fails(
        "spec-eks-network",
        "EKS and only a group's own network",
        a_spec(a_group(override_network=a_network()), network=None),
        a_finding(
            "fail",
            "cluster/ml-cluster",
            "is orchestrated by EKS and names no subnets and security groups",
            remedy="add `network: {subnet_ids: [...], security_group_ids: [...]}` of the EKS cluster's VPC",
        ),
    ),
)

_EVERY_FEATURE = {"auto_scaling": {"mode": "Enable", "auto_scaler_type": "Karpenter"}}
_ACCOUNTING = {"slurm": {"accounting_database": _DATABASE}}

CONTINUOUS = (
    passes("spec-continuous-required", "no such feature", a_spec(a_group(capacity="on_demand"))),
    passes(
        "spec-continuous-required",
        "all such features and the mode",
        a_spec(_SPOT, _SEVERAL, node_provisioning="Continuous", **_EVERY_FEATURE),
    ),
    passes("spec-continuous-required", "autoscaling switched off", a_spec(auto_scaling={"mode": "Disable"})),
    fails(
        "spec-continuous-required",
        "spot, several types and autoscaling",
        a_spec(_SPOT, _SEVERAL, **_EVERY_FEATURE),
        _continuous("spot capacity of `spots`", "instance_groups", 0, "capacity"),
        _continuous("the list of instance types of `mixed`", "instance_groups", 1, "instance_requirements"),
        _continuous("autoscaling", "auto_scaling"),
    ),
    fails(
        "spec-continuous-required",
        "an accounting database",
        a_slurm_spec(orchestrator=_ACCOUNTING),
        _continuous("the Slurm accounting database", "orchestrator", "slurm", "accounting_database"),
    ),
)

KUBERNETES = (
    passes("spec-kubernetes-config", "labels on EKS", a_spec(a_group(kubernetes={"labels": {"team": "nlp"}}))),
    passes("spec-kubernetes-config", "no labels on Slurm", a_slurm_spec()),
    fails(
        "spec-kubernetes-config",
        "labels on Slurm",
        a_spec(a_group(kubernetes={"labels": {"team": "nlp"}}), orchestrator=ON_SLURM),
        a_finding(
            "fail",
            "instance group/workers",
            "has Kubernetes labels or taints, but no EKS cluster orchestrates it",
            remedy="remove `kubernetes` from `workers`",
            path=("instance_groups", 0, "kubernetes"),
        ),
    ),
)

SCALING = (
    passes("spec-autoscaling", "EKS", a_spec(auto_scaling={"mode": "Enable"})),
    passes("spec-autoscaling", "no scaling on Slurm", a_slurm_spec(auto_scaling={"mode": "Disable"})),
    fails(
        "spec-autoscaling",
        "Slurm",
        a_slurm_spec(auto_scaling={"mode": "Enable"}),
        a_finding(
            "fail",
            "cluster/ml-cluster",
            "scales itself, and no EKS cluster orchestrates it",
            remedy="remove `auto_scaling`",
            path=("auto_scaling",),
        ),
    ),
)

_FOLDER, _NAMED = {"source_s3_uri": "s3://sagemaker-x/lc"}, {"on_create": "on_create.sh"}
_AT_LIFECYCLE = ("instance_groups", 0, "lifecycle")

LIFECYCLE = (
    passes("spec-lifecycle-config", "a script on EKS", a_spec(a_group(lifecycle={**_FOLDER, **_NAMED}))),
    notes(
        "spec-lifecycle-config",
        "a folder alone",
        a_slurm_spec(a_group(lifecycle=_FOLDER)),
        a_finding(
            "note",
            "instance group/workers",
            "names a folder of lifecycle scripts and none that runs",
            path=_AT_LIFECYCLE,
        ),
    ),
    fails(
        "spec-lifecycle-config",
        "a script alone",
        a_slurm_spec(a_group(lifecycle=_NAMED)),
        a_finding(
            "fail",
            "instance group/workers",
            "names the script `on_create.sh` and no folder that it is in",
            remedy="source_s3_uri: s3://sagemaker-...",
            path=_AT_LIFECYCLE,
        ),
    ),
    passes("spec-lifecycle-config", "no script on Slurm", a_spec(a_group(lifecycle=None), orchestrator=ON_SLURM)),
    warns(
        "spec-lifecycle-config",
        "no script on EKS",
        a_spec(a_group("first", lifecycle={**_FOLDER, **_NAMED}), a_group(lifecycle=None)),
        a_finding(
            "warn",
            "instance group/workers",
            "has no lifecycle script, which the service may refuse on EKS",
            remedy="lifecycle: {source_s3_uri: s3://sagemaker-..., on_create: on_create.sh}",
            path=("instance_groups", 1),
        ),
    ),
)

RECOVERY = (
    passes("spec-node-recovery", "Automatic", a_spec(node_recovery="Automatic")),
    passes("spec-node-recovery", "AWS's own default", a_spec(node_recovery=None)),
    warns(
        "spec-node-recovery",
        "None",
        a_spec(node_recovery="None"),
        a_finding(
            "warn",
            "cluster/ml-cluster",
            "faulty nodes will not be rebooted or replaced",
            remedy="node_recovery: Automatic",
            path=("node_recovery",),
        ),
    ),
)

TAGS = (
    fails(
        "spec-tags",
        "a key of AWS's own",
        a_spec(tags={"AWS:mine": "x", "aws-mine": "y"}),
        a_finding(
            "fail",
            "cluster/ml-cluster",
            "tag `AWS:mine` begins with `aws:`, which is AWS's own",
            remedy="remove the tag `AWS:mine`",
            path=("tags", "AWS:mine"),
        ),
    ),
    passes("spec-tags", "48 tags", a_spec(tags={f"t{number}": "x" for number in range(48)})),
    fails(
        "spec-tags",
        "50 tags",
        a_spec(tags={f"t{number}": "x" for number in range(50)}),
        a_finding(
            "fail",
            "cluster/ml-cluster",
            "50 tags leave no room for hpctl's 2",
            remedy="remove 2 tags",
            path=("tags",),
        ),
    ),
)

ROWS = (
    *UNIQUE,
    *COUNT,
    *MIN,
    *THREADS,
    *HALVED,
    *DEEP,
    *NETWORK,
    *CONTINUOUS,
    *SCALING,
    *KUBERNETES,
    *LIFECYCLE,
    *RECOVERY,
    *TAGS,
)
