"""SkyPilot on this machine, as a port: an environment of its own, its configuration, and its own check.

Source: SkyPilot 0.14.1 (`sky/skypilot_config.py`, `sky/clouds/kubernetes.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

VERSION: Final = "0.14.1"
"""The release that hpctl is tested with; its environment holds this one and no other."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file as it is and as it is to be, `before` empty where it is not there yet."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SkyVerdict:
    """What SkyPilot's check of Kubernetes says.

    `reason` is why no context is usable at all (empty otherwise). `contexts` has, for each allowed context, whether it
    is enabled and in which words; `accelerators` how many it counts of each kind in the context asked for, and how
    many of them are free, or None where it counts none, with the reason in `uncounted`.
    """

    reason: str = ""
    contexts: Mapping[str, tuple[bool, str]] = field(default_factory=dict)
    accelerators: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    uncounted: str = ""


class SkyPilot(Protocol):
    """SkyPilot on this machine."""

    @property
    def environment(self) -> str:
        """The folder of its environment, there or not."""
        ...

    @property
    def installed(self) -> bool:
        """Whether the environment is whole."""
        ...

    def install(self) -> None:
        """Make the environment; `UnavailableError` says what the installer said."""
        ...

    def allowed(self, context: str, current: str | None, patience_s: int) -> FileChange:
        """Return the person's configuration with a context allowed; what it says already stays.

        Where it names no contexts, the `current` one stays allowed, too; `patience_s` is how long pods may wait where
        it says nothing of that. Raises `SpecError` for a file that cannot be read as one of SkyPilot's.
        """
        ...

    def beside(self, name: str, text: str) -> FileChange:
        """Return a file of hpctl's beside that configuration, as it is and as it is to be."""
        ...

    def write(self, change: FileChange) -> None:
        """Write a file whole or not at all; `ConflictError` when it is not as it was any more."""
        ...

    def check(self, context: str) -> SkyVerdict:
        """Let SkyPilot judge the contexts that it is allowed; `UnavailableError` when it does not get so far."""
        ...
