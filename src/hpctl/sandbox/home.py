"""Where a sandbox keeps its state, and who holds it.

A running server holds an exclusive lock on a file that contains its process id. While the lock is held,
the process exists and is ours: no signal can ever reach a stranger that inherited the number.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

from hpctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True)
class SandboxState:
    """What a sandbox says about itself: written by its server once it answers, read by everybody else.

    `side_port` is where it answers whatever faults are in force; `token` opens its switchboard there.
    """

    name: str
    region: str
    account: str
    pace: float
    port: int
    pid: int
    started_at: str
    home: str
    seed: Mapping[str, str] = field(default_factory=dict)
    side_port: int = 0
    token: str = field(default="", repr=False)

    @property
    def endpoint(self) -> str:
        """The address for `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Home:
    """The private directory of one sandbox."""

    path: Path

    @property
    def journal(self) -> Path:
        """The journal of mutating requests."""
        return self.path / "journal.sqlite3"

    @property
    def faults(self) -> Path:
        """The faults in force on the way to it; those of clusters are in the journal."""
        return self.path / "faults.json"

    @property
    def log(self) -> Path:
        """What the server has printed since it was started."""
        return self.path / "server.log"

    @property
    def aws_config(self) -> Path:
        """The configuration file that clients are pointed at."""
        return self.path / "aws" / "config"

    @property
    def aws_credentials(self) -> Path:
        """The credentials file that clients are pointed at; it holds the sandbox's own keys and no others."""
        return self.path / "aws" / "credentials"

    @property
    def records(self) -> Path:
        """The folder of what hpctl remembers of this sandbox's clusters."""
        return self.path / "hpctl"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig that clients are pointed at: what they add to it goes with the sandbox."""
        return self.path / "kubeconfig"

    @property
    def kubernetes(self) -> Path:
        """Where the certificates of the Kubernetes endpoint are."""
        return self.path / "kubernetes"

    @property
    def nodes(self) -> Path:
        """Where the files of nodes' machines are."""
        return self.path / "nodes"

    def prepare(self) -> None:
        """Make the directories, for this user alone."""
        for directory in (self.path.parent, self.path, self.path / "aws"):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def read(self) -> SandboxState | None:
        """Return what the server wrote last, or None when there never was one, or one of another version."""
        try:
            return SandboxState(**json.loads(self._state.read_text()))
        except (FileNotFoundError, TypeError, ValueError):
            return None

    def write(self, state: SandboxState) -> None:
        """Replace the state in one step, so that nobody reads half of it."""
        replace_private(self._state, json.dumps(asdict(state), indent=2) + "\n")

    def acquire(self) -> int | None:
        """Take the lock; returns its descriptor (a child that inherits it holds the lock too), None when it is held."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.ftruncate(descriptor, 0)
        return descriptor

    def holder(self) -> int | None:
        """Return the process id of the running server, or None when there is none."""
        try:
            descriptor = os.open(self._lock, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.read(descriptor, 32) or 0) or None
        finally:
            os.close(descriptor)
        return None

    def delete(self) -> None:
        """Remove everything that the sandbox ever kept."""
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def _state(self) -> Path:
        return self.path / "sandbox.json"

    @property
    def _lock(self) -> Path:
        return self.path / "lock"


def home_of(name: str, environ: Mapping[str, str]) -> Home:
    """Return the home of the sandbox of this name; `HPCTL_SANDBOX_HOME` moves them all. Raises UsageError."""
    if not _NAME.fullmatch(name):
        message = f"`{name}` cannot be the name of a sandbox"
        raise UsageError(message, hint="use 1 to 32 of a-z, 0-9 and -, no - at either end")
    return Home(_root(environ) / name)


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def replace_private(path: Path, text: str) -> None:
    """Write such a file in one step, so that nobody reads half of it, however many write it."""
    descriptor, draft = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def names_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of all sandboxes that keep something."""
    root = _root(environ)
    found = root.iterdir() if root.is_dir() else ()
    return tuple(sorted(path.name for path in found if _NAME.fullmatch(path.name) and path.is_dir()))


def _root(environ: Mapping[str, str]) -> Path:
    if moved := environ.get("HPCTL_SANDBOX_HOME"):
        return Path(moved).absolute()
    from platformdirs import user_state_path

    return user_state_path("hpctl") / "sandbox"
