"""Whether HyperPod's auto-resume can do what a script asks of it.

Source: AWS documentation, "Automatic node recovery and auto-resume" of HyperPod on Slurm; on nodes with generic
resources the job is requeued.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, warn
from hpctl.checks.sbatch_calls import at, of, options, own
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.sbatch import SbatchScript
from hpctl.spec.slurm_time import minutes_of

_GUARD: Final = "/opt/sagemaker_cluster"
_LEAST_MINUTES: Final = 120
"""What a replacement of a node and the start after it take (AWS documentation)."""


@check("sbatch-auto-resume", "auto-resume has what it needs", blocking=False)
def auto_resume(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """`srun --auto-resume=1` lets HyperPod replace a faulty node and go on.

    It is an option of srun on HyperPod's nodes alone: a script that is also for others asks first whether
    `/opt/sagemaker_cluster` is there. It wants the nodes without other jobs (`--exclusive`), a job that may be
    requeued, and time enough for a replacement.
    """
    script = own(job)
    found = (
        next(((line, value) for line, value in options(script, "auto-resume") if value != "0"), None)
        if script
        else None
    )
    if script is None or found is None:
        return
    line = found[0]
    if _GUARD not in script.text:
        message = "`--auto-resume` is known to srun on HyperPod alone, and fails elsewhere"
        yield warn(at(script, line), message, remedy=f'[ ! -d {_GUARD} ] || AUTO_RESUME="--auto-resume=1"')
    if script.last("exclusive") is None:
        message = "auto-resume needs nodes without other jobs"
        yield warn(at(script, line), message, remedy="#SBATCH --exclusive")
    if (barred := script.last("no-requeue")) is not None:
        message = "auto-resume requeues jobs with GPUs, which this forbids"
        yield warn(of(script, barred), message, remedy="#SBATCH --requeue")
    yield from _short(script)


def _short(script: SbatchScript) -> Iterator[Finding]:
    limit = script.last("time")
    minutes = minutes_of(limit.value or "") if limit else None
    if limit and minutes is not None and minutes < _LEAST_MINUTES:
        message = f"a time limit of {minutes:g} minutes leaves no time for the replacement of a node"
        yield warn(of(script, limit), message, remedy=f"#SBATCH --time={_LEAST_MINUTES}  # minutes, or more")
