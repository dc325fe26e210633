"""What a job compiles to, and what is known by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hpctl.facts.jobs import ObjectKind
from hpctl.facts.placement import Placement

__all__ = ["Bundle", "Manifest", "Payload", "Placement"]


@dataclass(frozen=True, slots=True)
class Payload:
    """What goes along with a job and stands in no file.

    `secrets` are values by name, `archives` gzipped tars by the path that they are unpacked to (the working directory
    and local mounts). `run_id` names this submission, `seed` is 32 random bytes of its own: what its pods share and
    nobody else knows is derived from it. `submitted` is when, `context` the Kubernetes cluster that it goes to: scripts
    are told both.
    """

    run_id: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    archives: Mapping[str, bytes] = field(default_factory=dict, repr=False, hash=False)
    user: str = ""
    seed: bytes = field(default=b"", repr=False)
    submitted: datetime | None = None
    context: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object to create."""

    kind: ObjectKind
    body: Mapping[str, Any] = field(hash=False, repr=False)

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.body["metadata"]["name"])


@dataclass(frozen=True, slots=True)
class Bundle:
    """A job's objects in the order of creation: what its pods need, then the job itself, which comes to own them."""

    job: Manifest
    before: tuple[Manifest, ...] = ()
    notices: tuple[str, ...] = ()
