"""What the objects of a job are made from."""

from __future__ import annotations

from dataclasses import dataclass

from hpctl.compile.bundle import Payload
from hpctl.facts.placement import Placement
from hpctl.spec.job import JobSpec


@dataclass(frozen=True, slots=True)
class Making:
    """A job in the making: its wish, where it goes, and what goes along."""

    spec: JobSpec
    placement: Placement
    payload: Payload
