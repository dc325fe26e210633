"""Where a cluster's Slurm keeps its files on this machine, and where its nodes see them."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.home import replace_private
from hpctl.sandbox.kube.kubelet.runtime.rootfs import Bind
from hpctl.sandbox.slurm.config import ACCOUNTING, ETC, LOGS, PLUGIN, STATE
from hpctl.sandbox.slurm.seats import CONTROLLER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hpctl.sandbox.slurm.seats import SlurmSeat

_KEY_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Places:
    """The folders below a cluster's own `folder`: they outlive its machines, and the sandbox's runs."""

    folder: Path

    @property
    def etc(self) -> Path:
        """The controller's configuration."""
        return self.folder / "etc"

    @property
    def state(self) -> Path:
        """What slurmctld must not forget."""
        return self.folder / "state"

    @property
    def log(self) -> Path:
        """The controller's logs."""
        return self.folder / "log"

    @property
    def accounting(self) -> bool:
        """Whether somebody has set accounting up on the controller."""
        return (self.etc / ACCOUNTING).is_file()

    def prepare(self) -> None:
        """Make the folders, and the key that all munged of the cluster share."""
        for name in ("etc", "none", "log", "state", "munge"):
            made = self.folder / name
            made.mkdir(parents=True, exist_ok=True)
            made.chmod(0o700 if name in {"state", "munge"} else 0o755)
        key = self.folder / "munge" / "munge.key"
        if not key.exists():
            partly = key.with_suffix(".new")
            with os.fdopen(os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as to:
                to.write(secrets.token_bytes(_KEY_BYTES))
            partly.replace(key)

    def write(self, files: Mapping[str, str]) -> bool:
        """Write the configuration; returns whether it was another before, which is not so of the first one."""
        before = {name: self._read(name) for name in files}
        for name, text in files.items():
            if before[name] != text:
                replace_private(self.etc / name, text)
                (self.etc / name).chmod(0o644)
        return any(before[name] not in {None, text} for name, text in files.items())

    def binds(self, seat: SlurmSeat, plugin: Path | None) -> Iterator[Bind]:
        """Yield what a node sees of it: the configuration is on the controller alone."""
        controls = seat.role.kind == CONTROLLER
        yield self._bind("etc" if controls else "none", "/etc/slurm")
        yield self._bind("munge", "/etc/munge")
        if controls:
            yield self._bind("etc", ETC)
            yield self._bind("state", STATE)
            yield self._bind("log", LOGS)
        if plugin is not None:
            yield Bind(str(plugin), str(Path(PLUGIN).parent), str(plugin), writable=False)

    def _bind(self, name: str, target: str) -> Bind:
        return Bind(str(self.folder / name), target, str(self.folder), writable=True)

    def _read(self, name: str) -> str | None:
        try:
            return (self.etc / name).read_text()
        except FileNotFoundError:
            return None
