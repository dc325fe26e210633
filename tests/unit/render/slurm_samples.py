"""Reports about Slurm as samples: everything that a view may show, hostile text among it."""

from __future__ import annotations

from datetime import UTC, datetime

from hpctl.report.slurm import (
    SlurmChangeReport,
    SlurmJobFacts,
    SlurmNodeFacts,
    SlurmPartitionFacts,
    SlurmStatusReport,
)

_AT = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)

_BUSY = SlurmNodeFacts(
    name="ip-10-1-0-5",
    node_id="i-0a1b2c3d4e5f60718",
    instance_group="workers",
    instance_type="ml.p5.48xlarge",
    partitions=("dev", "train"),
    gres="gpu:8",
    state="ALLOCATED",
    meaning="busy",
    takes_jobs=True,
    jobs=(SlurmJobFacts(job_id="7", user="ada", name="llama", state="RUNNING"),),
)
_DRAINED = SlurmNodeFacts(
    name="ip-10-1-0-6",
    node_id="i-0a1b2c3d4e5f60719",
    instance_group="workers",
    instance_type="ml.p5.48xlarge",
    partitions=("dev",),
    state="IDLE+DRAIN",
    meaning="drained",
    takes_jobs=False,
    reason="action:replace \x1b[2J",
    reason_by="root",
    reason_at=_AT,
)
_STRANGER = SlurmNodeFacts(
    name="ip-10-1-0-9", state="DOWN+NOT_RESPONDING", meaning="down, slurmd does not answer", takes_jobs=False
)

SLURM_STATUS = SlurmStatusReport(
    cluster="ml-cluster",
    controller="i-0a1b2c3d4e5f60700",
    version="24.11.0",
    partitions=(
        SlurmPartitionFacts(
            name="dev", state="UP", default=True, max_time="UNLIMITED", nodes=3, free=0, busy=1, away=2
        ),
        SlurmPartitionFacts(name="empty", state="DOWN", nodes=0, free=0, busy=0, away=0),
    ),
    nodes=(_BUSY, _DRAINED, _STRANGER),
    unknown=("ip-10-1-0-7 (i-0a1b2c3d4e5f60720)",),
    remarks=("partition `empty` has no nodes",),
)
SLURM_CHANGE = SlurmChangeReport(
    cluster="ml-cluster",
    verb="drain",
    nodes=(_BUSY, _DRAINED),
    unchanged=("ip-10-1-0-6",),
    remarks=("HyperPod does nothing for this reason: it is not exactly `Action:Replace`",),
)
EVERY_SLURM_REPORT = {"slurm-status": SLURM_STATUS, "slurm-change": SLURM_CHANGE}
