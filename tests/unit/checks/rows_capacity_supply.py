"""What checks say of scarce capacity, and of reservations that HyperPod cannot use."""

from __future__ import annotations

from hpctl.report.check import Finding
from tests.unit.builders import PLAN_ARN, a_finding, a_group, a_plain_group, a_restricted_group, a_spec
from tests.unit.checks.row import notes, passes, warns

_CONTINUOUS = {"node_provisioning": "Continuous"}
_COUNT = ("instance_groups", 0, "count")
_LARGE = a_group(count=4)
_SEARCH = (
    "aws sagemaker search-training-plan-offerings --target-resources hyperpod-cluster --duration-hours 24 "
    "--instance-type ml.p5.48xlarge --instance-count 1"
)


def _reserved(subject: str, *path: str | int) -> Finding:
    message = "`cr-0123456789abcdef0` is a capacity reservation of EC2, which HyperPod cannot use"
    return a_finding("warn", subject, message, remedy=_SEARCH, path=path)


ROWS = (
    passes("capacity-on-demand-risk", "few nodes", a_spec(a_group(count=3))),
    passes("capacity-on-demand-risk", "many nodes that are not scarce", a_spec(a_plain_group(count=100))),
    passes("capacity-on-demand-risk", "a training plan", a_spec(a_group(count=4, training_plan_arn=PLAN_ARN))),
    passes("capacity-on-demand-risk", "Spot", a_spec(a_group(count=4, capacity="spot"))),
    passes(
        "capacity-on-demand-risk",
        "another type that will do",
        a_spec(a_group(count=4, instance_requirements={"instance_types": ("ml.p5.48xlarge", "ml.g6.48xlarge")})),
    ),
    warns(
        "capacity-on-demand-risk",
        "many nodes all at once",
        a_spec(_LARGE),
        a_finding(
            "warn",
            "instance group/workers",
            "4 nodes of a scarce type come from on-demand capacity, all or none",
            "seen: no training_plan_arn, no continuous provisioning",
            remedy="node_provisioning: Continuous",
            path=_COUNT,
        ),
    ),
    notes(
        "capacity-on-demand-risk",
        "many nodes one by one",
        a_spec(a_plain_group(), restricted_instance_groups=(a_restricted_group(count=4),), **_CONTINUOUS),
        a_finding(
            "note",
            "instance group/nova",
            "4 nodes of a scarce type come from on-demand capacity",
            "seen: no training_plan_arn",
            path=("restricted_instance_groups", 0, "count"),
        ),
    ),
    passes("capacity-min-count", "few nodes", a_spec(**_CONTINUOUS)),
    passes("capacity-min-count", "a minimum", a_spec(a_group(count=4, min_count=2), **_CONTINUOUS)),
    passes("capacity-min-count", "all at once anyway", a_spec(_LARGE)),
    notes(
        "capacity-min-count",
        "no minimum",
        a_spec(_LARGE, **_CONTINUOUS),
        a_finding(
            "note",
            "instance group/workers",
            "does not say how many of its 4 nodes are worth having",
            "add: min_count",
            path=("instance_groups", 0),
        ),
    ),
    passes("capacity-ec2-reservation", "other words", a_spec(tags={"note": "cr-east", "scr-0123456789": "x"})),
    warns(
        "capacity-ec2-reservation",
        "ids in a tag and in a label",
        a_spec(
            a_plain_group(),
            a_group(kubernetes={"labels": {"cr-0123456789abcdef0": "x"}}),
            tags={"odcr": "cr-0123456789abcdef0"},
        ),
        _reserved("tags/odcr", "tags", "odcr"),
        _reserved("labels/cr-0123456789abcdef0", "instance_groups", 1, "kubernetes", "labels", "cr-0123456789abcdef0"),
    ),
)
