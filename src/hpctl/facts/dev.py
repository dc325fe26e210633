"""Development pods: what somebody wants of one, and by which objects of Kubernetes it is known.

A development pod is a Job of its name. What outlives the Job while the pod is stopped is a ConfigMap with the wish, and
the claim of the working directory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

DEV_LABEL: Final = "hpctl/dev"
"""Label of all objects of a development pod: its name."""

WISH_KEY: Final = "wish"
USER_KEY: Final = "user"
FOLDER: Final = "/workdir"
"""The working directory in the pod."""

SSH_PORT: Final = 46522
"""Where the pod's sshd listens, on its loopback alone: a port that no image's own sshd has."""

DEFAULT_NAME: Final = "dev"


class DevState(StrEnum):
    """Where a development pod is: the states of a Job, and what is between two of them."""

    QUEUED = "Queued"
    PENDING = "Pending"
    RUNNING = "Running"
    STOPPED = "Stopped"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class DevWish:
    """What a development pod is to have.

    `memory_gib` and `cpus` are requests; None takes the share of the accelerators. `idle_stop_s` is after how long
    without use it stops, None is never. `claim` holds the working directory, in its folder `claim_folder` ("" is its
    root); None keeps it in the pod, with which it goes. `claim_gib` is the size of a claim that is the pod's own.
    """

    name: str
    accelerators: str | None = None
    instance_type: str | None = None
    image: str | None = None
    cpus: float | None = None
    memory_gib: float | None = None
    idle_stop_s: int | None = None
    queue: str | None = None
    priority: str | None = None
    claim: str | None = None
    claim_folder: str = ""
    claim_gib: int | None = None
    storage_class: str | None = None

    @property
    def text(self) -> str:
        """The wish as its record keeps it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, text: str) -> DevWish:
        """Return the wish of a record; members of a later hpctl are passed over. Raises `ValueError`, `TypeError`."""
        known = {field.name for field in fields(cls)}
        found: Mapping[str, Any] = json.loads(text)
        return cls(**{name: value for name, value in found.items() if name in known})


@dataclass(frozen=True, slots=True)
class DevRecord:
    """A development pod as its ConfigMap tells; `user` is who made it."""

    namespace: str
    wish: DevWish
    user: str
    uid: str
    created: datetime
