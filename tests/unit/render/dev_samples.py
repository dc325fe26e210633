"""Reports about development pods."""

from __future__ import annotations

from datetime import timedelta

from hpctl.facts.dev import DevState
from hpctl.report.dev import DevListReport, DevOutcomeReport, DevRow, DevSyncReport
from tests.unit.render.cluster_samples import NOW

RUNNING = DevRow(
    namespace="team",
    name="dev",
    user="ana",
    state=DevState.RUNNING,
    accelerators="H100:1",
    image="public.ecr.aws/deep-learning-containers/pytorch-training:2.8.0-gpu-py312-cu129-ubuntu22.04-ec2",
    node="hyperpod-i-0123456789abcdef0",
    claim="dev-workdir",
    idle_stop_s=3600,
    created=NOW - timedelta(hours=5),
    started=NOW - timedelta(minutes=3),
)
STOPPED = DevRow(
    namespace="team",
    name="trn",
    user="",
    state=DevState.STOPPED,
    reason="idle",
    instance_type="ml.trn1.32xlarge",
    created=NOW - timedelta(days=2),
)

EVERY_DEV_REPORT = {
    "dev-list": DevListReport(cluster="hp-cluster", namespace="team", pods=(RUNNING, STOPPED)),
    "dev-up": DevOutcomeReport(
        verb="up",
        result="created",
        cluster="hp-cluster",
        pod=RUNNING,
        name="dev",
        namespace="team",
        include="Include /home/ana/.local/state/hpctl/dev/ssh/*.conf",
        notes=("sent 3 files of `/home/ana/project` to /workdir",),
        next_steps=("hpctl dev exec dev --cluster hp-cluster --namespace team",),
    ),
    "dev-stop": DevOutcomeReport(
        verb="stop", result="stopped", cluster="hp-cluster", name="dev", namespace="team", notes=("its files are gone",)
    ),
    "dev-sync": DevSyncReport(
        cluster="hp-cluster",
        name="dev",
        folder="/home/ana/project",
        sent=("train.py", "src/model.py"),
        sent_bytes=4096,
        fetched=("out/loss.csv",),
        fetched_bytes=88,
        conflicts=tuple(f"notes/{number:02}.md" for number in range(12)),
        deleted_there=("old.py",),
        removed=("gone.py",),
        exit_code=6,
        next_steps=("hpctl dev sync dev --cluster hp-cluster --prefer here",),
    ),
}
