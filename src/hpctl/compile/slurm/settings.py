"""What the scripts of a job on Slurm are told: few values, all of hpctl's own."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

from hpctl.catalog.instance_types import InstanceType
from hpctl.compile.bundle import Payload
from hpctl.compile.scripts import failure_of, task_id
from hpctl.compile.slurm.mounts import WORK_FOLDER
from hpctl.facts.placement import Placement
from hpctl.facts.slurm_site import SlurmSite
from hpctl.spec.job import JobSpec
from hpctl.terms import AcceleratorKind


def settings(spec: JobSpec, placement: Placement, payload: Payload, site: SlurmSite) -> str:
    """Return `settings.sh`: assignments that bash reads."""
    values = {
        "contract": spec.contract.value,
        "nodes": str(spec.nodes),
        "devices": str(placement.devices),
        "processes": str(placement.processes),
        "retries": str(spec.resume.max_retries if spec.resume else 0),
        "failure": failure_of(spec),
        "task_id": task_id(spec.name, payload.submitted or datetime.fromtimestamp(0, UTC)),
        "cluster_info": json.dumps(
            {"cluster_name": spec.name, "cloud": "Slurm", "region": site.cluster, "zone": site.partition}
        ),
        "user": payload.user,
        "place": WORK_FOLDER[spec.contract],
    }
    return "".join(f"hpctl_{name}={shlex.quote(value)}\n" for name, value in values.items())


def fabric(kind: InstanceType | None, spec: JobSpec) -> str:
    """Return the defaults for EFA, NCCL and Neuron on nodes of a type: what the job itself sets stays.

    A job of one node needs none. Source: AWS's samples for EFA and Trainium; scripts run beside the node's own
    interfaces here, and bridges of containers are none to talk over.
    """
    if kind is None or spec.nodes == 1 or not kind.has_efa:
        return ""
    return "".join(f"export {name}=${{{name}-{shlex.quote(value)}}}\n" for name, value in _fabric(kind))


def _fabric(kind: InstanceType) -> Iterator[tuple[str, str]]:
    without = "^docker,lo,veth"
    if kind.accelerator_kind is AcceleratorKind.NEURON:
        yield from (("FI_PROVIDER", "efa"), ("FI_EFA_USE_DEVICE_RDMA", "1"), ("FI_EFA_FORK_SAFE", "1"))
        yield "CCOM_SOCKET_IFNAME", without
    elif kind.accelerator_kind is AcceleratorKind.NVIDIA:
        yield from (("FI_PROVIDER", "efa"), ("NCCL_SOCKET_IFNAME", without))
