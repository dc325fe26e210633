"""The files of Slurm, written as HyperPod's cluster agent writes them, with what a sandbox wants otherwise.

Sources: slurm.conf(5), gres.conf(5), cgroup.conf(5) of Slurm 22.05; the layout is HyperPod's (partition `dev` with all
nodes, node names of addresses, the instance type as a feature). Nodes are configless: they ask slurmctld.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.errors import NotFoundError
from hpctl.terms import AcceleratorKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hpctl.sandbox.slurm.seats import SlurmCluster, SlurmSeat

ETC: Final = "/opt/slurm/etc"
"""Where slurm.conf is on the controller, and on no other node."""
LOGS: Final = "/var/log/slurm"
STATE: Final = "/var/spool/slurmctld"
PLUGIN: Final = "/opt/slurm/lib/sandbox/options.so"
CONTROLLER_PORT: Final = 6817
EVERYBODY: Final = "dev"
"""The partition of all nodes, which HyperPod makes the default."""
_MIB: Final = 1024
# Files of slurm.conf are read by Slurm's own words: nothing else may get in.
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Short times, for machines that come and go in seconds: a job that is requeued waits for `cred_expire`, 120 s where
# nobody says otherwise.
_SETTINGS: Final = f"""AuthType=auth/munge
AuthInfo=cred_expire=10
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort={CONTROLLER_PORT}
SlurmctldParameters=enable_configless
SlurmctldPidFile=/run/slurmctld.pid
SlurmctldLogFile={LOGS}/slurmctld.log
StateSaveLocation={STATE}
SlurmdPort=6818
SlurmdParameters=config_overrides
SlurmdPidFile=/run/slurmd.pid
SlurmdLogFile={LOGS}/slurmd.log
SlurmdSpoolDir=/var/spool/slurmd
LogTimeFormat=iso8601
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PriorityType=priority/basic
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0
JobCompType=jobcomp/filetxt
JobCompLoc={LOGS}/jobcomp.log
JobAcctGatherType=jobacct_gather/linux
GresTypes=gpu,neuron
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
InactiveLimit=0
KillWait=2
MinJobAge=3600
"""
ACCOUNTING: Final = "accounting.conf"
"""What lifecycle scripts write beside slurm.conf where they set a database up; without it there is no accounting."""
_CGROUPS: Final = "# No cgroup file system is mounted on the sandbox's nodes\nCgroupPlugin=cgroup/v1\n"


def written(cluster: SlurmCluster, *, plugin: bool, accounting: bool) -> dict[str, str]:
    """Return the files below the controller's configuration folder, by name.

    `plugin` and `accounting` say whether there are the plugin of srun, and the file of whoever set accounting up.
    """
    controller = cluster.controller
    if controller is None:
        return {}
    options = f"optional {PLUGIN}\n" if plugin else ""
    return {
        "slurm.conf": "".join(f"{line}\n" for line in _slurm(cluster, controller, accounting=accounting)),
        "gres.conf": "".join(f"{line}\n" for line in _gres(cluster.workers)),
        "cgroup.conf": _CGROUPS,
        "plugstack.conf": f"# Options of srun that HyperPod and pyxis bring\n{options}",
    }


def devices(seat: SlurmSeat) -> tuple[str, ...]:
    """Return the device files of a node's accelerators."""
    known = _known(seat)
    if known is None or known.accelerator_kind is AcceleratorKind.NONE:
        return ()
    stem = "nvidia" if known.accelerator_kind is AcceleratorKind.NVIDIA else "neuron"
    return tuple(f"/dev/{stem}{number}" for number in range(known.accelerator_count))


def _slurm(cluster: SlurmCluster, controller: SlurmSeat, *, accounting: bool) -> Iterator[str]:
    yield f"ClusterName={cluster.name.lower()}"
    yield f"SlurmctldHost={controller.name}({controller.address})"
    yield from _SETTINGS.splitlines()
    yield f"Include {ACCOUNTING}" if accounting else "AccountingStorageType=accounting_storage/none"
    for seat in cluster.workers:
        yield _node(seat)
    yield f"PartitionName={EVERYBODY} Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
    for name, seats in _partitions(cluster.workers).items():
        yield f"PartitionName={name} Nodes={','.join(seats)} Default=NO MaxTime=INFINITE State=UP"


def _node(seat: SlurmSeat) -> str:
    known = _known(seat)
    cores, memory = (1, _MIB) if known is None else (_cores(seat, known), int(known.memory_gib * _MIB))
    threads = 1 if known is None else _threads(seat, known)
    gres = f" Gres={_gres_name(seat)}:{len(devices(seat))}" if devices(seat) else ""
    shape = f"CPUs={cores * threads} Boards=1 SocketsPerBoard=1 CoresPerSocket={cores} ThreadsPerCore={threads}"
    return (
        f"NodeName={seat.name} NodeAddr={seat.address} {shape} RealMemory={memory}{gres} "
        f"Feature={seat.instance_type} State=UNKNOWN"
    )


def _cores(seat: SlurmSeat, known: InstanceType) -> int:
    # `vcpus` counts all threads that the type can have.
    return max(1, known.vcpus // max(known.threads_per_core or (_threads(seat, known),)))


def _threads(seat: SlurmSeat, known: InstanceType) -> int:
    return min(seat.threads_per_core, max(known.threads_per_core or (seat.threads_per_core,)))


def _gres(seats: Sequence[SlurmSeat]) -> Iterator[str]:
    yield "AutoDetect=off"
    for seat in seats:
        files = devices(seat)
        if files:
            stem = files[0].removesuffix("0")
            several = f"{stem}[0-{len(files) - 1}]" if len(files) > 1 else files[0]
            yield f"NodeName={seat.name} Name={_gres_name(seat)} File={several}"


def _gres_name(seat: SlurmSeat) -> str:
    known = _known(seat)
    return "gpu" if known and known.accelerator_kind is AcceleratorKind.NVIDIA else "neuron"


def _partitions(seats: Sequence[SlurmSeat]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for seat in seats:
        for name in seat.role.partitions:
            if name != EVERYBODY and _WORD.fullmatch(name) and name.upper() not in {"ALL", "DEFAULT"}:
                found.setdefault(name, []).append(seat.name)
    return found


def _known(seat: SlurmSeat) -> InstanceType | None:
    try:
        return instance_type(seat.instance_type)
    except NotFoundError:
        return None
