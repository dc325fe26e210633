"""What the checks of `slurm` say of good and bad wishes."""

from __future__ import annotations

from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import a_finding, a_group, a_plain_group, a_slurm_spec, a_spec
from tests.unit.checks.row import fails, passes, warns

_COMPUTE = a_group("workers", slurm={"node_type": "Compute"})
_CONTROLLER = a_plain_group("controller", count=1, slurm={"node_type": "Controller"})
_LOGIN = a_plain_group("login", count=1, slurm={"node_type": "Login"})
_WITHOUT = a_group("legacy")


def _controllers(number: int, names: str) -> Finding:
    return a_finding(
        "fail",
        "cluster/ml-cluster",
        f"{number} controller groups, exactly one is needed",
        f"controllers: {names}",
        remedy="leave `slurm.node_type: Controller` on one instance group",
        path=("instance_groups",),
    )


def _controller_of(type_: str) -> ClusterSpec:
    return a_slurm_spec(a_plain_group("controller", type=type_, count=1, slurm={"node_type": "Controller"}), _COMPUTE)


def _unfit(message: str) -> Finding:
    path = ("instance_groups", 0, "type")
    return a_finding("warn", "instance group/controller", message, remedy="type: ml.m5.2xlarge", path=path)


TYPES = (
    passes("slurm-controller-type", "eight vCPUs", a_slurm_spec()),
    warns(
        "slurm-controller-type",
        "four vCPUs",
        _controller_of("ml.c5.xlarge"),
        _unfit("`ml.c5.xlarge` has 4 vCPUs, and a controller should have 8"),
    ),
    warns(
        "slurm-controller-type",
        "GPUs",
        _controller_of("ml.g5.4xlarge"),
        _unfit("`ml.g5.4xlarge` has accelerators, which no job uses on a controller"),
    ),
)


def _misplaced(group: str, node_type: str) -> Finding:
    return a_finding(
        "fail",
        f"instance group/{group}",
        f"names a partition, but its node type is `{node_type}`",
        remedy="move `partition_names` to a Compute group",
        path=("instance_groups", 0, "slurm", "partition_names"),
    )


def _reserved(name: str) -> Finding:
    return a_finding(
        "fail",
        "instance group/workers",
        f"`{name}` is a word of Slurm's own, not a partition",
        remedy="choose another name",
        path=("instance_groups", 0, "slurm", "partition_names"),
    )


def _with_strategy(name: str, **members: str) -> ClusterSpec:
    return a_slurm_spec(orchestrator={"slurm": {"slurm_config_strategy": name}}, **members)


ROWS = (
    *TYPES,
    passes("slurm-node-type", "a role in every group", a_slurm_spec()),
    passes("slurm-node-type", "a role in no group (the older model)", a_slurm_spec(_WITHOUT)),
    passes("slurm-node-type", "EKS and no roles", a_spec()),
    fails(
        "slurm-node-type",
        "a role in some groups only",
        a_slurm_spec(_CONTROLLER, _WITHOUT),
        a_finding(
            "fail",
            "instance group/legacy",
            "has no Slurm node type, while other groups have one",
            remedy="add `slurm: {node_type: Compute}` (or Controller, or Login)",
            path=("instance_groups", 1),
        ),
    ),
    fails(
        "slurm-node-type",
        "a role on EKS",
        a_spec(_WITHOUT, _COMPUTE),
        a_finding(
            "fail",
            "instance group/workers",
            "has a Slurm role, but the cluster is orchestrated by EKS",
            remedy="remove `slurm` from `workers`",
            path=("instance_groups", 1, "slurm"),
        ),
    ),
    passes("slurm-controller-single", "one controller", a_slurm_spec()),
    passes("slurm-controller-single", "the older model", a_slurm_spec(_WITHOUT)),
    fails("slurm-controller-single", "none", a_slurm_spec(_COMPUTE), _controllers(0, "none")),
    fails(
        "slurm-controller-single",
        "two",
        a_slurm_spec(_CONTROLLER, a_plain_group("spare", count=1, slurm={"node_type": "Controller"})),
        _controllers(2, "controller, spare"),
    ),
    passes("slurm-controller-count", "one node", a_slurm_spec()),
    fails(
        "slurm-controller-count",
        "two nodes",
        a_slurm_spec(_COMPUTE, a_plain_group("controller", count=2, slurm={"node_type": "Controller"})),
        a_finding(
            "fail",
            "instance group/controller",
            "the controller group asks for 2 nodes, it must be 1",
            remedy="count: 1",
            path=("instance_groups", 1, "count"),
        ),
    ),
    passes("slurm-partition-compute", "a partition of compute nodes", a_slurm_spec()),
    passes("slurm-partition-compute", "no partitions", a_slurm_spec(_CONTROLLER, _LOGIN, _COMPUTE)),
    *(
        fails(
            "slurm-partition-compute",
            f"a partition of {node_type}",
            a_slurm_spec(a_plain_group("odd", slurm={"node_type": node_type, "partition_names": ("train",)})),
            _misplaced("odd", node_type),
        )
        for node_type in ("Controller", "Login")
    ),
    *(
        fails(
            "slurm-partition-compute",
            f"the name {name}",
            a_slurm_spec(a_group(slurm={"node_type": "Compute", "partition_names": (name,)})),
            _reserved(name),
        )
        for name in ("ALL", "default")
    ),
    passes("slurm-strategy", "Merge", _with_strategy("Merge", node_provisioning="Continuous")),
    passes("slurm-strategy", "AWS's own default", a_slurm_spec(node_provisioning="Continuous")),
    passes(
        "slurm-strategy",
        "Overwrite without continuous provisioning",
        _with_strategy("Overwrite"),
    ),
    *(
        fails(
            "slurm-strategy",
            f"{name} with continuous provisioning",
            _with_strategy(name, node_provisioning="Continuous"),
            a_finding(
                "fail",
                "cluster/ml-cluster",
                f"strategy `{name}` does not go with continuous provisioning",
                remedy="slurm_config_strategy: Merge",
                path=("orchestrator", "slurm", "slurm_config_strategy"),
            ),
        )
        for name in ("Overwrite", "Managed")
    ),
    passes("slurm-login-schedulable", "no login group", a_slurm_spec()),
    warns(
        "slurm-login-schedulable",
        "a login group",
        a_slurm_spec(_CONTROLLER, _LOGIN, _COMPUTE),
        a_finding(
            "warn",
            "instance group/login",
            "login nodes are in Slurm's default partition and take jobs",
            remedy="once the cluster is up: scontrol update NodeName=<login node> State=DRAIN Reason=login-only",
            path=("instance_groups", 1, "slurm"),
        ),
    ),
)
