"""The kubeconfig that kubectl would write, and what is put into it (client-go `tools/clientcmd/api/v1`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class CurrentContext(StrEnum):
    """What a kubeconfig's `current-context` becomes when a cluster is added."""

    KEPT = "kept"
    """It stays; a kubeconfig that had no context at all gets the new one, as there is nothing to switch from."""
    SET = "set"
    """It is the new context."""


@dataclass(frozen=True, slots=True)
class KubeconfigEntry:
    """A cluster, a user and a context of a kubeconfig.

    `name` is that of the cluster and of the user; `command` is what kubectl runs for a token, `environment` what it
    sets for that beside what it inherits. `namespace` None leaves the context's as it is.
    """

    name: str
    context: str
    server: str
    certificate_authority: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class KubeconfigChange:
    """What became of a kubeconfig, or would: `changed` names the parts that are new or different.

    `path` is the file as the caller named it, `current` the current context afterwards, `entries` the parts by their
    kind as kubeconfigs have them, `warnings` what is to be said about the file.
    """

    path: str
    changed: tuple[str, ...]
    current: str | None
    entries: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Kubeconfig(Protocol):
    """The kubeconfig that kubectl would write. Both methods may raise `UsageError`, `SpecError` and `ConflictError`."""

    def planned(self, entry: KubeconfigEntry, current: CurrentContext) -> KubeconfigChange:
        """Return what adding the entry would change; the caller does nothing else with it."""
        ...

    def add(self, entry: KubeconfigEntry, current: CurrentContext) -> KubeconfigChange:
        """Add the entry, or bring it up to date; `LockedError` when another program does not let go of the file."""
        ...
