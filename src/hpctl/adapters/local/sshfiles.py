"""What ssh needs to reach development pods, in hpctl's records: the port `facts.dev_ports.SshFiles`."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hpctl.adapters.local.planfile import Saved, write
from hpctl.adapters.local.private import in_words, make_folder, open_file, records_home
from hpctl.errors import UsageError

_FILE: Final = Saved("configuration of ssh", "write another one: hpctl dev up NAME", 1024 * 1024)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Let one program after the other in: several connections may be the first."""
    descriptor = open_file(file, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class DevSshFiles:
    """A folder `dev` of the records: the key pair, and below `ssh` two files a host."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """Keep them where `env` says; nothing is made before it is needed."""
        self._folder = records_home(env) / "dev"

    @property
    def identity(self) -> str:
        """The path of the private key."""
        return str(self._folder / "id_ed25519")

    def public_key(self) -> str:
        """Return the public key; the pair is made when it is needed first."""
        made = Path(f"{self.identity}.pub")
        with in_words(made):
            make_folder(self._folder)
            with _alone(self._folder / "id_ed25519.lock"):
                if not made.exists():
                    self._make_pair()
            return made.read_text(encoding="ascii").strip()

    def known_hosts(self, alias: str) -> str:
        """Return the path of the file with the key of a host."""
        return str(self._file(alias, "known_hosts"))

    def know(self, alias: str, key: str) -> None:
        """Remember the key of a host, in place of the one before."""
        self._write(self._file(alias, "known_hosts"), f"{alias} {key}\n")

    def write(self, alias: str, text: str) -> str:
        """Write the entry of a host and return the line by which ~/.ssh/config has all of them."""
        self._write(self._file(alias, "conf"), text)
        every = str(self._folder / "ssh" / "*.conf")
        return f'Include "{every}"' if " " in every else f"Include {every}"

    def config(self, alias: str) -> str:
        """Return the path of the entry of a host."""
        return str(self._file(alias, "conf"))

    def remove(self, alias: str) -> None:
        """Forget a host."""
        for kind in ("conf", "known_hosts"):
            with in_words(self._file(alias, kind)):
                self._file(alias, kind).unlink(missing_ok=True)

    def _file(self, alias: str, kind: str) -> Path:
        return self._folder / "ssh" / f"{alias}.{kind}"

    def _write(self, file: Path, text: str) -> None:
        with in_words(file):
            make_folder(file.parent)
            if file.exists() and file.read_text(encoding="utf-8") == text:
                return
        write(file, text, _FILE)

    def _make_pair(self) -> None:
        """Make the pair beside its place; the public key comes last, and says that both are there."""
        program = shutil.which("ssh-keygen")
        if program is None:
            raise UsageError(
                "there is no `ssh-keygen` on this machine, and ssh needs a key",
                hint="install OpenSSH's client: apt-get install openssh-client, or dnf install openssh-clients",
            )
        beside = self._folder / f".key.{os.getpid()}"
        argv = [program, "-q", "-t", "ed25519", "-N", "", "-C", "hpctl-dev", "-f", str(beside)]
        ended = subprocess.run(argv, check=False, capture_output=True, stdin=subprocess.DEVNULL)
        if ended.returncode:
            said = ended.stderr.decode("utf-8", "replace").strip()
            raise UsageError(f"`ssh-keygen` made no key: {said}", hint="is the disk full?")
        beside.replace(self.identity)
        Path(f"{beside}.pub").replace(f"{self.identity}.pub")
