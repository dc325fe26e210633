"""What Slurm remembers of jobs: with accounting as lifecycle scripts set it up on a controller, and with none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from hpctl.sandbox.slurm.installed import SEARCHED
from tests.functional.sandbox.running import sandbox, until
from tests.functional.slurm.ready import SlurmCluster, created, require_slurm

_PROGRAMS: Final = {
    "slurmdbd": "slurmdbd",
    "mariadbd": "mariadb-server-core",
    "my_print_defaults": "mariadb-client-core",
}
_SOCKET: Final = "/run/accounting.sock"
# A slurmctld that asks before slurmdbd listens does not make itself known to it later.
START: Final = f"""MYSQL_UNIX_PORT={_SOCKET} slurmdbd
until (: </dev/tcp/localhost/6819) 2>/dev/null; do sleep 0.05; done
"""
STOP: Final = 'kill "$(cat /run/slurmdbd.pid)"'
# The controller forgets a job as soon as it can: whatever is told of one later is the accounting's.
_SET_UP: Final = f"""set -eu
mkdir -p /var/lib/accounting
mariadb-install-db --no-defaults --user=root --datadir=/var/lib/accounting \\
  --auth-root-authentication-method=normal --skip-test-db >/dev/null
setsid mariadbd --no-defaults --user=root --datadir=/var/lib/accounting --socket={_SOCKET} --skip-networking \\
  </dev/null >/var/log/accounting.log 2>&1 &
printf '%s\\n' AuthType=auth/munge DbdHost=localhost SlurmUser=root StorageType=accounting_storage/mysql \\
  StorageHost=localhost StorageUser=root StorageLoc=slurm_acct_db LogFile=/var/log/slurm/slurmdbd.log \\
  PidFile=/run/slurmdbd.pid >/etc/slurm/slurmdbd.conf
chmod 600 /etc/slurm/slurmdbd.conf
until mariadb --no-defaults --user=root --socket={_SOCKET} --execute='select 1' >/dev/null 2>&1; do sleep 0.05; done
{START}
printf '%s\\n' AccountingStorageType=accounting_storage/slurmdbd AccountingStorageHost=localhost MinJobAge=2 \\
  >/etc/slurm/accounting.conf
kill "$(cat /run/slurmctld.pid)"
"""
_NO_MEMORY: Final = """set -eu
printf '%s\\n' AccountingStorageType=accounting_storage/none MinJobAge=12 >/etc/slurm/accounting.conf
kill "$(cat /run/slurmctld.pid)"
"""
_LOOK: Final = """sacctmgr --noheader show cluster 2>&1; echo --
tail --lines=8 /var/log/slurm/slurmdbd.log; echo --; tail --lines=8 /var/log/slurm/slurmctld.log
"""


def require_accounting() -> None:
    """Skip where slurmdbd or MariaDB is missing; in CI on Linux that is a failure."""
    require_slurm()
    packages = [package for program, package in _PROGRAMS.items() if shutil.which(program, path=SEARCHED) is None]
    if not packages:
        return
    why = f"slurmdbd cannot run: apt-get install --no-install-recommends {' '.join(packages)}"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def accounted(folder: Path) -> Iterator[SlurmCluster]:
    """A cluster of its own whose jobs are accounted, and forgotten by its controller after two seconds."""
    require_accounting()
    with sandbox(folder) as running:
        cluster = created(running, "accounted")
        cluster.says("bash", "-c", _SET_UP)
        # The next session brings slurmctld back, which then knows of it.
        until(lambda: cluster.run("bash", "-c", _LOOK).stdout, lambda told: b" accounted " in told.split(b"--", 1)[0])
        yield cluster


@contextmanager
def forgetful(folder: Path) -> Iterator[SlurmCluster]:
    """A cluster of its own whose controller forgets jobs after twelve seconds, and nobody else knows of them."""
    require_slurm()
    with sandbox(folder) as running:
        cluster = created(running, "forgetful")
        cluster.says("bash", "-c", _NO_MEMORY)
        until(
            lambda: cluster.run("scontrol", "show", "config").stdout,
            lambda told: b"MinJobAge               = 12 " in told,
        )
        yield cluster
