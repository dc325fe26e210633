"""Reports about clusters, their nodes and events, as the sandbox or AWS would fill them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hpctl.facts.records import Cluster, ClusterSummary, Event, InstanceGroup, Node
from hpctl.report.cluster import (
    ClusterListReport,
    ClusterReport,
    Diagnosis,
    EventListReport,
    NodeListReport,
    NodeReport,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

ARN = "arn:aws:sagemaker:us-west-2:123456789012:cluster/ab12cd34ef56"

EKS_ARN = "arn:aws:eks:us-west-2:123456789012:cluster/training-eks"

GROUPS = (
    InstanceGroup(
        name="workers",
        instance_type="ml.p5.48xlarge",
        status="Creating",
        current_count=3,
        target_count=4,
        execution_role="arn:aws:iam::123456789012:role/hyperpod-execution",
        threads_per_core=1,
        subnet_ids=("subnet-0a1b2c3d4e5f60718",),
    ),
    InstanceGroup(name="system", instance_type="ml.c5.2xlarge", status="InService", current_count=2, target_count=2),
)

CLUSTER = Cluster(
    name="hp-cluster",
    arn=ARN,
    status="Creating",
    created_at=NOW - timedelta(minutes=14),
    orchestrator="eks",
    eks_cluster_arn=EKS_ARN,
    node_recovery="Automatic",
    node_provisioning="Continuous",
    subnet_ids=("subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"),
    security_group_ids=("sg-0a1b2c3d4e5f60718",),
    instance_groups=GROUPS,
)

DIAGNOSIS = Diagnosis(
    subject="instance group/workers",
    message="EFA health checks did not run successfully. Ensure that your VPC and security groups are properly "
    "configured before attempting to create a new cluster",
    cause="the security group `sg-0a1b2c3d4e5f60718` does not let its own members talk to each other",
    remedy="aws ec2 authorize-security-group-ingress --group-id sg-0a1b2c3d4e5f60718 --protocol=-1 "
    "--source-group sg-0a1b2c3d4e5f60718\n"
    "aws ec2 authorize-security-group-egress --group-id sg-0a1b2c3d4e5f60718 --protocol=-1 "
    "--source-group sg-0a1b2c3d4e5f60718",
    failure="efa-health-check",
)

CLUSTERS = ClusterListReport(
    region="us-west-2",
    clusters=(
        ClusterSummary(name="hp-cluster", arn=ARN, status="Creating", created_at=NOW - timedelta(minutes=14)),
        ClusterSummary(
            name="a-cluster-with-a-rather-long-name-of-sixty-three-characters-xyz",
            arn=ARN.replace("ab12", "zz99"),
            status="InService",
            created_at=NOW - timedelta(days=31),
        ),
    ),
)

CLUSTER_REPORT = ClusterReport(
    region="us-west-2",
    cluster=CLUSTER,
    nodes_by_status={"Running": 5, "Pending": 1},
    diagnoses=(DIAGNOSIS,),
    next_steps=("hpctl cluster events hp-cluster", "hpctl node list --cluster hp-cluster"),
)

EVENTS = EventListReport(
    cluster="hp-cluster",
    events=(
        Event(
            event_id="0d6f1d5e-6b0c-4a40-9f0f-1d2c3b4a5e6f",
            time=NOW - timedelta(minutes=13),
            level="Info",
            resource_type="Cluster",
            description="Cluster creation started",
        ),
        Event(
            event_id="1d6f1d5e-6b0c-4a40-9f0f-1d2c3b4a5e6f",
            time=NOW - timedelta(minutes=5),
            level="Error",
            resource_type="Instance",
            description="Instance failed its checks",
            instance_group="workers",
            node_id="i-0123456789abcdef0",
            failure_message="EFA health checks did not run successfully",
        ),
    ),
    diagnoses=(DIAGNOSIS,),
)

NODE = Node(
    node_id="i-0123456789abcdef0",
    instance_group="workers",
    instance_type="ml.p5.48xlarge",
    status="Failure",
    message="EFA health checks did not run successfully",
    logical_id="nl-1",
    launched_at=NOW - timedelta(minutes=9),
    private_dns_name="ip-10-0-1-17.us-west-2.compute.internal",
    private_ip="10.0.1.17",
    zone="us-west-2a",
    zone_id="usw2-az1",
    threads_per_core=1,
    image_id="ami-0123456789abcdef0",
    lifecycle_script="s3://bucket/lifecycle/on_create.sh",
)

NODES = NodeListReport(
    cluster="hp-cluster",
    nodes=(
        NODE,
        Node(
            node_id="i-1123456789abcdef0",
            instance_group="system",
            instance_type="ml.c5.2xlarge",
            status="Running",
            launched_at=NOW - timedelta(hours=3),
        ),
    ),
)

NODE_REPORT = NodeReport(cluster="hp-cluster", node=NODE, diagnoses=(DIAGNOSIS,))
