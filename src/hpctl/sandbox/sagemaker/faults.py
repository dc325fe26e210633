"""What goes wrong with the nodes of a group after a request was accepted: one small function a rule.

The rules stand in the order of a node's life, and the first that finds something is the group's fault. What a
run of its scripts says comes later, by `models`. Beside them stand the faults that somebody puts in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.account import has_efa
from hpctl.sandbox.quotas import table
from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.cluster import Fault, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hpctl.sandbox.account import Account, Subnet

_INTERFACE_ACTIONS = ("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission")

# Lustre's first port and its last ones, NFS's only one (Amazon FSx user guides, security groups).
_MOUNTS = MappingProxyType(
    {
        "FsxLustreConfig": ("LUSTRE", "mount.lustre", (988, 1018, 1023)),
        "FsxOpenZfsConfig": ("OPENZFS", "mount.nfs4", (2049,)),
    }
)

_KEY_ACTIONS = ("kms:CreateGrant", "kms:DescribeKey")


class Kind(StrEnum):
    """What somebody can put in; all but HARDWARE strike nodes that come up, HARDWARE those that run."""

    NO_CAPACITY = "no-capacity"
    EFA = "efa"
    LIFECYCLE = "lifecycle"
    HARDWARE = "hardware"


@dataclass(frozen=True)
class Injected:
    """A fault that somebody put in at `since`; it strikes until a moment, or a count of nodes, whichever comes first.

    `cluster` is a name, None means every cluster of the account; `group` None means all its groups; `node` is an
    instance id or a logical id, None means all nodes. The count is that of one cluster.
    """

    id: str
    kind: Kind
    since: datetime
    cluster: str | None = None
    group: str | None = None
    node: str | None = None
    until: datetime | None = None
    count: int | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its time has passed; one with a count stays listed, and strikes no more."""
        return self.until is not None and now >= self.until


@dataclass(frozen=True)
class Facts:
    """A group about to be filled: `network` is its VpcConfig (None: the service's own), `seated` whether all fit.

    `interfaces` counts the network interfaces that the Region would have.
    """

    request: Mapping[str, Any]
    spec: Mapping[str, Any]
    network: Mapping[str, Any] | None
    subnets: list[Subnet]
    seated: bool
    interfaces: int

    @property
    def types(self) -> list[str]:
        """The instance types, in order of preference."""
        return types_of(self.spec)

    @property
    def eks(self) -> bool:
        """Whether EKS is the orchestrator."""
        return "Eks" in self.request.get("Orchestrator", {})


def types_of(spec: Mapping[str, Any]) -> list[str]:
    """Return the instance types of a group, in order of preference."""
    if "InstanceType" in spec:
        return [spec["InstanceType"]]
    return list(spec["InstanceRequirements"]["InstanceTypes"])


def fault_of(facts: Facts, account: Account) -> Fault | None:
    """Return what will go wrong first with the nodes of a group, or None."""
    return next((fault for rule in _RULES if (fault := rule(facts, account))), None)


def _type_is_offered(facts: Facts, account: Account) -> Fault | None:
    if any(account.offers(kind, subnet.zone_id) for kind in facts.types for subnet in facts.subnets):
        return None
    words = wordings.NO_CAPACITY
    if facts.request.get("NodeProvisioningMode") == "Continuous":
        words = wordings.NO_CAPACITY_YET.format(type=facts.types[0])
    return Fault(Stage.CAPACITY, words)


def _plan_is_in_the_zone(facts: Facts, account: Account) -> Fault | None:
    plan = account.plan(facts.spec["TrainingPlanArn"]) if "TrainingPlanArn" in facts.spec else None
    if plan is None or any(subnet.zone_id == plan.zone_id for subnet in facts.subnets):
        return None
    return Fault(Stage.CAPACITY, wordings.NO_CAPACITY_IN_ZONE)


def _minimum_can_be_reached(facts: Facts, _: Account) -> Fault | None:
    minimum = facts.spec.get("MinInstanceCount", 0)
    if minimum <= facts.spec["InstanceCount"]:
        return None
    return Fault(Stage.CAPACITY, wordings.BELOW_MINIMUM.format(minimum=minimum))


def _role_may_use_volume_keys(facts: Facts, account: Account) -> Fault | None:
    volumes = (storage.get("EbsVolumeConfig", {}) for storage in facts.spec.get("InstanceStorageConfigs", []))
    keys = [volume["VolumeKmsKeyId"] for volume in volumes if "VolumeKmsKeyId" in volume]
    if all(account.may_use_key(facts.spec["ExecutionRole"], key, *_KEY_ACTIONS) for key in keys):
        return None
    return Fault(Stage.CAPACITY, wordings.VOLUME_KEY)


def _role_may_create_interfaces(facts: Facts, account: Account) -> Fault | None:
    if facts.network is None:
        return None
    role = account.role(facts.spec["ExecutionRole"])
    for action in _INTERFACE_ACTIONS:
        if not role.may(action):
            reason = wordings.NOT_AUTHORIZED.format(role=facts.spec["ExecutionRole"], action=action)
            return Fault(Stage.INTERFACE, wordings.CUSTOMER_ENI.format(reason=reason))
    return None


def _addresses_are_free(facts: Facts, _: Account) -> Fault | None:
    if facts.seated:
        return None
    return Fault(Stage.INTERFACE, wordings.CUSTOMER_ENI.format(reason=wordings.NO_FREE_ADDRESSES))


def _interfaces_are_free(facts: Facts, account: Account) -> Fault | None:
    if facts.interfaces <= account.quota(table.INTERFACES):
        return None
    return Fault(Stage.INTERFACE, wordings.CUSTOMER_ENI.format(reason=wordings.TOO_MANY_INTERFACES))


def _efa_stays_in_one_zone(facts: Facts, _: Account) -> Fault | None:
    # EFA traffic does not cross Availability Zones (AWS documentation).
    spans_zones = len({subnet.zone_id for subnet in facts.subnets}) > 1
    return Fault(Stage.EFA, wordings.EFA_HEALTH_CHECK) if spans_zones and any(map(has_efa, facts.types)) else None


def _efa_groups_admit_themselves(facts: Facts, account: Account) -> Fault | None:
    if facts.network is None or not any(map(has_efa, facts.types)):
        return None
    if all(account.network.admits_itself(group) for group in facts.network["SecurityGroupIds"]):
        return None
    return Fault(Stage.EFA, wordings.EFA_HEALTH_CHECK)


def _network_lets_nodes_boot(facts: Facts, account: Account) -> Fault | None:
    if facts.network is None:
        return None
    groups = facts.network["SecurityGroupIds"]
    boots = all(account.network.boots(subnet.id, groups, eks=facts.eks) for subnet in facts.subnets)
    return None if boots else _BOOTSTRAP


def _file_systems_can_be_mounted(facts: Facts, account: Account) -> Fault | None:
    for storage in facts.spec.get("InstanceStorageConfigs", []):
        for member, (kind, helper, ports) in _MOUNTS.items():
            if (mount := storage.get(member)) and (reason := _why_not_mounted(facts, account, mount, kind, ports)):
                words = wordings.MOUNT.format(helper=helper, name=mount["DnsName"], reason=reason)
                return Fault(Stage.BOOTSTRAP, words)
    return None


def _why_not_mounted(
    facts: Facts, account: Account, mount: Mapping[str, Any], kind: str, ports: tuple[int, ...]
) -> str | None:
    system = account.file_system(mount["DnsName"])
    if system is None or system["FileSystemType"] != kind:
        return wordings.NO_SUCH_NAME
    reached = facts.network is not None and all(
        account.network.connects(subnet.id, facts.network["SecurityGroupIds"], system["NetworkInterfaceIds"], port)
        for subnet in facts.subnets
        for port in ports
    )
    if not reached:
        return wordings.NO_CONNECTION
    right = system.get("LustreConfiguration", {}).get("MountName")
    return None if mount.get("MountName") == right else wordings.NO_SUCH_MOUNT


_BOOTSTRAP = Fault(Stage.BOOTSTRAP, wordings.BOOTSTRAP)
_RULES: tuple[Callable[[Facts, Account], Fault | None], ...] = (
    _type_is_offered,
    _plan_is_in_the_zone,
    _minimum_can_be_reached,
    _role_may_use_volume_keys,
    _role_may_create_interfaces,
    _addresses_are_free,
    _interfaces_are_free,
    _efa_stays_in_one_zone,
    _efa_groups_admit_themselves,
    _network_lets_nodes_boot,
    _file_systems_can_be_mounted,
)
