"""The commands that change something, each with the account and the files that it begins with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path
from typing import Any

from hpctl.errors import ExitCode
from tests.faults.inprocess import Command
from tests.faults.inside import Kept
from tests.functional.cli import specs

NAME = "a"
_WISH, _CHANGE, _PLAN = "cluster.yaml", "changed.yaml", "plan.json"
_PLANNED = ("cluster", "plan", "--out", _PLAN, "-f")


class Scope(StrEnum):
    """Which calls of a command are struck; the others are the same calls of the same code as in another command."""

    ALL = auto()
    BUT_SHARED_READS = auto()
    """All but the reads of its checks that both orchestrators need."""
    AFTER_THE_CHECKS = auto()
    """All but the reads of its checks: these judge in the first run, and their verdict is kept."""
    CHANGES = auto()
    """Those that change something."""


@dataclass(frozen=True)
class Mutating:
    """A command that changes something; `before` are the commands whose end it begins with."""

    label: str
    spec: Callable[..., specs.Spec]
    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    scope: Scope = Scope.ALL

    @property
    def file(self) -> str:
        """The name of what is recorded of it."""
        return self.label.replace(" ", "-").replace(",", "") + ".json"


_CREATE = ("cluster", "create", "-f", _WISH, "--yes")
_UPDATE = ("cluster", "update", "-f", _CHANGE, "--yes")
_SOFTWARE = ("cluster", "update-software", NAME, "--yes")
_DELETE = ("cluster", "delete", NAME, "--yes")
_SAVED_CREATE = ("cluster", "create", "--plan", _PLAN, "--yes")
_SAVED_UPDATE = ("cluster", "update", "--plan", _PLAN, "--yes")

CREATE_SLURM = Mutating("create, Slurm", specs.slurm, _CREATE)
CREATE_EKS = Mutating("create, EKS", specs.eks, _CREATE, scope=Scope.BUT_SHARED_READS)
UPDATE_SLURM = Mutating("update, Slurm", specs.slurm, _UPDATE, (_CREATE,), Scope.AFTER_THE_CHECKS)
UPDATE_EKS = Mutating("update, EKS", specs.eks, _UPDATE, (_CREATE,), Scope.AFTER_THE_CHECKS)
SOFTWARE_SLURM = Mutating("update-software, Slurm", specs.slurm, _SOFTWARE, (_CREATE,))
SOFTWARE_EKS = Mutating("update-software, EKS", specs.eks, _SOFTWARE, (_CREATE,), Scope.CHANGES)
DELETE_SLURM = Mutating("delete, Slurm", specs.slurm, _DELETE, (_CREATE,))
DELETE_EKS = Mutating("delete, EKS", specs.eks, _DELETE, (_CREATE,), Scope.CHANGES)
SAVED_CREATE = Mutating("create of a saved plan, EKS", specs.eks, _SAVED_CREATE, ((*_PLANNED, _WISH),))
SAVED_CREATE_SLURM = Mutating("create of a saved plan, Slurm", specs.slurm, _SAVED_CREATE, ((*_PLANNED, _WISH),))
SAVED_UPDATE = Mutating("update of a saved plan, Slurm", specs.slurm, _SAVED_UPDATE, (_CREATE, (*_PLANNED, _CHANGE)))
ALL = (
    CREATE_SLURM, CREATE_EKS, UPDATE_SLURM, UPDATE_EKS, SOFTWARE_SLURM, SOFTWARE_EKS, DELETE_SLURM, DELETE_EKS,
    SAVED_CREATE, SAVED_UPDATE,
)  # fmt: skip


@dataclass(frozen=True)
class Start:
    """Where a command begins: the account, and a folder with the specs, plans and records of this machine."""

    account: Kept
    folder: Path

    def again(self, hpctl: Command, folder: Path) -> None:
        """Bring the account back, and copies of the files to `folder`, which stays the folder it is."""
        hpctl.sandbox.reset(self.account)
        for old in folder.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)


def prepare(command: Mutating, hpctl: Command, folder: Path, kept: Path) -> Start:
    """Run what comes before the command in `folder`, the current one with hpctl's records in it; keep it in `kept`."""
    specs.write(folder, command.spec(NAME, tags={"team": "one", "stage": "test"}), _WISH)
    specs.write(folder, _changed(command), _CHANGE)
    for words in command.before:
        ended = hpctl(*words)
        assert ended.code == ExitCode.OK, ended
    shutil.copytree(folder, kept)
    return Start(hpctl.sandbox.keep(), kept)


def _changed(command: Mutating) -> dict[str, Any]:
    """One group grows, a tag goes and a tag comes: every call that an update can make."""
    spec = command.spec(NAME, tags={"team": "two"})
    spec["instance_groups"][-1]["count"] += 1
    return spec
