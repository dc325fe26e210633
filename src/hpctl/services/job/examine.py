"""A job's file as doctor examines it: what submitting it would create, judged, and nothing created."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hpctl.checks.catalogue import CHECKS
from hpctl.checks.declare import Check
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.local_files import LocalFiles
from hpctl.facts.ports import Ports
from hpctl.facts.records import Machine
from hpctl.facts.world import World
from hpctl.services.job.check import checks_of
from hpctl.services.job.prepare import Asked, job_target
from hpctl.services.job.where import Where
from hpctl.services.patient import Patient
from hpctl.spec.job import JobSpec
from hpctl.spec.job_wish import LoadedJob

_OF_THE_MACHINE: Final = tuple(one for one in CHECKS if one.target is Machine)
_SOME_VALUE: Final = "-"
"""Stands for the values of secrets: they come with the submission."""


def a_job(
    machine: Machine, loaded: LoadedJob, at: Where, asked: Asked, world: World, ports: Ports, files: LocalFiles
) -> Patient:
    """Return this machine and a job that would be submitted to a cluster, with the checks that it would stand.

    Raises:
        UsageError: local files cannot go along, or what the file asks for cannot be expressed.
        NotFoundError: the cluster does not know a kind of a manifest.
    """
    # The object says where it goes, and a bundle keeps facts alone: how the place was chosen is none.
    target = replace(job_target(loaded, at, with_values(asked, loaded), world, ports, files), placement=None)
    return Patient((machine, target.live, target), loaded.source.where, checks_about(target))


def checks_about(target: JobInCluster) -> tuple[Check, ...]:
    """Return the checks that doctor examines a job by: those of the machine, and those of a submission."""
    return (*_OF_THE_MACHINE, *checks_of(target))


def with_values(asked: Asked, loaded: LoadedJob) -> Asked:
    """Return how a job is asked for, its secrets having some value: nothing is sent."""
    names = loaded.wish.secrets if isinstance(loaded.wish, JobSpec) else ()
    return replace(asked, env={**dict.fromkeys(names, _SOME_VALUE), **asked.env})
