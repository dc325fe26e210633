"""Plans, and how one that was carried out ended."""

from __future__ import annotations

from datetime import UTC, datetime

from hpctl.facts.jobs import JobState
from hpctl.facts.records import Identity
from hpctl.report.action import Action
from hpctl.report.cluster import OutcomeReport
from hpctl.report.plan import PlannedEnd, PlannedGroup, PlanReport
from tests.unit.render.check_samples import CHECKS
from tests.unit.render.cluster_samples import ARN

SINCE = datetime(2026, 8, 1, 9, tzinfo=UTC)
IDENTITY = Identity(
    account="123456789012",
    arn="arn:aws:sts::123456789012:assumed-role/Admin/ana",
    region="us-west-2",
    profile="research",
)

PLAN = PlanReport(
    identity=IDENTITY,
    cluster="hp-cluster",
    orchestrator="eks",
    state="absent",
    actions=(Action(verb="create", subject="cluster/hp-cluster", request={"ClusterName": "hp-cluster"}),),
    groups=(
        PlannedGroup(
            name="workers",
            instance_type="ml.p5.48xlarge",
            count=4,
            accelerators="32 x NVIDIA H100",
            vcpus=768,
            memory_gib=8192.0,
            efa_interfaces=128,
            addresses=324,
            subnet_ids=("subnet-0a1b2c3d4e5f60718",),
        ),
        PlannedGroup(name="system", instance_type="ml.c5.2xlarge", count=2, vcpus=16, memory_gib=32.0, addresses=None),
    ),
    notices=("`ResilienceConfig.NodeRecovery` is `NodeRecovery` in today's service model: it was moved there",),
    checks=CHECKS,
)

DELETE_PLAN = PlanReport(
    identity=IDENTITY,
    cluster="hp-cluster",
    orchestrator="eks",
    state="present",
    actions=(Action(verb="delete", subject="cluster/hp-cluster", request={"ClusterName": "hp-cluster"}),),
    goes=(
        f"cluster `hp-cluster` ({ARN})",
        "instance group `workers`: 4 x ml.p5.48xlarge",
        "the root and secondary volumes of 6 nodes, with everything on them",
    ),
    ends=(
        PlannedEnd(
            job="pytorchjob/llama",
            owner="team",
            state=JobState.RUNNING,
            nodes=4,
            started=datetime(2026, 8, 1, 9, tzinfo=UTC),
        ),
    ),
    stays=(
        "EKS cluster `training-eks` with its objects and add-ons",
        "execution role `hyperpod-execution` (delete it after the cluster, never before)",
        "subnets subnet-0a1b2c3d4e5f60718, subnet-1a1b2c3d4e5f60718 and security groups sg-0a1b2c3d4e5f60718",
    ),
)

OUTCOME = OutcomeReport(
    cluster="hp-cluster",
    verb="create",
    result="done",
    arn=ARN,
    elapsed_s=754.2,
    next_steps=("hpctl cluster describe hp-cluster",),
)
