"""What is shown, in the order in which it happens: a story on EKS, one on Slurm, and what needs no account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CLUSTER: Final = """\
api_version: hpctl/v1
kind: Cluster
name: demo
orchestrator: { eks: { cluster_arn: $EKS_CLUSTER_ARN } }
network: { security_group_ids: [$SECURITY_GROUP], subnet_ids: [$SUBNET_ID] }
instance_groups:
  - name: workers
    type: ml.p5.48xlarge
    count: 2
    execution_role: $EXECUTION_ROLE
    threads_per_core: 2
    lifecycle: { source_s3_uri: "s3://$BUCKET_NAME", on_create: on_create.sh }
node_provisioning: Continuous
"""
SLURM: Final = """\
api_version: hpctl/v1
kind: Cluster
name: slurm
orchestrator: { slurm: { slurm_config_strategy: Merge } }
network: { security_group_ids: [$SECURITY_GROUP], subnet_ids: [$SUBNET_ID] }
instance_groups:
  - name: controller
    type: ml.m5.2xlarge
    count: 1
    execution_role: $EXECUTION_ROLE
    lifecycle: &scripts { source_s3_uri: "s3://$BUCKET_NAME", on_create: on_create.sh }
    slurm: { node_type: Controller }
  - name: workers
    type: ml.p5.48xlarge
    count: 2
    execution_role: $EXECUTION_ROLE
    threads_per_core: 2
    lifecycle: *scripts
    slurm: { node_type: Compute, partition_names: [train] }
node_recovery: Automatic
node_provisioning: Continuous
"""
JOB: Final = """\
api_version: hpctl/v1
kind: Job
name: train
nodes: 2
accelerators: H100:8
image: public.ecr.aws/docker/library/python:3.12
workdir: .
run: python3 train.py
"""
TRAIN: Final = """\
import os
import time

rank, loss = int(os.environ["RANK"]), 11.2
for step in range(100, 600, 100):
    if os.environ.get("BREAK") == str(rank):
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    loss *= 0.7
    if rank == 0:
        print(f"step {step}: loss {loss:.2f}", flush=True)
    time.sleep(1)
"""
_BROKEN: Final = (
    CLUSTER.replace("name: demo", "name: broken")
    .replace("$EKS_CLUSTER_ARN", "$CONFIG_MAP_CLUSTER_ARN")
    .replace("[$SUBNET_ID]", "[$SUBNET_ID, $OTHER_SUBNET_ID]")
)
FILES: Final = {
    "cluster.yaml": CLUSTER,
    "broken.yaml": _BROKEN,
    "slurm.yaml": SLURM,
    "train.yaml": JOB,
    "train.py": TRAIN,
}
"""What lies in the folder where the commands run."""


@dataclass(frozen=True)
class Scene:
    """A command and the picture of it.

    The picture is taken when it has ended with `code`, or when `until` stands on the screen after `keys` were typed,
    each when its text stood there. `before` are commands of which nobody sees anything.
    """

    name: str
    title: str
    command: str
    code: int = 0
    keys: tuple[tuple[str, str], ...] = ()
    until: str = ""
    before: tuple[str, ...] = ()


ENTER: Final = "\r"

ALONE: Final = (
    Scene("help", "Every command at a glance", "hpctl --help"),
    Scene(
        "explain",
        "What a message of AWS means, and what mends it",
        'hpctl explain "EFA health checks did not run successfully"',
    ),
    Scene(
        "check-model",
        "Whether a model is supported, how it is laid out, and what memory it takes",
        "hpctl check-model Qwen/Qwen3-8B --instance-type ml.trn1.32xlarge",
    ),
    Scene(
        "estimate",
        "How the memory of a model is estimated, term by term",
        "hpctl check-model Qwen/Qwen3-8B --instance-type ml.p5.48xlarge --explain",
    ),
)
"""What needs neither an account nor a sandbox, and is the same on every machine."""

IN_AN_ACCOUNT: Final = (
    Scene(
        "init",
        "The wizard: what cannot work is shown, with the reason",
        "hpctl init --region us-west-2 --orchestrator eks --name demo --instance-type ml.p5.48xlarge --count 2",
        keys=(("Which EKS cluster", ENTER), ("In which subnets?", "")),
        until="something else: type it",
    ),
    Scene("doctor-failing", "Two mistakes, found before AWS does", "hpctl doctor -f broken.yaml", code=20),
    Scene("doctor", "A spec that nothing is wrong with", "hpctl doctor -f cluster.yaml"),
    Scene("create-plan", "The plan, and a question", "hpctl cluster create -f cluster.yaml", until="[y/N]"),
    Scene(
        "create-progress",
        "While a cluster is created: what happened, how far it is, what is waited for",
        "hpctl cluster create -f cluster.yaml --yes",
        until="waiting for",
    ),
    Scene(
        "cluster-list",
        "The clusters of an account",
        "hpctl cluster list",
        before=("hpctl cluster create -f cluster.yaml --yes",),
    ),
    Scene("cluster-describe", "A cluster", "hpctl cluster describe demo"),
    Scene("node-list", "The nodes of a cluster", "hpctl node list"),
    Scene("node-exec", "A command on every node", "hpctl node exec --all -- echo hello"),
    Scene("gpus", "How many accelerators there are, how many are free, and where", "hpctl gpus"),
    Scene("job-submit", "A job is submitted and followed", "hpctl job submit train.yaml --follow"),
    Scene(
        "job-list",
        "The jobs of a cluster",
        "hpctl job list",
        before=("! hpctl job submit train.yaml --name too-large --env BREAK=1 --wait",),
    ),
    Scene("job-describe", "Why a job failed: the rank, its last lines, the remedy", "hpctl job describe too-large"),
    Scene(
        "slurm-status",
        "Slurm's partitions and nodes",
        "hpctl slurm status --cluster slurm",
        before=("hpctl cluster create -f slurm.yaml --yes",),
    ),
)
"""What happens in one sandbox, in this order."""
