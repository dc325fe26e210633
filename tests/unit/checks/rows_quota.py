"""What the checks of quotas say of what is used, asked for and allowed."""

from __future__ import annotations

from typing import Any

from hpctl.facts.quota_requests import QuotaRequest
from hpctl.facts.records import Cluster, Quota
from hpctl.facts.records import InstanceGroup as LiveGroup
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import InstanceGroup
from tests.unit.builders import (
    NOW,
    a_cluster,
    a_finding,
    a_group,
    a_live_group,
    a_plain_group,
    a_quota,
    a_restricted_group,
    a_slurm_spec,
    a_spec,
)
from tests.unit.checks.row import cannot_tell, fails, notes, passes
from tests.unit.fakes import FakeAccount

P5 = "ml.p5.48xlarge for cluster usage"
P5_SPOT = "ml.p5.48xlarge for cluster spot instance usage"
LARGEST = "Maximum number instances allowed per SageMaker HyperPod cluster"
LARGEST_SPOT = "Maximum number Spot instances allowed per SageMaker HyperPod cluster"
TOTAL = "Total number of instances allowed across SageMaker HyperPod clusters"
TOTAL_SPOT = "Total number of Spot instances allowed across SageMaker HyperPod clusters"
VOLUME = "Maximum size of EBS volume in GB for a SageMaker HyperPod cluster instance"
CODES = {
    P5: "L-8762A75F",
    P5_SPOT: "L-F742E2D7",
    LARGEST: "L-2CE978FC",
    LARGEST_SPOT: "L-41BFBF41",
    TOTAL: "L-3308CCC7",
    TOTAL_SPOT: "L-97A2C724",
    VOLUME: "L-E13DF72A",
}


def other(name: str = "other", *groups: LiveGroup, **members: Any) -> Cluster:
    """Another cluster of the account, with two p5.48xlarge unless groups are given."""
    arn = f"arn:aws:sagemaker:us-west-2:123456789012:cluster/{name}"
    return a_cluster(members.pop("status", "InService"), *groups, name=name, arn=arn, **members)


def account(*clusters: Cluster, quotas: dict[str, float] | None = None) -> FakeAccount:
    """An account with these clusters, and these quotas in place of its own; None leaves its own."""
    made = FakeAccount()
    for cluster in clusters:
        made.clusters.add(cluster)
    for name, value in (quotas or {}).items():
        rows = [row for row in made.quotas.known_quotas if row.name != name]
        made.quotas.known_quotas = [*rows, a_quota(name, CODES.get(name, "L-00000000"), value)]
    return made


def _only(*quotas: Quota) -> FakeAccount:
    return FakeAccount().holding(*quotas)


def _over(
    name: str,
    value: int,
    used: int,
    asked: int,
    *,
    subject: str = "instance group/workers",
    at: tuple[str | int, ...] = ("instance_groups", 0, "count"),
    wanted: int | None = None,
) -> Finding:
    return a_finding(
        "fail",
        subject,
        f"`{name}` allows {value}, and {used + asked} are needed",
        f"quota: {value} ({CODES[name]})",
        f"in use: {used}",
        f"asked for: {asked}",
        remedy="aws service-quotas request-service-quota-increase --service-code sagemaker "
        f"--quota-code {CODES[name]} --desired-value {wanted or used + asked} --region us-west-2",
        path=at,
    )


def _spot(name: str = "workers", **members: Any) -> InstanceGroup:
    return a_group(name, capacity="spot", **members)


_CHOICE: dict[str, Any] = {"instance_requirements": {"instance_types": ("ml.p5.48xlarge", "ml.c5.2xlarge")}}
_R7I: dict[str, Any] = {"type": "ml.r7i.12xlarge", "threads_per_core": None}
_MISNAMED = a_quota("cluster-ml-r7i-12xlarge for cluster usage", "L-EB92BE12", 2)

PER_TYPE = (
    passes("quota-instance-type", "enough", a_spec()),
    passes("quota-instance-type", "exactly enough beside others", a_spec(), account(other(), quotas={P5: 4})),
    passes("quota-instance-type", "no nodes yet", a_spec(a_group(count=0)), account(quotas={P5: 0})),
    passes("quota-instance-type", "Spot nodes, which count elsewhere", a_spec(_spot()), account(quotas={P5: 0})),
    passes(
        "quota-instance-type",
        "Spot nodes of others, which count elsewhere",
        a_spec(),
        account(other("other", a_live_group(capacity_type="Spot")), quotas={P5: 2}),
    ),
    passes("quota-instance-type", "its own cluster there already", a_spec(), account(a_cluster(), quotas={P5: 2})),
    passes(
        "quota-instance-type",
        "nodes that will never come",
        a_spec(),
        account(other("other", a_live_group(current=0, target=9), status="Failed"), quotas={P5: 2}),
    ),
    passes("quota-instance-type", "a quota that AWS misnames", a_spec(a_plain_group(**_R7I)), _only(_MISNAMED)),
    passes(
        "quota-instance-type",
        "a name in another spelling",
        a_spec(),
        _only(a_quota("ML.P5.48XLARGE  for Cluster usage", "L-12345678", 2)),
    ),
    passes(
        "quota-instance-type", "a known code under another name", a_spec(), _only(a_quota("p5, clusters", CODES[P5], 2))
    ),
    passes(
        "quota-instance-type",
        "a choice of types with enough together",
        a_spec(a_group(**_CHOICE)),
        account(quotas={P5: 1, "ml.c5.2xlarge for cluster usage": 1}),
    ),
    fails("quota-instance-type", "a quota of 0", a_spec(), _over(P5, 0, 0, 2), account=account(quotas={P5: 0})),
    fails(
        "quota-instance-type",
        "too few beside others",
        a_spec(),
        _over(P5, 3, 2, 2),
        account=account(other(), quotas={P5: 3}),
    ),
    fails(
        "quota-instance-type",
        "what others still wait for",
        a_spec(),
        _over(P5, 10, 9, 2),
        account=account(other("other", a_live_group(current=2, target=9)), quotas={P5: 10}),
    ),
    fails(
        "quota-instance-type",
        "what others have not given back yet",
        a_spec(),
        _over(P5, 10, 9, 2),
        account=account(other("other", a_live_group(current=9, target=2)), quotas={P5: 10}),
    ),
    fails(
        "quota-instance-type",
        "two groups and a restricted one of a type",
        a_spec(a_group("workers"), a_group("more"), restricted_instance_groups=(a_restricted_group(),)),
        _over(P5, 5, 0, 6),
        account=account(quotas={P5: 5}),
    ),
    fails(
        "quota-instance-type",
        "a choice of types with too few together",
        a_spec(a_group(**_CHOICE), a_plain_group(count=4)),
        a_finding(
            "fail",
            "instance group/workers",
            f"`{P5}` and `ml.c5.2xlarge for cluster usage` allow 5, and 6 are needed",
            "quota: 1 (L-8762A75F)",
            "quota: 4 (L-00000000)",
            "in use: 4",
            "asked for: 2",
            remedy="aws service-quotas request-service-quota-increase --service-code sagemaker "
            "--quota-code L-8762A75F --desired-value 2 --region us-west-2",
            path=("instance_groups", 0, "count"),
        ),
        account=account(quotas={P5: 1, "ml.c5.2xlarge for cluster usage": 4}),
    ),
    fails(
        "quota-instance-type",
        "one too low and one that is not listed",
        a_spec(a_plain_group(**_R7I), a_group()),
        _over(P5, 1, 0, 2, at=("instance_groups", 1, "count")),
        account=account(quotas={P5: 1}),
        reason="could not look: no quota is named `ml.r7i.12xlarge for cluster usage`",
    ),
    cannot_tell(
        "quota-instance-type",
        "a quota that is not listed",
        a_spec(),
        f"could not look: no quota is named `{P5}`",
        _only(a_quota("ml.p5e.48xlarge for cluster usage", "L-FD431820")),
    ),
    cannot_tell(
        "quota-instance-type",
        "the quota of training jobs only",
        a_spec(),
        f"could not look: no quota is named `{P5}`",
        _only(a_quota("ml.p5.48xlarge for training job usage", "L-11111111")),
    ),
)

SPOT = (
    passes("quota-spot-type", "no Spot", a_spec(), account(quotas={P5_SPOT: 0})),
    passes("quota-spot-type", "enough", a_spec(_spot()), account(other(), quotas={P5_SPOT: 2})),
    fails(
        "quota-spot-type",
        "a quota of 0",
        a_spec(_spot()),
        _over(P5_SPOT, 0, 0, 2),
        account=account(quotas={P5_SPOT: 0}),
    ),
    fails(
        "quota-spot-type",
        "too few beside others",
        a_spec(_spot()),
        _over(P5_SPOT, 3, 2, 2),
        account=account(other("other", a_live_group(capacity_type="Spot")), quotas={P5_SPOT: 3}),
    ),
    cannot_tell(
        "quota-spot-type",
        "a quota that is not listed",
        a_spec(_spot()),
        f"could not look: no quota is named `{P5_SPOT}`",
        _only(a_quota()),
    ),
)


def _too_large(name: str, value: int, used: int, asked: int) -> Finding:
    return _over(name, value, used, asked, subject="cluster/ml-cluster", at=("instance_groups",))


LARGE = (
    passes("quota-cluster-instances", "enough", a_spec(), account(quotas={LARGEST: 2, LARGEST_SPOT: 0})),
    passes("quota-cluster-instances", "Spot nodes", a_spec(_spot()), account(quotas={LARGEST_SPOT: 2})),
    passes("quota-cluster-instances", "no nodes yet", a_spec(a_group(count=0)), account(quotas={LARGEST: 0})),
    fails(
        "quota-cluster-instances",
        "too many in all groups",
        a_slurm_spec(),
        _too_large(LARGEST, 2, 0, 3),
        account=account(quotas={LARGEST: 2}),
    ),
    fails(
        "quota-cluster-instances",
        "too many Spot nodes",
        a_spec(a_group("a"), _spot()),
        _too_large(LARGEST_SPOT, 1, 0, 2),
        account=account(quotas={LARGEST_SPOT: 1}),
    ),
    cannot_tell(
        "quota-cluster-instances",
        "a quota that is not listed",
        a_spec(),
        f"could not look: no quota is named `{LARGEST}`",
        _only(a_quota()),
    ),
)

TOTALS = (
    passes("quota-total-instances", "exactly enough", a_spec(), account(other(), quotas={TOTAL: 4})),
    passes("quota-total-instances", "no nodes yet", a_spec(a_group(count=0)), account(other(), quotas={TOTAL: 0})),
    fails(
        "quota-total-instances",
        "too many with those of two other clusters",
        a_spec(),
        _too_large(TOTAL, 5, 4, 2),
        account=account(other(), other("third"), quotas={TOTAL: 5}),
    ),
    fails(
        "quota-total-instances",
        "too many Spot nodes",
        a_spec(_spot()),
        _too_large(TOTAL_SPOT, 3, 2, 2),
        account=account(other(), other("third", a_live_group(capacity_type="Spot")), quotas={TOTAL_SPOT: 3}),
    ),
    cannot_tell(
        "quota-total-instances",
        "a quota that is not listed",
        a_spec(),
        f"could not look: no quota is named `{TOTAL}`",
        _only(a_quota()),
    ),
)


def _disks(*sizes: int) -> InstanceGroup:
    return a_group(storage=tuple({"ebs": {"volume_size_in_gb": size}} for size in sizes))


VOLUMES = (
    passes("quota-ebs-size", "no volume", a_spec(), account(quotas={VOLUME: 0})),
    passes("quota-ebs-size", "a volume as large as may be", a_spec(_disks(1024)), account(quotas={VOLUME: 1024})),
    fails(
        "quota-ebs-size",
        "a volume that is larger",
        a_spec(_disks(500, 2000)),
        _over(VOLUME, 1024, 0, 2000, at=("instance_groups", 0, "storage", 1, "ebs", "volume_size_in_gb")),
        account=account(quotas={VOLUME: 1024}),
    ),
    cannot_tell(
        "quota-ebs-size",
        "a quota that is not listed",
        a_spec(_disks(500)),
        f"could not look: no quota is named `{VOLUME}`",
        _only(a_quota()),
    ),
)


def _interfaces(there: int, allowed: float) -> FakeAccount:
    made = FakeAccount()
    made.network.count_of_interfaces = there
    made.quotas.interfaces = a_quota("Network interfaces per Region", "L-DF5E4CA3", allowed)
    return made


INTERFACES = (
    passes("quota-eni", "exactly enough", a_spec(), _interfaces(10, 74)),
    passes("quota-eni", "no network", a_slurm_spec(network=None), _interfaces(10, 10)),
    passes("quota-eni", "no nodes yet", a_spec(a_group(count=0)), _interfaces(10, 10)),
    passes("quota-eni", "a choice of types, one of them small", a_spec(a_group(**_CHOICE)), _interfaces(10, 12)),
    notes(
        "quota-eni",
        "a type of unknown figures",
        a_spec(a_group(type="ml.p6e-gb200.36xlarge", threads_per_core=None)),
        a_finding(
            "note",
            "instance group/workers",
            "how many network interfaces its nodes have is not known",
            path=("instance_groups", 0),
        ),
        account=_interfaces(10, 10),
    ),
    fails(
        "quota-eni",
        "one too few",
        a_spec(),
        a_finding(
            "fail",
            "cluster/ml-cluster",
            "`Network interfaces per Region` allows 73, and 74 are needed",
            "quota: 73 (L-DF5E4CA3)",
            "in use: 10",
            "asked for: 64",
            remedy="aws service-quotas request-service-quota-increase --service-code vpc "
            "--quota-code L-DF5E4CA3 --desired-value 74 --region us-west-2",
            path=("instance_groups",),
        ),
        account=_interfaces(10, 73),
    ),
)

LUSTRE = "Maximum total FSx Lustre capacity in TiB across SageMaker HyperPod restricted instance groups"
CODES[LUSTRE] = "L-FC4D7F52"


def with_lustre(*sizes: int) -> ClusterSpec:
    """A cluster with a restricted group for each of these file systems, in GiB."""
    groups = [
        a_restricted_group(
            f"nova-{number}", environment={"fsx_lustre": {"size_in_gib": size, "per_unit_storage_throughput": 125}}
        )
        for number, size in enumerate(sizes)
    ]
    return a_spec(a_plain_group(), restricted_instance_groups=tuple(groups))


RESTRICTED = (
    passes("quota-rig-fsx", "no file system", a_spec(), account(quotas={LUSTRE: 0})),
    passes("quota-rig-fsx", "exactly enough", with_lustre(1200, 2400), account(quotas={LUSTRE: 4})),
    fails(
        "quota-rig-fsx",
        "too little for both",
        with_lustre(2400, 2400),
        _over(
            LUSTRE,
            4,
            0,
            5,
            subject="cluster/ml-cluster",
            at=("restricted_instance_groups", 0, "environment", "fsx_lustre"),
        ),
        account=account(quotas={LUSTRE: 4}),
    ),
    cannot_tell(
        "quota-rig-fsx",
        "a quota that is not listed",
        with_lustre(1200),
        f"could not look: no quota is named `{LUSTRE}`",
        _only(a_quota()),
    ),
)


def _waiting(name: str, code: str, **members: Any) -> FakeAccount:
    return FakeAccount().holding(QuotaRequest(name, code, 16.0, "PENDING", NOW, **members))


def _waits(evidence: str) -> Finding:
    message = f"an increase of `{P5}` to 16 is PENDING"
    return a_finding("note", "instance group/workers", message, evidence, path=("instance_groups", 0, "count"))


PENDING = (
    passes("quota-pending", "nothing waiting", a_spec()),
    passes(
        "quota-pending", "an increase of something else", a_spec(), _waiting("ml.g5.xlarge for cluster usage", "L-1")
    ),
    passes("quota-pending", "no nodes yet", a_spec(a_group(count=0)), _waiting(P5, "L-8762A75F")),
    notes(
        "quota-pending",
        "an increase of the type's",
        a_spec(),
        _waits("request of 2026-03-01"),
        account=_waiting(P5, "L-8762A75F"),
    ),
    notes(
        "quota-pending", "a case at AWS Support", a_spec(), _waits("case 17"), account=_waiting(P5, "L-X", case_id="17")
    ),
)

ROWS = (*RESTRICTED, *PENDING, *PER_TYPE, *SPOT, *LARGE, *TOTALS, *VOLUMES, *INTERFACES)
