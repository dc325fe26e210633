"""The daemons of Slurm on one node's machine: started, asked, ended."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.slurm.config import CONTROLLER_PORT, LOGS

if TYPE_CHECKING:
    from hpctl.sandbox.nodes.machine import Daemon, Machine, Ran

_AGAIN_AFTER_S: Final = 0.03
_END_WITHIN_S: Final = 5.0
# Its socket is where the clients look for it. It returns when it answers.
_MUNGE: Final = f"""set -e
mkdir -p /run/munge /var/log/munge /var/lib/munge /var/spool/slurmd {LOGS}
[ -S /run/munge/munge.socket.2 ] && munge -n >/dev/null 2>&1 || munged --force --key-file=/etc/munge/munge.key \\
  --socket=/run/munge/munge.socket.2 --pid-file=/run/munge/munged.pid --log-file=/var/log/munge/munged.log \\
  --seed-file=/var/lib/munge/munged.seed
"""
_CONTROLLER: Final = f"{_MUNGE}exec slurmctld -D\n"
_WORKER: Final = f'{_MUNGE}exec slurmd -D --conf-server "$1"\n'
_TERMINATE: Final = 'kill -TERM "$(cat "$1")"'


async def start_controller(machine: Machine) -> Daemon:
    """Start slurmctld, and return when it answers or has ended."""
    daemon = await machine.start(("/bin/sh", "-c", _CONTROLLER), name="slurmctld")
    while not daemon.ended.done() and not await _answers(machine):  # noqa: ASYNC110  other processes
        await asyncio.sleep(_AGAIN_AFTER_S)
    return daemon


async def start_worker(machine: Machine, controller: str) -> Daemon:
    """Start slurmd, which asks the controller at an address for its configuration."""
    words = ("/bin/sh", "-c", _WORKER, "slurmd", f"{controller}:{CONTROLLER_PORT}")
    return await machine.start(words, name="slurmd")


async def stop_controller(machine: Machine, daemon: Daemon) -> None:
    """Have slurmctld save its state and end; jobs go on."""
    await machine.run(("/bin/sh", "-c", _TERMINATE, "sh", "/run/slurmctld.pid"))
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_WITHIN_S):
            await asyncio.shield(daemon.ended)
    daemon.kill()


async def ask(machine: Machine, *words: str) -> Ran:
    """Run one of Slurm's commands on the controller."""
    return await machine.run(words, environment={"SLURM_TIME_FORMAT": "standard"})


async def _answers(machine: Machine) -> bool:
    with await machine.socket() as wire:
        try:
            async with asyncio.timeout(1):
                await asyncio.get_running_loop().sock_connect(wire, (machine.node.address, CONTROLLER_PORT))
        except (OSError, TimeoutError):
            return False
        with suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
        return True
