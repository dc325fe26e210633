"""Jobs on Slurm for tests of services."""

from __future__ import annotations

from typing import Any

from hpctl.facts.session_ports import Target
from hpctl.facts.slurm_job_ports import SlurmSubmission
from hpctl.facts.slurm_jobs import SlurmJob, SlurmPlace, marked
from hpctl.services.slurm_job.where import SlurmWhere
from tests.unit.builders import NOW

AT = SlurmWhere("ml-cluster", SlurmPlace(Target("abcdefghijkl", "controller", "i-0")))
FOLDER = "/fsx/ubuntu/.hpctl/jobs/train-r1"


def a_job(**changes: Any) -> SlurmJob:
    """A job of two nodes that hpctl submitted, and that runs unless `changes` say otherwise."""
    usual = {"id": 7, "name": "train", "user": "ubuntu", "partition": "dev", "word": "RUNNING", "nodes": 2}
    comment = {"submitted": NOW, "comment": marked("r1", FOLDER), "hosts": ("ip-10-1-0-1", "ip-10-1-0-2")}
    return SlurmJob(**{**usual, **comment, **changes})


def a_submission(**changes: Any) -> SlurmSubmission:
    """A job of two nodes that is to be submitted."""
    usual: dict[str, Any] = {"run_id": "r1", "name": "train", "script": b"#!/bin/bash\n", "folder": FOLDER, "nodes": 2}
    return SlurmSubmission(**{**usual, **changes})
