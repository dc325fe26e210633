"""One of every report, as the sandbox or AWS would fill it."""

from __future__ import annotations

from hpctl.report.connection import ConnectionReport
from hpctl.report.sandbox import SandboxReport
from hpctl.report.skill import SkillReport
from hpctl.report.written import WrittenReport
from tests.unit.render.catalog_samples import INSTANCE_TYPE, INSTANCE_TYPES, QUOTAS
from tests.unit.render.check_samples import CHECK_LIST, CHECKS
from tests.unit.render.cluster_samples import CLUSTER_REPORT, CLUSTERS, EVENTS, NODE_REPORT, NODES, NOW
from tests.unit.render.dev_samples import EVERY_DEV_REPORT
from tests.unit.render.explanation_samples import CHECK_PAGE, EXPLANATION, FAILURES
from tests.unit.render.job_samples import EVERY_JOB_REPORT
from tests.unit.render.model_samples import EVERY_MODEL_REPORT
from tests.unit.render.node_samples import EVERY_NODE_REPORT
from tests.unit.render.plan_samples import DELETE_PLAN, OUTCOME, PLAN
from tests.unit.render.queue_samples import EVERY_QUEUE_REPORT
from tests.unit.render.script_samples import SCRIPTS_TO_UPLOAD, SCRIPTS_UPLOADED, SCRIPTS_WRITTEN
from tests.unit.render.sky_samples import EVERY_SKY_REPORT
from tests.unit.render.slurm_samples import EVERY_SLURM_REPORT

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
    **EVERY_DEV_REPORT,
    **EVERY_JOB_REPORT,
    **EVERY_MODEL_REPORT,
    **EVERY_NODE_REPORT,
    **EVERY_QUEUE_REPORT,
    **EVERY_SKY_REPORT,
    **EVERY_SLURM_REPORT,
}
