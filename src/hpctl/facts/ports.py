"""What hpctl asks of the outside world, as Protocols; `adapters/` implements them.

Every method may raise `AccessError`, `UnavailableError` or `RefusedError`; what else it raises is said beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hpctl.facts.account_ports import Account
from hpctl.facts.change_ports import Changes
from hpctl.facts.dhcp import Dhcp
from hpctl.facts.eks_ports import EksParts
from hpctl.facts.endpoints import Endpoints
from hpctl.facts.filesystems import FileSystems
from hpctl.facts.inside import Probes
from hpctl.facts.job_ports import JobObjects, PodStreams
from hpctl.facts.kubernetes import AccessEntry
from hpctl.facts.kubernetes_port import Kubernetes
from hpctl.facts.log_ports import Logs
from hpctl.facts.network import Interface, NatGateway, NetworkAcl, RouteTable, SecurityGroup, Subnet, Vpc, VpcEndpoint
from hpctl.facts.node_care import NodeCare
from hpctl.facts.node_groups import NodeGroups
from hpctl.facts.quota_requests import QuotaRequests
from hpctl.facts.records import (
    Addon,
    Cluster,
    ClusterSummary,
    EksCluster,
    Event,
    Holder,
    Identity,
    KmsKey,
    Live,
    Node,
    Operation,
    Quota,
    Role,
    StoredObject,
    TrainingPlan,
    Verdict,
)
from hpctl.facts.script_ports import ScriptStore, Shell
from hpctl.facts.session_ports import Sessions
from hpctl.facts.slurm_job_ports import SlurmJobs
from hpctl.facts.slurm_log_ports import SlurmLogs
from hpctl.facts.slurm_ports import Slurm


class Clusters(Protocol):
    """HyperPod's part of the SageMaker API. Names may be ARNs wherever AWS takes both."""

    def create(self, request: Mapping[str, object]) -> str:
        """Send CreateCluster and return the cluster's ARN; `ConflictError` when the name is in use."""
        ...

    def describe(self, name: str) -> Cluster:
        """Return the cluster; `NotFoundError` when there is none."""
        ...

    def summaries(self, *, name_contains: str | None = None) -> Iterator[ClusterSummary]:
        """Yield every cluster of the Region, newest first, page by page."""
        ...

    def live(self, name: str) -> Live:
        """Return the cluster with what it amounts to as a request; `NotFoundError` when there is none."""
        ...

    def update(self, request: Mapping[str, object]) -> None:
        """Send UpdateCluster; `ConflictError` while the cluster is busy, `NotFoundError` when there is none."""
        ...

    def update_software(self, request: Mapping[str, object]) -> None:
        """Send UpdateClusterSoftware; `ConflictError` while the cluster is busy, `NotFoundError` when there is none."""
        ...

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a cluster; a key that is there gets the new value."""
        ...

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags from a cluster; keys that are not there are passed over."""
        ...

    def operations(self, name: str, *, since: datetime | None = None) -> Iterator[Operation]:
        """Yield the cluster's operations, newest first, page by page; AWS keeps them for 14 days."""
        ...

    def operation(self, name: str, operation_id: str) -> Operation:
        """Return one operation with its scalings; `NotFoundError` when it is gone."""
        ...

    def delete(self, name: str) -> None:
        """Start deleting; `ConflictError` while the cluster is busy, `NotFoundError` when there is none."""
        ...

    def nodes(self, name: str, *, instance_group: str | None = None) -> Iterator[Node]:
        """Yield the cluster's nodes, page by page; `NotFoundError` when there is no such cluster."""
        ...

    def node(self, name: str, node_id: str) -> Node:
        """Return one node in full, by node id or logical id; `NotFoundError` when there is none."""
        ...

    def events(
        self,
        name: str,
        *,
        since: datetime | None = None,
        instance_group: str | None = None,
        node_id: str | None = None,
    ) -> Iterator[Event]:
        """Yield events, newest first; only clusters with continuous provisioning have them (else `RefusedError`)."""
        ...

    def event(self, name: str, event_id: str) -> Event:
        """Return one event with its failure message; `NotFoundError` when it is gone."""
        ...

    def tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a cluster."""
        ...


class Network(Protocol):
    """What EC2 tells of the network. Ids that do not exist are absent from the answer."""

    def subnets(self, subnet_ids: Iterable[str]) -> tuple[Subnet, ...]:
        """Return the subnets that exist among `subnet_ids`."""
        ...

    def security_groups(self, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
        """Return the security groups that exist among `group_ids`, with their rules."""
        ...

    def vpc(self, vpc_id: str) -> Vpc:
        """Return the VPC; `NotFoundError` when there is none."""
        ...

    def route_tables(self, vpc_id: str) -> tuple[RouteTable, ...]:
        """Return the route tables of a VPC."""
        ...

    def endpoints(self, vpc_id: str) -> tuple[VpcEndpoint, ...]:
        """Return the VPC endpoints of a VPC."""
        ...

    def active_nat_gateways(self, vpc_id: str) -> tuple[NatGateway, ...]:
        """Return the VPC's NAT gateways that are available."""
        ...

    def network_acls(self, vpc_id: str) -> tuple[NetworkAcl, ...]:
        """Return the network ACLs of a VPC."""
        ...

    def zones_offering(self, instance_type: str) -> frozenset[str]:
        """Return the ids of the Region's zones that offer the type (named with its `ml.`)."""
        ...

    def interfaces(self, subnet_ids: Iterable[str]) -> tuple[Interface, ...]:
        """Return the network interfaces in the subnets."""
        ...

    def interface_count(self) -> int:
        """Return how many network interfaces the Region has."""
        ...


class Eks(EksParts, Protocol):
    """What EKS tells of its clusters."""

    def describe(self, name: str) -> EksCluster:
        """Return the EKS cluster; `NotFoundError` when there is none of that name in the Region."""
        ...

    def supported_versions(self) -> tuple[str, ...]:
        """Return the Kubernetes versions that EKS supports now (standard or extended), such as `1.33`."""
        ...

    def addons(self, name: str) -> tuple[Addon, ...]:
        """Return the add-ons of the EKS cluster."""
        ...

    def access_entry(self, name: str, principal_arn: str) -> AccessEntry:
        """Return the access entry of an EKS cluster that lets a principal in, a session by that of its role.

        `NotFoundError` when there is none.
        """
        ...


class Quotas(Protocol):
    """Service quotas as applied to the account and Region."""

    def sagemaker(self) -> tuple[Quota, ...]:
        """Return SageMaker's quotas about HyperPod clusters, defaults where nothing else was applied."""
        ...

    def network_interfaces(self) -> Quota:
        """Return the quota of network interfaces in the Region."""
        ...


class Iam(Protocol):
    """What IAM tells of roles and of what they may do."""

    def role(self, name: str) -> Role:
        """Return the role; `NotFoundError` when there is none of that name."""
        ...

    def simulate(self, principal_arn: str, actions: Iterable[str], resources: Iterable[str]) -> tuple[Verdict, ...]:
        """Return the verdict on every action for every resource (SimulatePrincipalPolicy).

        The simulated request carries what a real one would: `aws:RequestedRegion`, `aws:PrincipalAccount` and
        `aws:ResourceAccount` (the principal's account), and `iam:PassedToService` = `sagemaker.amazonaws.com`;
        `kms:Decrypt` comes through S3 (`kms:ViaService`), and grants are for a resource of AWS.
        """
        ...


class Storage(Protocol):
    """What S3 tells of lifecycle scripts."""

    def objects(self, bucket: str, prefix: str) -> tuple[StoredObject, ...]:
        """Return the objects below the prefix; `NotFoundError` when there is no such bucket."""
        ...

    def read(self, bucket: str, key: str) -> bytes:
        """Return an object's content; `NotFoundError` when there is none, `RefusedError` above 1 MiB."""
        ...

    def encryption_key(self, bucket: str, key: str) -> str | None:
        """Return the id or the ARN of the KMS key that encrypts an object, None without one.

        `NotFoundError` when there is no such object. Whether the key is AWS's own is not said here.
        """
        ...

    def bucket_region(self, bucket: str) -> str:
        """Return the Region of the bucket; `NotFoundError` when there is no such bucket."""
        ...


class Keys(Protocol):
    """What KMS tells of keys."""

    def key(self, key_id: str) -> KmsKey:
        """Return the key of an id, an ARN or an alias; `NotFoundError` when there is none in the Region."""
        ...

    def actions_by_policy(self, key_arn: str, role_arn: str) -> frozenset[str]:
        """Return the actions, wildcards among them, that the key's own policy allows a role by its name."""
        ...


class Plans(Protocol):
    """Training plans."""

    def plan(self, arn: str) -> TrainingPlan:
        """Return the training plan; `NotFoundError` when there is none."""
        ...


class Caller(Protocol):
    """Who signs the requests."""

    def identity(self) -> Identity:
        """Return account, principal and Region; `AccessError` without valid credentials."""
        ...

    def clock_skew_s(self) -> float:
        """Return by how many seconds this machine's clock is ahead of AWS's (negative: behind)."""
        ...

    def credentials_left_s(self) -> float | None:
        """Return for how many seconds the credentials are good; None when they renew themselves, or do not say."""
        ...

    def pinned_profile(self) -> str | None:
        """Return the profile that the credentials come from; None for those of the environment or the machine."""
        ...


class Clock(Protocol):
    """Time and chance, passed in so that tests own them."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def jitter(self) -> float:
        """Return a number from 0 to 1, another each time: it keeps many processes from asking at one moment."""
        ...


class State(Protocol):
    """hpctl's own records on this machine: one journal and one lock a cluster.

    `key` names a cluster (letters, digits, `-` and `.`); every method may raise `StateError`.
    """

    def lock(self, key: str) -> AbstractContextManager[Holder | None]:
        """Hold the cluster's lock for the length of a `with`; `LockedError` names a living holder.

        Enters with the holder whose lock was taken over because its process is gone, or None.
        """
        ...

    def append(self, key: str, line: Mapping[str, object]) -> None:
        """Add a line to the journal; when this returns, the line outlasts a crash of the machine."""
        ...

    def lines(self, key: str) -> tuple[Mapping[str, object], ...]:
        """Return the journal's lines, oldest first; a last line that a crash cut short is passed over."""
        ...


class Signals(Protocol):
    """Ctrl-C and SIGTERM."""

    def held_back(self) -> AbstractContextManager[None]:
        """Let a first signal take effect at the end of the `with` only; the second leaves at once."""
        ...


@dataclass(frozen=True)
class Ports:
    """One of each: what `cli.wiring` builds and services are given."""

    account: Account
    clusters: Clusters
    network: Network
    dhcp: Dhcp
    eks: Eks
    node_groups: NodeGroups
    node_care: NodeCare
    endpoints: Endpoints
    kubernetes: Kubernetes
    jobs: JobObjects
    streams: PodStreams
    sessions: Sessions
    slurm_logs: SlurmLogs
    slurm_jobs: SlurmJobs
    caller: Caller
    quotas: Quotas
    quota_requests: QuotaRequests
    iam: Iam
    storage: Storage
    scripts: ScriptStore
    shell: Shell
    file_systems: FileSystems
    keys: Keys
    plans: Plans
    logs: Logs
    changes: Changes
    slurm: Slurm
    probes: Probes
    state: State
    signals: Signals
    clock: Clock
    region: str
