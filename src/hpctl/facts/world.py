"""The facts that checks and plans judge: lazy, fetched at most once, safe to ask from many threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from types import MappingProxyType
from typing import Any, TypeVar, cast

from hpctl.errors import HpctlError, NotFoundError
from hpctl.facts.account_world import AccountWorld
from hpctl.facts.asked_of_nodes import asked_of_nodes
from hpctl.facts.change_ports import Owned
from hpctl.facts.dhcp import NO_OPTIONS, DhcpOptions
from hpctl.facts.eks_world import EksWorld
from hpctl.facts.endpoints import Endpoint
from hpctl.facts.filesystems import FileSystem
from hpctl.facts.incidents import ERROR, UNDER_WAY, collapse
from hpctl.facts.jobs import ObjectKind, Pod, Queue
from hpctl.facts.kubernetes import AccessEntry, AccessReview, AccessWish, Contact, KubernetesNode, Workload
from hpctl.facts.network import NatGateway, NetworkAcl, RouteTable, SecurityGroup, Subnet, Vpc, VpcEndpoint
from hpctl.facts.ports import Ports
from hpctl.facts.quota_requests import QuotaRequest
from hpctl.facts.records import (
    Cluster,
    EksCluster,
    Event,
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
from hpctl.facts.script_ports import ShellFault
from hpctl.facts.slurm_world import SlurmWorld

T = TypeVar("T")

DESCRIBES = 8
"""Clusters that are described at the same time, and events."""

HAPPENED = timedelta(days=7)
"""How far back events of a cluster are looked at."""

ERRORS = 30
"""Errors among them that are asked for in full, the newest: each is a call of its own."""


class World(AccountWorld, EksWorld, SlurmWorld):
    """Answers to questions about the account, each asked of AWS once; a refusal is remembered like an answer."""

    def __init__(self, ports: Ports | HpctlError, known: Mapping[Hashable, object] = MappingProxyType({})) -> None:
        """Ask nothing yet, and nothing `known`; an error in place of ports (no Region, offline) answers everything."""
        self._way = ports
        self._answers = dict(known)
        self._gates: defaultdict[Hashable, Lock] = defaultdict(Lock)
        self._lock = Lock()

    @property
    def answers(self) -> Mapping[Hashable, object]:
        """What was answered so far, errors among it, by what was asked."""
        return dict(self._answers)

    def identity(self) -> Identity:
        """Return who is calling; raises `AccessError` without valid credentials."""
        return self._once("identity", self._ports.caller.identity)

    def clock_skew_s(self) -> float:
        """Return by how many seconds this machine's clock is ahead of AWS's (negative: behind)."""
        return self._once("clock", self._ports.caller.clock_skew_s)

    def credentials_left_s(self) -> float | None:
        """Return for how many seconds the credentials are good; None when they renew themselves, or do not say."""
        return self._once("credentials", self._ports.caller.credentials_left_s)

    def subnets(self, subnet_ids: Iterable[str]) -> dict[str, Subnet]:
        """Return the existing ones among `subnet_ids`, by id."""
        wanted = tuple(dict.fromkeys(subnet_ids))
        rows = self._once(("subnets", wanted), lambda: self._ports.network.subnets(wanted))
        return {row.subnet_id: row for row in rows}

    def security_groups(self, group_ids: Iterable[str]) -> dict[str, SecurityGroup]:
        """Return the existing ones among `group_ids`, by id."""
        wanted = tuple(dict.fromkeys(group_ids))
        rows = self._once(("security-groups", wanted), lambda: self._ports.network.security_groups(wanted))
        return {row.group_id: row for row in rows}

    def vpc(self, vpc_id: str) -> Vpc:
        """Return the VPC; raises `NotFoundError` when there is none."""
        return self._once(("vpc", vpc_id), lambda: self._ports.network.vpc(vpc_id))

    def dhcp_options(self, vpc_id: str) -> DhcpOptions | None:
        """Return the DHCP options of a VPC, None when it has none; raises `NotFoundError` when there is no such VPC."""
        options_id = self.vpc(vpc_id).dhcp_options_id
        if options_id == NO_OPTIONS:
            return None
        return self._once(("dhcp", options_id), lambda: self._ports.dhcp.options(options_id))

    def file_systems(self) -> tuple[FileSystem, ...]:
        """Return every FSx file system of the account and Region."""
        return self._once("file-systems", self._ports.file_systems.all)

    def guards_of(self, file_system: FileSystem) -> frozenset[str]:
        """Return the ids of the security groups on a file system's network interfaces."""
        ask = partial(self._ports.file_systems.guards, file_system.interface_ids)
        return self._once(("guards", file_system.interface_ids), ask)

    def route_tables(self, vpc_id: str) -> tuple[RouteTable, ...]:
        """Return the route tables of a VPC."""
        return self._once(("route-tables", vpc_id), lambda: self._ports.network.route_tables(vpc_id))

    def endpoints(self, vpc_id: str) -> tuple[VpcEndpoint, ...]:
        """Return the VPC endpoints of a VPC."""
        return self._once(("endpoints", vpc_id), lambda: self._ports.network.endpoints(vpc_id))

    def active_nat_gateways(self, vpc_id: str) -> tuple[NatGateway, ...]:
        """Return the VPC's NAT gateways that are available."""
        return self._once(("nat", vpc_id), lambda: self._ports.network.active_nat_gateways(vpc_id))

    def network_acls(self, vpc_id: str) -> tuple[NetworkAcl, ...]:
        """Return the network ACLs of a VPC."""
        return self._once(("acls", vpc_id), lambda: self._ports.network.network_acls(vpc_id))

    def zones_offering(self, instance_type: str) -> frozenset[str]:
        """Return the ids of the Region's zones that offer the type."""
        return self._once(("offerings", instance_type), lambda: self._ports.network.zones_offering(instance_type))

    def interface_count(self) -> int:
        """Return how many network interfaces the Region has."""
        return self._once("interfaces", self._ports.network.interface_count)

    def sagemaker_quotas(self) -> tuple[Quota, ...]:
        """Return SageMaker's quotas about HyperPod clusters."""
        return self._once("quotas", self._ports.quotas.sagemaker)

    def pending_quota_requests(self) -> tuple[QuotaRequest, ...]:
        """Return the increases of SageMaker's quotas that nobody has decided on yet."""
        return self._once("quota-requests", self._ports.quota_requests.pending)

    def interface_quota(self) -> Quota:
        """Return the quota of network interfaces."""
        return self._once("interface-quota", self._ports.quotas.network_interfaces)

    def clusters(self) -> tuple[Cluster, ...]:
        """Return every HyperPod cluster of the Region in full: what is used of the quotas."""
        return self._once("clusters", self._describe_all)

    def role(self, arn: str) -> Role | None:
        """Return the role of that ARN, or None when there is none."""
        name = arn.rpartition("/")[2]
        return self._once(("role", name), lambda: _or_none(lambda: self._ports.iam.role(name)))

    def tried_endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints of AWS's services, each with what stands in the way."""
        return self._once("endpoints-tried", self._ports.endpoints.tried)

    def verdicts(self, principal_arn: str, actions: Iterable[str], resources: Iterable[str]) -> tuple[Verdict, ...]:
        """Return IAM's verdict on every action for every resource."""
        asked = (principal_arn, tuple(actions), tuple(resources))
        return self._once(("verdicts", *asked), lambda: self._ports.iam.simulate(*asked))

    def objects(self, bucket: str, prefix: str) -> tuple[StoredObject, ...] | None:
        """Return the objects below a prefix, or None when there is no such bucket."""
        ask = partial(self._ports.storage.objects, bucket, prefix)
        return self._once(("objects", bucket, prefix), lambda: _or_none(ask))

    def content(self, bucket: str, key: str) -> bytes | None:
        """Return an object's content, or None when there is none."""
        ask = partial(self._ports.storage.read, bucket, key)
        return self._once(("content", bucket, key), lambda: _or_none(ask))

    def contents(self, bucket: str, keys: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of those objects that there are, by key; they are read at the same time."""
        wanted = tuple(keys)
        with ThreadPoolExecutor(DESCRIBES, thread_name_prefix="content") as pool:
            found = zip(wanted, pool.map(partial(self.content, bucket), wanted), strict=True)
            return {key: content for key, content in found if content is not None}

    def shell_faults(self, script: bytes) -> tuple[ShellFault, ...]:
        """Return what Bash does not understand of a script; raises `UnavailableError` where there is no Bash."""
        return self._once(("shell", script), lambda: self._ports.shell.faults(script))

    def encryption_key(self, bucket: str, key: str) -> str | None:
        """Return the KMS key that encrypts an object, None without one; raises `NotFoundError` without the object."""
        ask = partial(self._ports.storage.encryption_key, bucket, key)
        return self._once(("encryption-key", bucket, key), ask)

    def kms_key(self, key_id: str) -> KmsKey | None:
        """Return the KMS key of an id, an ARN or an alias, or None when there is none in the Region."""
        return self._once(("key", key_id), lambda: _or_none(lambda: self._ports.keys.key(key_id)))

    def actions_by_key_policy(self, key_arn: str, role_arn: str) -> frozenset[str]:
        """Return the actions, wildcards among them, that a key's own policy allows a role by its name."""
        ask = partial(self._ports.keys.actions_by_policy, key_arn, role_arn)
        return self._once(("key-policy", key_arn, role_arn), ask)

    def bucket_region(self, bucket: str) -> str | None:
        """Return the Region of a bucket, or None when there is no such bucket."""
        ask = partial(self._ports.storage.bucket_region, bucket)
        return self._once(("bucket-region", bucket), lambda: _or_none(ask))

    def training_plan(self, arn: str) -> TrainingPlan | None:
        """Return the training plan, or None when there is none."""
        return self._once(("plan", arn), lambda: _or_none(lambda: self._ports.plans.plan(arn)))

    def daemon_sets(self, cluster: EksCluster) -> tuple[tuple[str, str], ...]:
        """Return namespace and name of every DaemonSet of an EKS cluster."""
        return self._once(("daemon-sets", cluster.arn), lambda: self._ports.kubernetes.daemon_sets(cluster))

    def custom_resources(self, cluster: EksCluster) -> frozenset[str]:
        """Return the names of the custom resource definitions of an EKS cluster."""
        return self._once(("custom-resources", cluster.arn), lambda: self._ports.kubernetes.custom_resources(cluster))

    def contact(self, cluster: EksCluster) -> Contact:
        """Return how far a first request to the Kubernetes API of an EKS cluster comes."""
        return self._once(("contact", cluster.arn), lambda: self._ports.kubernetes.contact(cluster))

    def api_versions(self, cluster: EksCluster) -> Mapping[str, tuple[str, ...]]:
        """Return the versions of every API group that the Kubernetes of an EKS cluster serves."""
        return self._once(("api-versions", cluster.arn), lambda: self._ports.kubernetes.api_versions(cluster))

    def access_reviews(self, cluster: EksCluster, wishes: Iterable[AccessWish]) -> tuple[AccessReview, ...]:
        """Return whether the caller may do each of these things in the Kubernetes of an EKS cluster."""
        asked = tuple(wishes)
        return self._once(("reviews", cluster.arn, asked), lambda: self._ports.kubernetes.reviews(cluster, asked))

    def workloads(self, cluster: EksCluster) -> tuple[Workload, ...]:
        """Return the Deployments and DaemonSets of an EKS cluster."""
        return self._once(("workloads", cluster.arn), lambda: self._ports.kubernetes.workloads(cluster))

    def kubernetes_nodes(self, cluster: EksCluster) -> tuple[KubernetesNode, ...]:
        """Return the nodes of an EKS cluster, those of all HyperPod clusters on it and others."""
        return self._once(("kubernetes-nodes", cluster.arn), lambda: self._ports.kubernetes.nodes(cluster))

    def served(self, cluster: EksCluster, kinds: Iterable[ObjectKind]) -> frozenset[ObjectKind]:
        """Return those of these kinds that the Kubernetes of an EKS cluster serves, in the version that it serves."""
        asked = tuple(kinds)
        return self._once(("served", cluster.arn, asked), lambda: self._ports.jobs.served(cluster, asked))

    def kubernetes_object(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str | None, name: str
    ) -> Mapping[str, Any] | None:
        """Return an object of an EKS cluster as it is, or None; without a namespace those that are in none."""
        ask = partial(self._ports.jobs.read, cluster, kind, namespace or "", name)
        return self._once(("object", cluster.arn, kind, namespace, name), lambda: _or_none(ask))

    def pods(self, cluster: EksCluster, namespace: str | None) -> tuple[Pod, ...]:
        """Return the pods of a namespace of an EKS cluster, or of all."""
        return self._once(("pods", cluster.arn, namespace), lambda: tuple(self._ports.jobs.pods(cluster, namespace)))

    def queues(self, cluster: EksCluster, namespace: str | None) -> tuple[Queue, ...]:
        """Return Kueue's local queues in a namespace of an EKS cluster, or in all."""
        ask = partial(self._ports.jobs.queues, cluster, namespace)
        return self._once(("queues", cluster.arn, namespace), lambda: tuple(ask()))

    def in_use(self, cluster: EksCluster) -> Mapping[str, Mapping[str, float]]:
        """Return what the pods of each node, by its name, ask for together (units of `facts.quantities`).

        Pods that have ended hold nothing any more. Raises `AccessError` where the caller may not list all pods.
        """
        return self._once(("in-use", cluster.arn), lambda: asked_of_nodes(self.pods(cluster, None)))

    def access_entry(self, cluster: EksCluster, principal_arn: str) -> AccessEntry | None:
        """Return what lets a principal into an EKS cluster, or None when nothing does."""
        ask = partial(self._ports.eks.access_entry, cluster.name, principal_arn)
        return self._once(("access-entry", cluster.arn, principal_arn), lambda: _or_none(ask))

    def nodes(self, name: str) -> tuple[Node, ...]:
        """Return the nodes of a HyperPod cluster."""
        return self._once(("nodes", name), lambda: tuple(self._ports.clusters.nodes(name)))

    def node(self, name: str, node_id: str) -> Node | None:
        """Return one node of a HyperPod cluster in full, or None when there is none."""
        return self._once(("node", name, node_id), lambda: _or_none(lambda: self._ports.clusters.node(name, node_id)))

    def errors(self, name: str) -> tuple[Event, ...]:
        """Return the error events of the last days of a HyperPod cluster, oldest first, each fault once and in full.

        Only clusters with continuous provisioning publish events (else `RefusedError`).
        """
        return self._once(("errors", name), lambda: self._newest_errors(name))

    def operations(self, name: str) -> tuple[Operation, ...]:
        """Return the operations of a HyperPod cluster that go on, newest first, with their scalings."""
        return self._once(("operations", name), lambda: tuple(self._going_on(name)))

    def log_streams(self, group: str, prefix: str) -> tuple[str, ...] | None:
        """Return the names of the streams of a log group that begin with `prefix`, or None without such a group."""
        ask = partial(self._ports.logs.streams, group, prefix)
        return self._once(("log-streams", group, prefix), lambda: _or_none(ask))

    def last_lines(self, group: str, stream: str) -> tuple[str, ...]:
        """Return the last lines of a log stream, oldest first; `NotFoundError` without it."""
        return self._once(("log", group, stream), lambda: self._ports.logs.last_lines(group, stream))

    def now(self) -> datetime:
        """Return the time at which this world was looked at."""
        return self._once("now", self._ports.clock.now)

    def eks_cluster(self, name: str) -> EksCluster | None:
        """Return the EKS cluster of that name, or None when there is none."""
        return self._once(("eks", name), lambda: _or_none(lambda: self._ports.eks.describe(name)))

    def cluster(self, name: str) -> Cluster | None:
        """Return the HyperPod cluster of that name, or None when there is none."""
        live = self.live(name)
        return live.cluster if live else None

    def live(self, name: str) -> Live | None:
        """Return the HyperPod cluster of that name with what it amounts to as a request, or None."""
        return self._once(("live", name), lambda: _or_none(lambda: self._ports.clusters.live(name)))

    def cluster_tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a HyperPod cluster."""
        return self._once(("tags", arn), lambda: self._ports.clusters.tags(arn))

    def stack_of(self, kind: Owned, name: str) -> str | None:
        """Return the CloudFormation stack that owns a resource, None where none does."""
        return self._once(("stack", kind, name), lambda: self._ports.changes.stack_of(kind, name))

    def has_role_policy(self, role: str, policy: str) -> bool:
        """Whether a role has an inline policy of that name."""
        return self._once(("role-policy", role, policy), lambda: self._ports.changes.has_role_policy(role, policy))

    @property
    def _ports(self) -> Ports:
        if isinstance(self._way, HpctlError):
            raise self._way
        return self._way

    def _learn(self, told: Iterable[tuple[Hashable, object]]) -> None:
        with self._lock:
            for key, answer in told:
                self._answers.setdefault(key, answer)

    def _describe_all(self) -> tuple[Cluster, ...]:
        names = [summary.name for summary in self._ports.clusters.summaries()]
        with ThreadPoolExecutor(DESCRIBES, thread_name_prefix="usage") as pool:
            found = pool.map(lambda name: _or_none(lambda: self._ports.clusters.describe(name)), names)
            return tuple(cluster for cluster in found if cluster is not None)

    def _newest_errors(self, name: str) -> tuple[Event, ...]:
        clusters = self._ports.clusters
        newest_first = tuple(clusters.events(name, since=self.now() - HAPPENED))
        errors = [event for event in collapse(reversed(newest_first)) if event.level == ERROR]
        with ThreadPoolExecutor(DESCRIBES, thread_name_prefix="errors") as pool:
            # AWS keeps events for a while only: what the list told is better than nothing.
            told = pool.map(lambda one: _or_none(lambda: clusters.event(name, one.event_id)) or one, errors[-ERRORS:])
            return (*errors[:-ERRORS], *told)

    def _going_on(self, name: str) -> Iterator[Operation]:
        clusters = self._ports.clusters
        for one in clusters.operations(name):
            if one.status == UNDER_WAY:
                yield _or_none(partial(clusters.operation, name, one.operation_id)) or one

    def _once(self, key: Hashable, ask: Callable[[], T]) -> T:
        with self._lock:
            gate = self._gates[key]
        with gate:
            if key not in self._answers:
                self._answers[key] = _answer(ask)
            answer = self._answers[key]
        if isinstance(answer, HpctlError):
            raise answer
        return cast("T", answer)


def _answer(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except HpctlError as error:
        return error


def _or_none(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except NotFoundError:
        return None
