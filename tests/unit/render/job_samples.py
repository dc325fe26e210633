"""One of every report about jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hpctl.facts.jobs import JobState, KubernetesEvent
from hpctl.facts.records import Identity
from hpctl.report.cluster import Diagnosis
from hpctl.report.job import (
    FirstFailure,
    JobEnded,
    JobEventSeen,
    JobListReport,
    JobObserved,
    JobOutcomeReport,
    JobPlanReport,
    JobRemarked,
    JobReport,
    JobRow,
    JobStep,
    PlannedObject,
    PodRow,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
UID = "8d2b7a52-6c1e-4f7e-9d55-0a1b2c3d4e5f"
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/train:v7"

IDENTITY = Identity(
    account="123456789012",
    arn="arn:aws:sts::123456789012:assumed-role/Research/ana",
    region="us-west-2",
    profile="research",
)
FAILED = Diagnosis(
    subject="pytorchjob/llama-sft",
    message="rank 3 `run` ended with exit code 1",
    cause="the accelerator's own memory is too small for model, optimizer and activations together",
    remedy="make the batch per device smaller, shard the model (FSDP, ZeRO), or recompute activations\n"
    "hpctl job describe llama-sft --cluster hp-cluster --namespace team",
    failure="job-device-memory",
    final=True,
)
FAILURE = FirstFailure(
    rank=3,
    pod="llama-sft-worker-2",
    container="pytorch",
    phase="run",
    exit_code=1,
    reason="Error",
    at=NOW,
    log=("step 12 loss 2.31", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."),
)
EVENT = KubernetesEvent(
    namespace="team",
    about_kind="Pod",
    about_name="llama-sft-worker-2",
    about_uid="u-3",
    type="Warning",
    reason="BackOff",
    message="Back-off restarting failed container pytorch",
    last=NOW - timedelta(minutes=1),
    count=3,
)

JOB_PLAN = JobPlanReport(
    identity=IDENTITY,
    cluster="hp-cluster",
    eks_cluster="training-eks",
    namespace="team",
    job="pytorchjob/llama-sft",
    run_id="3f1c",
    nodes=4,
    image=IMAGE,
    instance_type="ml.p5.48xlarge",
    accelerators="8 x H100",
    accelerator_resource="nvidia.com/gpu",
    efa_interfaces=32,
    cpus=178.97,
    memory_gib=1880.5,
    queue="hyperpod-ns-team-localqueue",
    priority="training-priority",
    objects=(
        PlannedObject(kind="Secret", name="llama-sft-secrets", note="HF_TOKEN"),
        PlannedObject(kind="ConfigMap", name="llama-sft-scripts", note="run, start.sh"),
        PlannedObject(kind="PyTorchJob", name="llama-sft"),
    ),
    manifests=({"apiVersion": "v1", "kind": "Secret", "data": {"HF_TOKEN": "<redacted>"}}, {"kind": "PyTorchJob"}),
    notices=("2 of 4 nodes of ml.p5.48xlarge are busy now: the job waits for them",),
)
NO_PLACE = JOB_PLAN.model_copy(
    update={"job": "job/llama-sft", "objects": (), "manifests": (), "instance_type": None, "accelerators": None}
)
JOBS = JobListReport(
    cluster="hp-cluster",
    namespace=None,
    jobs=(
        JobRow(
            namespace="team",
            job="pytorchjob/llama-sft",
            uid=UID,
            state=JobState.FAILED,
            nodes=4,
            created=NOW - timedelta(hours=3),
            started=NOW - timedelta(hours=3),
            ended=NOW,
            restarts=2,
            queue="hyperpod-ns-team-localqueue",
            reason="PyTorchJobFailed",
        ),
        JobRow(
            namespace="default",
            job="job/nccl-test-efa",
            uid="u-2",
            state=JobState.RUNNING,
            nodes=2,
            created=NOW - timedelta(minutes=4),
        ),
    ),
    notes=("hyperpodpytorchjobs.sagemaker.amazonaws.com may not be listed",),
)
JOB = JobReport(
    cluster="hp-cluster",
    namespace="team",
    job="pytorchjob/llama-sft",
    uid=UID,
    run_id="3f1c",
    state=JobState.FAILED,
    nodes=4,
    created=NOW - timedelta(hours=3),
    started=NOW - timedelta(hours=3),
    ended=NOW,
    restarts=2,
    image=IMAGE,
    queue="hyperpod-ns-team-localqueue",
    priority="training-priority",
    pods=(
        PodRow(pod="llama-sft-master-0", rank=0, status="Error", node="hyperpod-i-0a", ip="10.1.0.7", exit_code=137),
        PodRow(pod="llama-sft-worker-2", rank=3, status="Error", node="hyperpod-i-0d", restarts=2, exit_code=1),
        PodRow(pod="llama-sft-worker-3", rank=None, status="Pending"),
        PodRow(pod="llama-sft-worker-4", rank=4, status="Running"),
    ),
    first_failure=FAILURE,
    diagnoses=(FAILED,),
    events=(EVENT,),
    notes=("events of other namespaces cannot be read",),
    next_steps=("hpctl job logs llama-sft --cluster hp-cluster --namespace team",),
)
SILENT = JOB.model_copy(update={"first_failure": FAILURE.model_copy(update={"log": ()}), "events": (), "notes": ()})
SUBMITTED = JobOutcomeReport(
    verb="submit",
    result="submitted",
    cluster="hp-cluster",
    namespace="team",
    job="pytorchjob/llama-sft",
    uid=UID,
    notes=("configmap `llama-sft-scripts` does not belong to the job yet",),
    next_steps=("hpctl job logs llama-sft --follow --cluster hp-cluster --namespace team",),
)
WAITED = SUBMITTED.model_copy(
    update={
        "verb": "wait",
        "result": "ended",
        "state": JobState.FAILED,
        "elapsed_s": 754.2,
        "diagnoses": (FAILED,),
        "notes": (),
    }
)
CANCELLED = SUBMITTED.model_copy(update={"verb": "cancel", "result": "cancelled", "state": JobState.CANCELLED})
DELETED = SUBMITTED.model_copy(update={"verb": "delete", "result": "deleted", "notes": (), "next_steps": ()})
OVER = CANCELLED.model_copy(update={"result": "unchanged", "state": JobState.SUCCEEDED, "notes": ()})

EVERY_JOB_REPORT = {
    "job-plan": JOB_PLAN,
    "jobs": JOBS,
    "job": JOB,
    "job-without-last-words": SILENT,
    "job-submitted": SUBMITTED,
    "job-waited-for": WAITED,
    "job-cancelled": CANCELLED,
    "job-over-already": OVER,
    "job-deleted": DELETED,
}

JOB_STEPS: tuple[JobStep, ...] = (
    JobObserved(
        time=NOW,
        elapsed_s=0.0,
        job="pytorchjob/llama-sft",
        state=JobState.PENDING,
        nodes=4,
        pods={"Pending": 4},
        waiting_for="waiting for a node",
    ),
    JobEventSeen(time=NOW, event=EVENT),
    JobRemarked(time=NOW, message="the job is in Kueue's hands"),
    JobEnded(
        time=NOW + timedelta(minutes=12),
        elapsed_s=720.0,
        job="pytorchjob/llama-sft",
        state=JobState.FAILED,
        first_failure=FAILURE,
        diagnoses=(FAILED,),
    ),
)
