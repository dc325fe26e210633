"""Jobs as Slurm tells of them: frozen rows, in its words.

Source: the manual pages squeue(1), "JOB STATE CODES" and "JOB REASON CODES", scontrol(1) and sacct(1), 20.11 to 24.11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from hpctl.facts.jobs import JobState
from hpctl.facts.session_ports import Target

STATES: Final = MappingProxyType(
    {
        "PENDING": JobState.PENDING,
        "CONFIGURING": JobState.PENDING,
        "POWER_UP_NODE": JobState.PENDING,
        "EXPEDITING": JobState.PENDING,
        "RESV_DEL_HOLD": JobState.PENDING,
        "REQUEUE_HOLD": JobState.PENDING,
        "REQUEUE_FED": JobState.PENDING,
        "SPECIAL_EXIT": JobState.PENDING,
        "REQUEUED": JobState.RESTARTING,
        "SUSPENDED": JobState.QUEUED,
        "STOPPED": JobState.QUEUED,
        "RUNNING": JobState.RUNNING,
        "COMPLETING": JobState.RUNNING,
        "RESIZING": JobState.RUNNING,
        "SIGNALING": JobState.RUNNING,
        "STAGE_OUT": JobState.RUNNING,
        "UPDATE_DB": JobState.RUNNING,
        "COMPLETED": JobState.SUCCEEDED,
        "FAILED": JobState.FAILED,
        "TIMEOUT": JobState.FAILED,
        "NODE_FAIL": JobState.FAILED,
        "BOOT_FAIL": JobState.FAILED,
        "OUT_OF_MEMORY": JobState.FAILED,
        "DEADLINE": JobState.FAILED,
        "PREEMPTED": JobState.FAILED,
        "LAUNCH_FAILED": JobState.FAILED,
        "RECONFIG_FAIL": JobState.FAILED,
        "LOST": JobState.FAILED,
        "FORGOTTEN": JobState.UNKNOWN,
        "CANCELLED": JobState.CANCELLED,
        "REVOKED": JobState.CANCELLED,
    }
)
"""Every state that Slurm has a word for. One that is held or requeued waits; one that ends has not ended.

Two are hpctl's, of jobs that Slurm has forgotten: `LOST` is one whose scripts would have written its end down and did
not, `FORGOTTEN` one whose script writes none, so that nothing tells how it ended.
"""

_MARK: Final = re.compile(
    r"hpctl run-id=(?P<run_id>\S+) folder=(?P<folder>/.*?)(?: comment=(?P<comment>.*))?", re.DOTALL
)
"""What hpctl writes into the comment of a job that it submits."""


def marked(run_id: str, folder: str, comment: str = "") -> str:
    """Return the comment of a job that hpctl submits: what it is recognised by, and the comment of its author."""
    return f"hpctl run-id={run_id} folder={folder}" + (f" comment={comment}" if comment else "")


@dataclass(frozen=True, slots=True)
class SlurmPlace:
    """Where jobs of a Slurm cluster are looked after: its controller, as which user, and what all nodes share.

    `shared` is the folder of that user on the shared file system, absolute: `/fsx/ubuntu`.
    """

    controller: Target
    user: str = "ubuntu"
    shared: str = "/fsx/ubuntu"

    @property
    def jobs(self) -> str:
        """The folder in which every job that hpctl submits has one of its own."""
        return f"{self.shared}/.hpctl/jobs"


@dataclass(frozen=True, slots=True)
class SlurmJob:
    """One job. `id` is Slurm's own number; an array's task has its `array_task` (`7_3`) beside it, else "".

    An array is the job of that number with its `tasks`: its state is theirs taken together, and it has no `hosts`. So
    is a heterogeneous job with its components (`7+1`).

    `word` is Slurm's word for its state, `reason` why it waits or how it ended ("" where Slurm says `None`). `hosts`
    are the nodes that it has or had, in Slurm's order: the place of one is the node's rank. `exit_code` and `signal`
    are the batch script's, None as long as it has not ended or where nobody knows any more. `restarts` counts requeues.
    `stdout` and `stderr` are the paths of the batch script's output, with Slurm's patterns filled in as far as Slurm
    does that. `failed_rank` and `failed_phase` are what the scripts of hpctl's own jobs wrote down of their failure.
    """

    id: int
    name: str
    user: str
    partition: str
    word: str
    nodes: int
    submitted: datetime
    reason: str = ""
    hosts: tuple[str, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    signal: int | None = None
    restarts: int = 0
    array_task: str = ""
    comment: str = ""
    work_dir: str = ""
    stdout: str = ""
    stderr: str = ""
    qos: str = ""
    failed_rank: int | None = None
    failed_phase: str = ""
    tasks: tuple[SlurmJob, ...] = ()

    @property
    def state(self) -> JobState:
        """Where it is, in one word for both orchestrators; a state that is not known yet has not ended."""
        found = STATES.get(self.word, JobState.RUNNING)
        return JobState.RESTARTING if found is JobState.PENDING and self.restarts else found

    @property
    def run_id(self) -> str:
        """The submission of hpctl that made it, "" for another's."""
        found = _MARK.fullmatch(self.comment)
        return found["run_id"] if found else ""

    @property
    def folder(self) -> str:
        """The folder that hpctl made for it on the shared file system, "" for another's."""
        found = _MARK.fullmatch(self.comment)
        return found["folder"] if found else ""

    @property
    def remark(self) -> str:
        """The comment of its author."""
        found = _MARK.fullmatch(self.comment)
        return (found["comment"] or "") if found else self.comment

    @property
    def parts(self) -> str:
        """What `tasks` are called."""
        return "components" if any("+" in task.array_task for task in self.tasks) else "tasks"

    @property
    def reference(self) -> str:
        """What names this job and no other in a command."""
        return self.array_task or str(self.id)
