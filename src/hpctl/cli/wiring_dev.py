"""Where the ports of development pods meet adapters: the folder that is synced, and the files of ssh."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.facts.dev_ports import SshFiles, SyncedFolder


def ssh_files() -> SshFiles:
    """Return what ssh needs to reach development pods, in hpctl's records."""
    from hpctl.adapters.local.sshfiles import DevSshFiles

    return DevSshFiles(os.environ)


def synced_folder(path: str) -> SyncedFolder:
    """Return a folder of this machine that is synced; `UsageError` when there is none."""
    from hpctl.adapters.local.synced import Folder

    return Folder(Path(path).expanduser(), os.environ)


@contextmanager
def counting(session: Session) -> Iterator[Callable[[int], None]]:
    """Show the person how many bytes have been copied so far."""
    from hpctl.render.node_copies import CopyProgress

    progress = CopyProgress(session.terminal)
    try:
        yield progress.passed
    finally:
        progress.end()
