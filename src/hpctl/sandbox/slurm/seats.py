"""What HyperPod knows of Slurm clusters: their nodes by the places they hold, and what each is for.

A node's name in Slurm is made of its address, which outlives its instances: Slurm keeps a node that is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.sagemaker.lifecycle import SLURM_PARAMETERS, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.account import Account
    from hpctl.sandbox.dispatch import Moto
    from hpctl.sandbox.sagemaker.cluster import Cluster
    from hpctl.sandbox.sagemaker.models import HyperPodBackend
    from hpctl.sandbox.sagemaker.timeline import ClusterState, NodeState

CONTROLLER: Final = "Controller"
LOGIN: Final = "Login"
COMPUTE: Final = "Compute"
# The service uses one thread a core where a group does not say (EC2 data as `catalog` has them).
_DEFAULT_THREADS: Final = 1
# The machine of a node runs; who reboots, or has no instance yet, is `Pending`.
_UP: Final = frozenset({"DeepHealthCheckInProgress", "Failure", "Running", "SystemUpdating"})


@dataclass(frozen=True, slots=True)
class Role:
    """What the nodes of a group are for: `kind` is a NodeType of SlurmConfig."""

    kind: str
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlurmSeat:
    """A node of a Slurm cluster; `instance_id` is None while its seat waits for an instance.

    `action` is what HyperPod is about to do about a `fault` of it: `Reboot` or `Replace`.
    """

    address: str
    group: str
    role: Role
    instance_type: str
    threads_per_core: int
    instance_id: str | None
    up: bool
    fault: str | None
    action: str | None

    @property
    def name(self) -> str:
        """Its host name, and its NodeName: HyperPod makes both of its address."""
        return f"ip-{self.address.replace('.', '-')}"


@dataclass(frozen=True, slots=True)
class SlurmCluster:
    """A Slurm cluster with all seats that are to stay, in the order of the request."""

    id: str
    name: str
    arn: str
    region: str
    recovers: bool
    seats: tuple[SlurmSeat, ...]

    @property
    def controller(self) -> SlurmSeat | None:
        """The node of slurmctld; None where nobody has said which it is, and so there is no Slurm."""
        return next((seat for seat in self.seats if seat.role.kind == CONTROLLER), None)

    @property
    def workers(self) -> tuple[SlurmSeat, ...]:
        """The nodes that Slurm has: all but controllers."""
        return tuple(seat for seat in self.seats if seat.role.kind != CONTROLLER)


def look(moto: Moto) -> dict[str, SlurmCluster]:
    """Return the Slurm clusters of all Regions that are there, by their ids."""
    return {
        cluster.id: _cluster(backend, cluster, state)
        for backend in moto.hyperpods()
        for cluster, state in backend.living()
        if not cluster.eks and state.status != "Deleting"
    }


def roles(request: Mapping[str, Any], account: Account) -> dict[str, Role]:
    """Return what each group's nodes are for: as the request says, else as `provisioning_parameters.json` does."""
    groups = [*request.get("InstanceGroups", ()), *request.get("RestrictedInstanceGroups", ())]
    told = {group["InstanceGroupName"]: group["SlurmConfig"] for group in groups if group.get("SlurmConfig")}
    if told:
        return {name: Role(each["NodeType"], tuple(each.get("PartitionNames") or ())) for name, each in told.items()}
    for group in groups:
        source = Source.of(group)
        found = None if source is None else source.read(account, SLURM_PARAMETERS)
        if found is not None:
            return dict(_legacy(found))
    return {}


def _legacy(parameters: bytes) -> Iterator[tuple[str, Role]]:
    try:
        told = json.loads(parameters)
    except ValueError:
        return
    if not isinstance(told, Mapping):
        return
    yield str(told.get("controller_group")), Role(CONTROLLER)
    if told.get("login_group"):
        yield str(told["login_group"]), Role(LOGIN)
    for each in told.get("worker_groups") or ():
        partition = each.get("partition_name")
        yield str(each.get("instance_group_name")), Role(COMPUTE, (str(partition),) if partition else ())


def _cluster(backend: HyperPodBackend, cluster: Cluster, state: ClusterState) -> SlurmCluster:
    found = roles(state.request, backend.account())
    seats = tuple(_seat(node, found) for node in state.seats if not node.closing)
    recovers = state.request.get("NodeRecovery", "Automatic") == "Automatic"
    return SlurmCluster(cluster.id, cluster.name, cluster.arn, backend.region_name, recovers, seats)


def _seat(node: NodeState, found: Mapping[str, Role]) -> SlurmSeat:
    return SlurmSeat(
        address=node.seat.address,
        group=node.seat.group,
        role=found.get(node.seat.group, Role(COMPUTE)),
        instance_type=node.seat.instance_type,
        threads_per_core=node.spec.get("ThreadsPerCore", _DEFAULT_THREADS),
        instance_id=node.instance_id,
        up=node.instance_id is not None and node.status in _UP,
        fault=node.fault,
        action=node.action,
    )
