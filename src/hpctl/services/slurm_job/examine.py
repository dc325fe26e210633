"""A job's file as doctor examines it for a Slurm cluster: what submitting it would send, judged, and nothing sent."""

from __future__ import annotations

from typing import Final

from hpctl.checks.catalogue import CHECKS
from hpctl.checks.declare import Check
from hpctl.facts.local_files import LocalFiles
from hpctl.facts.ports import Ports
from hpctl.facts.records import Machine
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.services.job.examine import with_values
from hpctl.services.job.prepare import Asked
from hpctl.services.patient import Patient
from hpctl.services.slurm_job.judge import checks_of
from hpctl.services.slurm_job.prepare import target_on_slurm
from hpctl.services.slurm_job.where import SlurmWhere
from hpctl.spec.job_wish import LoadedJob

_OF_THE_MACHINE: Final = tuple(one for one in CHECKS if one.target is Machine)


def a_job_on_slurm(
    machine: Machine, loaded: LoadedJob, at: SlurmWhere, asked: Asked, ports: Ports, files: LocalFiles
) -> Patient:
    """Return this machine and a job that would be submitted to a cluster, with the checks that it would stand.

    Raises `UsageError` where local files cannot go along, or what the file asks for does not go with Slurm.
    """
    target = target_on_slurm(loaded, at, with_values(asked, loaded), ports, files)
    return Patient((machine, target), loaded.source.where, checks_about(target))


def checks_about(target: JobOnSlurm) -> tuple[Check, ...]:
    """Return the checks that doctor examines a job by: those of the machine, and those of a submission."""
    return (*_OF_THE_MACHINE, *checks_of(target))
