"""What the checks of capacity say of zones, training plans and Spot."""

from __future__ import annotations

from typing import Any

from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import (
    PLAN_ARN,
    a_finding,
    a_group,
    a_network,
    a_plain_group,
    a_restricted_group,
    a_slurm_spec,
    a_spec,
    a_training_plan,
)
from tests.unit.checks.row import cannot_tell, fails, notes, passes, warns
from tests.unit.fakes import FakeAccount

_PLANNED: dict[str, Any] = {"training_plan_arn": PLAN_ARN}
_GONE = PLAN_ARN.replace("p5-plan", "gone")
_ARN_AT = ("instance_groups", 0, "training_plan_arn")
_SUBNETS = ("network", "subnet_ids")
_BOTH = a_network("subnet-1", "subnet-2")
_CHOICE: dict[str, Any] = {"instance_requirements": {"instance_types": ("ml.p5.48xlarge", "ml.p5e.48xlarge")}}


def _offered(**zones: set[str]) -> FakeAccount:
    account = FakeAccount()
    account.network.offered = {f"ml.{name}.48xlarge": found for name, found in zones.items()}
    return account


def _not_offered(types: str, zone: str, *evidence: str, remedy: str) -> Finding:
    message = f"{types} is not offered in `{zone}`"
    return a_finding("fail", "instance group/workers", message, *evidence, remedy=remedy, path=_SUBNETS)


OFFERED = (
    passes("capacity-type-offered", "its zone", a_spec()),
    passes("capacity-type-offered", "no network", a_slurm_spec(network=None), _offered(p5=set())),
    passes(
        "capacity-type-offered", "one of two types", a_spec(a_group(**_CHOICE)), _offered(p5=set(), p5e={"usw2-az1"})
    ),
    passes(
        "capacity-type-offered",
        "a training plan, which another check judges",
        a_spec(a_group(**_PLANNED)),
        _offered(p5=set()),
    ),
    fails(
        "capacity-type-offered",
        "another zone",
        a_spec(),
        _not_offered(
            "`ml.p5.48xlarge`",
            "usw2-az1",
            "subnet-1: usw2-az1",
            "offered in: usw2-az2, usw2-az4",
            remedy="give `workers` subnets in `usw2-az2` or `usw2-az4` only",
        ),
        account=_offered(p5={"usw2-az4", "usw2-az2"}),
    ),
    fails(
        "capacity-type-offered",
        "one zone of two",
        a_spec(network=_BOTH),
        _not_offered(
            "`ml.p5.48xlarge`",
            "usw2-az2",
            "subnet-2: usw2-az2",
            "offered in: usw2-az1",
            remedy="give `workers` subnets in `usw2-az1` only, for example `subnet-1`",
        ),
        account=_offered(p5={"usw2-az1"}),
    ),
    fails(
        "capacity-type-offered",
        "no zone",
        a_spec(),
        _not_offered(
            "`ml.p5.48xlarge`",
            "usw2-az1",
            "subnet-1: usw2-az1",
            "offered in: no zone of this Region",
            remedy="choose another type for `workers`, or another Region",
        ),
        account=_offered(p5=set()),
    ),
    fails(
        "capacity-type-offered",
        "two types in another zone",
        a_spec(a_group(**_CHOICE)),
        _not_offered(
            "`ml.p5.48xlarge` or `ml.p5e.48xlarge`",
            "usw2-az1",
            "subnet-1: usw2-az1",
            "offered in: usw2-az2",
            remedy="give `workers` subnets in `usw2-az2` only",
        ),
        account=_offered(p5={"usw2-az2"}, p5e=set()),
    ),
    cannot_tell(
        "capacity-type-offered",
        "a subnet that does not exist",
        a_spec(network=a_network("subnet-gone")),
        "could not look: subnets do not exist: `subnet-gone`",
    ),
)


def _plan(**members: Any) -> FakeAccount:
    return FakeAccount().holding(a_training_plan(**members))


def planned(**members: Any) -> ClusterSpec:
    return a_spec(a_group(**{**_PLANNED, **members}))


def _of_plan(message: str, *evidence: str, remedy: str, at: tuple[str | int, ...] = _ARN_AT) -> Finding:
    return a_finding("fail", "instance group/workers", message, *evidence, remedy=remedy, path=at)


def _unusable(status: str) -> Finding:
    return _of_plan(
        f"training plan `p5-plan` is `{status}`",
        f"seen: {status}",
        "needed: Active or Scheduled",
        remedy="name a training plan that is Active or Scheduled",
    )


STATUS = (
    passes("capacity-plan-status", "no plan", a_spec()),
    passes("capacity-plan-status", "an active plan", planned()),
    notes(
        "capacity-plan-status",
        "a plan that begins later",
        planned(),
        a_finding(
            "note",
            "instance group/workers",
            "training plan `p5-plan` begins 2026-02-28 12:00 UTC, and no node comes before",
            path=_ARN_AT,
        ),
        account=_plan(status="Scheduled"),
    ),
    *(
        fails("capacity-plan-status", status, planned(), _unusable(status), account=_plan(status=status))
        for status in ("Pending", "Expired", "Failed")
    ),
    warns(
        "capacity-plan-status",
        "a new status",
        planned(),
        a_finding(
            "warn",
            "instance group/workers",
            "status `Paused` of training plan `p5-plan` is unknown to hpctl",
            path=_ARN_AT,
        ),
        account=_plan(status="Paused"),
    ),
    fails(
        "capacity-plan-status",
        "no such plan",
        planned(training_plan_arn=_GONE),
        _of_plan(f"there is no training plan `{_GONE}`", remedy="aws sagemaker list-training-plans --region us-west-2"),
    ),
    fails(
        "capacity-plan-status",
        "a plan for training jobs",
        planned(),
        _of_plan(
            "training plan `p5-plan` is not for HyperPod clusters",
            "seen: training-job",
            "needed: hyperpod-cluster",
            remedy="name a training plan with target resource hyperpod-cluster",
        ),
        account=_plan(target_resources=("training-job",)),
    ),
)


def _few(available: int, asked: int) -> str:
    return f"training plan `p5-plan` has {available} instances available, and {asked} are asked for"


TYPE = (
    passes("capacity-plan-type", "no plan", a_spec()),
    passes("capacity-plan-type", "its type and as many", planned(count=4)),
    passes("capacity-plan-type", "one of its types", a_spec(a_group(**_CHOICE, **_PLANNED))),
    fails(
        "capacity-plan-type",
        "another type",
        planned(count=9),
        _of_plan(
            "training plan `p5-plan` reserves `ml.p5e.48xlarge`, not `ml.p5.48xlarge`", remedy="type: ml.p5e.48xlarge"
        ),
        account=_plan(instance_type="ml.p5e.48xlarge"),
    ),
    fails(
        "capacity-plan-type",
        "too many",
        planned(count=5),
        _of_plan(_few(4, 5), "available: 4", "asked for: 5", remedy="count: 4", at=("instance_groups", 0, "count")),
    ),
    fails(
        "capacity-plan-type",
        "too many in two groups",
        a_spec(a_group("a", count=4, **_PLANNED), a_group(**_PLANNED)),
        _of_plan(
            _few(4, 6),
            "available: 4",
            "asked for: 6",
            remedy="take `training_plan_arn` from `workers`",
            at=("instance_groups", 1, "count"),
        ),
    ),
    notes(
        "capacity-plan-type",
        "too many before it begins",
        planned(),
        a_finding("note", "instance group/workers", _few(0, 2), path=("instance_groups", 0, "count")),
        account=_plan(status="Scheduled", available_count=0),
    ),
    cannot_tell(
        "capacity-plan-type",
        "a plan that does not say its type",
        planned(),
        "could not look: training plan `p5-plan` does not say its instance type",
        _plan(instance_type=None),
    ),
    cannot_tell(
        "capacity-plan-type",
        "no such plan",
        planned(training_plan_arn=_GONE),
        f"could not look: there is no training plan `{_GONE}`",
    ),
)

ZONE = (
    passes("capacity-plan-az", "no plan", a_spec()),
    passes("capacity-plan-az", "its zone", planned()),
    passes(
        "capacity-plan-az",
        "its zone among others",
        a_spec(a_group(**_PLANNED), network=_BOTH),
        _plan(zone_id="usw2-az2"),
    ),
    passes(
        "capacity-plan-az", "no network", a_slurm_spec(a_group(**_PLANNED), network=None), _plan(zone_id="usw2-az2")
    ),
    fails(
        "capacity-plan-az",
        "another zone",
        planned(),
        _of_plan(
            "training plan `p5-plan` is in `usw2-az2`, where `workers` has no subnet",
            "seen: usw2-az1",
            "needed: usw2-az2",
            remedy="give `workers` subnets in `usw2-az2` only",
            at=_SUBNETS,
        ),
        account=_plan(zone_id="usw2-az2"),
    ),
    fails(
        "capacity-plan-az",
        "the zone of another group's subnet",
        a_spec(a_group(**_PLANNED), a_plain_group(override_network=a_network("subnet-2"))),
        _of_plan(
            "training plan `p5-plan` is in `usw2-az2`, where `workers` has no subnet",
            "seen: usw2-az1",
            "needed: usw2-az2",
            remedy="give `workers` subnets in `usw2-az2` only, for example `subnet-2`",
            at=_SUBNETS,
        ),
        account=_plan(zone_id="usw2-az2"),
    ),
    cannot_tell(
        "capacity-plan-az",
        "a plan that does not say its zone",
        planned(),
        "could not look: training plan `p5-plan` does not say its Availability Zone",
        _plan(zone_id=None),
    ),
    cannot_tell(
        "capacity-plan-az",
        "no such plan",
        planned(training_plan_arn=_GONE),
        f"could not look: there is no training plan `{_GONE}`",
    ),
)


def _no_plan_for(group: str, reason: str) -> Finding:
    return a_finding(
        "fail",
        f"instance group/{group}",
        f"has a training plan, but {reason}",
        remedy=f"remove `training_plan_arn` from `{group}`",
        path=_ARN_AT,
    )


GROUP = (
    passes("capacity-plan-group", "no plan", a_spec(a_plain_group())),
    passes("capacity-plan-group", "a plan of accelerators", planned()),
    passes(
        "capacity-plan-group",
        "a choice of types, one of them without accelerators",
        a_spec(a_group(instance_requirements={"instance_types": ("ml.p5.48xlarge", "ml.c5.2xlarge")}, **_PLANNED)),
    ),
    passes(
        "capacity-plan-group",
        "a restricted group",
        a_spec(restricted_instance_groups=(a_restricted_group(**_PLANNED),)),
    ),
    passes(
        "capacity-plan-group", "Slurm compute nodes", a_slurm_spec(a_group(slurm={"node_type": "Compute"}, **_PLANNED))
    ),
    fails(
        "capacity-plan-group",
        "CPU nodes",
        a_spec(a_plain_group(**_PLANNED)),
        _no_plan_for("system", "`ml.c5.2xlarge` has no accelerators"),
    ),
    *(
        fails(
            "capacity-plan-group",
            f"{role} nodes",
            a_slurm_spec(a_group(slurm={"node_type": role}, **_PLANNED)),
            _no_plan_for("workers", f"its nodes are `{role}` nodes"),
        )
        for role in ("Controller", "Login")
    ),
)

SPOT = (
    passes("capacity-spot", "on demand", a_slurm_spec()),
    passes("capacity-spot", "Spot workers", a_slurm_spec(a_group(slurm={"node_type": "Compute"}, capacity="spot"))),
    passes("capacity-spot", "Spot on EKS", a_spec(a_group(capacity="spot"))),
    fails(
        "capacity-spot",
        "a Spot controller",
        a_slurm_spec(a_plain_group("head", slurm={"node_type": "Controller"}, capacity="spot")),
        a_finding(
            "fail",
            "instance group/head",
            "is the Slurm controller and asks for Spot capacity",
            remedy="capacity: on_demand",
            path=("instance_groups", 0, "capacity"),
        ),
    ),
)

_GB200: dict[str, Any] = {"type": "ml.p6e-gb200.36xlarge", "threads_per_core": None}
_NO_PLAN = a_finding(
    "fail",
    "instance group/workers",
    "`ml.p6e-gb200.36xlarge` is to be had with a training plan only",
    remedy="aws sagemaker search-training-plan-offerings --target-resources hyperpod-cluster "
    "--duration-hours 24 --ultra-server-type ml.u-p6e-gb200x72 --ultra-server-count 1",
    path=("instance_groups", 0),
)


def _parts(count: int, whole: int) -> Finding:
    return a_finding(
        "warn",
        "instance group/workers",
        f"{count} nodes are no whole UltraServers",
        "UltraServers have 9 or 18 nodes",
        remedy=f"count: {whole}",
        path=("instance_groups", 0, "count"),
    )


ULTRASERVER = (
    passes("capacity-ultraserver", "other types", a_spec()),
    *(
        passes("capacity-ultraserver", f"{count} nodes with a plan", planned(**_GB200, count=count))
        for count in (0, 9, 18, 27)
    ),
    fails("capacity-ultraserver", "no plan", a_spec(a_group(**_GB200, count=18)), _NO_PLAN),
    fails("capacity-ultraserver", "no plan and a part of one", a_spec(a_group(**_GB200)), _NO_PLAN, _parts(2, 9)),
    warns("capacity-ultraserver", "one and a part of another", planned(**_GB200, count=10), _parts(10, 18)),
)

ROWS = (*OFFERED, *STATUS, *TYPE, *ZONE, *GROUP, *SPOT, *ULTRASERVER)
