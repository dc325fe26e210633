"""One of every report, as the sandbox or AWS would fill it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hpctl.facts.records import Cluster, ClusterSummary, Event, Identity, InstanceGroup, Node
from hpctl.report.action import Action
from hpctl.report.check import CheckListReport, CheckReport, CheckResult, DeclaredCheck, Finding
from hpctl.report.cluster import (
    ClusterListReport,
    ClusterReport,
    Diagnosis,
    EventListReport,
    NodeListReport,
    NodeReport,
    OutcomeReport,
)
from hpctl.report.connection import ConnectionReport
from hpctl.report.explanation import (
    CheckPageReport,
    Evidence,
    Explanation,
    ExplanationReport,
    FailureFacts,
    FailureListReport,
    NearFailure,
)
from hpctl.report.instance import InstanceTypeFacts, InstanceTypeListReport, InstanceTypeReport
from hpctl.report.lifecycle import ScriptFile, ScriptFolderReport, ScriptStanding, ScriptUploadReport
from hpctl.report.plan import PlannedGroup, PlanReport
from hpctl.report.quota import QuotaFacts, QuotaListReport
from hpctl.report.sandbox import SandboxReport
from hpctl.report.skill import SkillReport
from hpctl.report.written import WrittenReport
from hpctl.terms import Outcome
from tests.unit.render.job_samples import EVERY_JOB_REPORT
from tests.unit.render.model_samples import EVERY_MODEL_REPORT
from tests.unit.render.node_samples import EVERY_NODE_REPORT
from tests.unit.render.sky_samples import EVERY_SKY_REPORT
from tests.unit.render.slurm_samples import EVERY_SLURM_REPORT

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

CHECKS = CheckReport(
    subject="cluster.yaml",
    results=(
        CheckResult(id="spec-names", title="names are unique", outcome=Outcome.PASS, blocking=True),
        CheckResult(
            id="network-ids-exist",
            title="every subnet and security group exists",
            outcome=Outcome.UNKNOWN,
            blocking=True,
            reason="not allowed: `ec2:DescribeSubnets`",
            hint="allow `ec2:DescribeSubnets` to `role/Admin`, or go on with `--allow-unknown`",
        ),
        CheckResult(
            id="network-efa-single-az",
            title="every EFA instance group lives in one Availability Zone",
            outcome=Outcome.FAIL,
            blocking=True,
            findings=(
                Finding(
                    level="fail",
                    subject="instance group/workers",
                    message="EFA cannot cross Availability Zones, and the subnets of `workers` are in 2 of them",
                    evidence=("usw2-az1: subnet-0a1b2c3d4e5f60718", "usw2-az2: subnet-1a1b2c3d4e5f60718"),
                    remedy="give `workers` subnets of one zone only, for example `subnet-0a1b2c3d4e5f60718`",
                    path=("instance_groups", 0, "override_network", "subnet_ids"),
                    location="cluster.yaml:14:5",
                ),
            ),
        ),
        CheckResult(
            id="eks-auth-mode",
            title="the EKS cluster takes access entries",
            outcome=Outcome.FAIL,
            blocking=True,
            findings=(
                Finding(
                    level="fail",
                    subject="EKS cluster/training-eks",
                    message="HyperPod does not support authentication mode `CONFIG_MAP`",
                    evidence=("seen: CONFIG_MAP", "needed: API or API_AND_CONFIG_MAP"),
                    remedy="aws eks update-cluster-config --region us-west-2 --name training-eks "
                    "--access-config authenticationMode=API_AND_CONFIG_MAP",
                    path=("orchestrator", "eks"),
                ),
            ),
        ),
        CheckResult(
            id="network-free-addresses",
            title="subnets have enough free addresses",
            outcome=Outcome.SKIP,
            blocking=True,
            reason="needs `network-ids-exist`",
        ),
        CheckResult(
            id="spec-multi-subnet",
            title="the cluster's subnets are meant to be several",
            outcome=Outcome.WARN,
            blocking=False,
            findings=(Finding(level="warn", subject="cluster/hp-cluster", message="HyperPod picks one of them"),),
        ),
        CheckResult(id="spec-counts", title="counts are possible", outcome=Outcome.PASS, blocking=True),
    ),
)

CHECK_LIST = CheckListReport(
    checks=(
        DeclaredCheck(
            id="tools-clock",
            title="the clock is right",
            judges="machine",
            blocking=False,
            reads=("sts:GetCallerIdentity",),
        ),
        DeclaredCheck(
            id="network-efa-single-az",
            title="every EFA instance group lives in one Availability Zone",
            judges="spec",
            blocking=True,
            needs=("network-ids-exist",),
            reads=("ec2:DescribeSubnets",),
        ),
    )
)

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

P5 = InstanceTypeFacts(
    instance_type="ml.p5.48xlarge",
    architecture="x86_64",
    vcpus=192,
    memory_gib=2048.0,
    threads_per_core=(1, 2),
    accelerator_kind="nvidia",
    accelerator="NVIDIA H100",
    accelerator_count=8,
    accelerator_memory_gib=80.0,
    neuron_cores=None,
    network_gbps=3200.0,
    network_cards=32,
    efa_interfaces=32,
    ipv4_per_interface=50,
    addresses_eks=81,
    addresses_slurm=32,
    max_pods=100,
    local_nvme_gb=30400.0,
    allocatable_cpu=191.38,
    allocatable_memory_gib=None,
    kubernetes_resources={"nvidia.com/gpu": 8, "vpc.amazonaws.com/efa": 32},
    deep_health_checks=True,
    sources={"vcpus": "EC2 DescribeInstanceTypes", "efa_interfaces": "AWS documentation, EFA-supported types"},
)

C5 = InstanceTypeFacts(
    instance_type="ml.c5.2xlarge",
    architecture="x86_64",
    vcpus=8,
    memory_gib=16.0,
    threads_per_core=(1, 2),
    accelerator_kind="none",
    accelerator=None,
    accelerator_count=0,
    accelerator_memory_gib=None,
    neuron_cores=None,
    network_gbps=None,
    network_cards=1,
    efa_interfaces=0,
    ipv4_per_interface=15,
    addresses_eks=None,
    addresses_slurm=1,
    max_pods=None,
    local_nvme_gb=None,
    allocatable_cpu=None,
    allocatable_memory_gib=None,
    kubernetes_resources={},
    deep_health_checks=False,
    sources={},
)

INSTANCE_TYPES = InstanceTypeListReport(instance_types=(P5, C5))
INSTANCE_TYPE = InstanceTypeReport(instance_type=P5)

QUOTAS = QuotaListReport(
    account="123456789012",
    region="us-west-2",
    quotas=(
        QuotaFacts(
            quota="ml.p5.48xlarge for cluster usage",
            code="L-8762A75F",
            service="sagemaker",
            instance_type="ml.p5.48xlarge",
            limit=4.0,
            used=2,
            needed=4,
            pending=16.0,
            pending_case="1234567890",
            fits=False,
            request="aws service-quotas request-service-quota-increase --service-code sagemaker "
            "--quota-code L-8762A75F --desired-value 6 --region us-west-2",
        ),
        QuotaFacts(
            quota="Total number of instances allowed across SageMaker HyperPod clusters",
            code="L-3308CCC7",
            service="sagemaker",
            limit=30.0,
            used=2,
            needed=4,
            fits=True,
        ),
        QuotaFacts(quota="Network interfaces per Region", code=None, service="vpc", limit=None, used=10, fits=None),
    ),
)

SANDBOX = SandboxReport(
    name="default",
    status="running",
    endpoint="http://127.0.0.1:4566",
    pid=4711,
    region="us-west-2",
    account="123456789012",
    pace_s=6.0,
    started_at=NOW,
    home="/home/ana/.local/state/hpctl/sandbox/default",
)

WRITTEN = WrittenReport(
    file="cluster.yaml",
    command="hpctl init --orchestrator eks --name hp-cluster --file cluster.yaml --yes",
    next_steps=("hpctl doctor -f cluster.yaml", "hpctl cluster create -f cluster.yaml"),
    failed=("quota-instance-type",),
    unverified=("eks-version",),
)

CONNECTION = ConnectionReport(
    cluster="hp-cluster",
    eks_cluster="training-eks",
    region="us-west-2",
    account="123456789012",
    kubeconfig="/home/you/.kube/config",
    context="hpctl:123456789012:us-west-2:hp-cluster",
    current_context="minikube",
    result="connected",
    changed=("cluster", "user", "context"),
    entries={"context": {"name": "hpctl:123456789012:us-west-2:hp-cluster", "context": {"namespace": "team"}}},
    notes=("others can read the kubeconfig `/home/you/.kube/config` (mode 0644): 0600 from now on",),
    next_steps=(
        "kubectl --context hpctl:123456789012:us-west-2:hp-cluster get nodes",
        "hpctl cluster check hp-cluster",
    ),
)

FAILURE = FailureFacts(
    failure="lifecycle-timeout",
    area="lifecycle",
    severity="blocks",
    told_by_words=True,
    example="Lifecycle scripts execution timed out",
    cause="the script waits for something that never comes: a package lock, a file system that does not mount",
    remedy="read where it stopped\naws logs tail /aws/sagemaker/Clusters/{name}/{cluster_id} --region us-west-2",
    checks=("network-egress-path", "network-dns"),
    basis="guides",
    page="docs/reference/failures/lifecycle-timeout.md",
)
SLOW = FailureFacts(
    failure="creation-slow",
    area="creation",
    severity="degrades",
    told_by_words=False,
    example="a cluster is in status Creating for more than an hour",
    cause="HyperPod asks again and again for capacity",
    remedy="hpctl cluster events {name}",
    basis="guides",
    page="docs/reference/failures/creation-slow.md",
)
EXPLANATION = ExplanationReport(
    subject="cluster hp-cluster",
    explanations=(
        Explanation(
            known=FAILURE,
            evidence=(
                Evidence(
                    place="node i-0a1b2c3d4e5f60718, status Failure", text="Lifecycle scripts execution timed out"
                ),
                Evidence(place="event e1 of workers", text="Lifecycle scripts execution timed out", time=NOW),
            ),
        ),
        Explanation(known=None, evidence=(Evidence(place="event e2", text="something new \x1b[31mred", time=NOW),)),
        Explanation(known=SLOW),
    ),
    past=(Explanation(known=SLOW, evidence=(Evidence(place="event e0", text="Creating"),)),),
    unread=("the logs of the lifecycle scripts: `logs:DescribeLogStreams` is not allowed",),
    nearest=(
        NearFailure(
            failure="lifecycle-timeout",
            score=0.41,
            example="Lifecycle scripts execution timed out",
            page="docs/reference/failures/lifecycle-timeout.md",
        ),
    ),
    lines=120_000,
)
CHECK_PAGE = CheckPageReport(
    check="network-dns",
    title="nodes get names",
    text="Nodes find services by name.\n\nSource: AWS documentation\n(VPC DNS).",
    judges="spec",
    blocking=True,
    needs=("network-ids-exist",),
    reads=("ec2:DescribeVpcAttribute",),
    failures=("lifecycle-timeout", "network-misconfigured"),
    page="docs/reference/checks/network-dns.md",
)
FAILURES = FailureListReport(failures=(FAILURE, SLOW))

SCRIPTS_WRITTEN = ScriptFolderReport(
    folder="scripts",
    orchestrator="eks",
    files=(ScriptFile(name="on_create.sh", size=1831, sha256="0" * 64),),
    then=("hpctl lifecycle lint scripts -f cluster.yaml",),
)
SCRIPTS_TO_UPLOAD = ScriptUploadReport(
    identity=IDENTITY,
    folder="scripts",
    uri="s3://sagemaker-x/lc/",
    files=(
        ScriptStanding(name="lib.sh", state="new", size=944, sha256="0" * 64),
        ScriptStanding(name="on_create.sh", state="different", size=1831, sha256="1" * 64, etag='"a"'),
        ScriptStanding(name="site.sh", state="same", size=459, sha256="2" * 64, etag='"b"'),
        ScriptStanding(name="old.sh", state="only in S3", size=12, etag='"c"'),
    ),
)
SCRIPTS_UPLOADED = SCRIPTS_TO_UPLOAD.model_copy(update={"overwrite": True, "uploaded": ("lib.sh", "on_create.sh")})

EVERY_REPORT = {
    "connection": CONNECTION,
    "written": WRITTEN,
    "clusters": CLUSTERS,
    "cluster": CLUSTER_REPORT,
    "events": EVENTS,
    "check-page": CHECK_PAGE,
    "explanation": EXPLANATION,
    "failure-list": FAILURES,
    "nodes": NODES,
    "node": NODE_REPORT,
    "checks": CHECKS,
    "check-list": CHECK_LIST,
    "plan": PLAN,
    "delete-plan": DELETE_PLAN,
    "outcome": OUTCOME,
    "instance-types": INSTANCE_TYPES,
    "instance-type": INSTANCE_TYPE,
    "quotas": QUOTAS,
    "sandbox": SANDBOX,
    "skill": SkillReport(path="skills/hyperpod/SKILL.md", result="written"),
    "scripts-written": SCRIPTS_WRITTEN,
    "scripts-to-upload": SCRIPTS_TO_UPLOAD,
    "scripts-uploaded": SCRIPTS_UPLOADED,
    **EVERY_JOB_REPORT,
    **EVERY_MODEL_REPORT,
    **EVERY_NODE_REPORT,
    **EVERY_SKY_REPORT,
    **EVERY_SLURM_REPORT,
}
