"""The ports in memory: they answer what a test put in, log every call and fail on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from hpctl.adapters.probe.look import SessionProbes
from hpctl.adapters.slurm.commands import SlurmCommands
from hpctl.errors import ConflictError, HpctlError, NotFoundError
from hpctl.facts.dhcp import DhcpOptions
from hpctl.facts.eks_ports import PodIdentity
from hpctl.facts.endpoints import Endpoint
from hpctl.facts.filesystems import FileSystem
from hpctl.facts.kubernetes import (
    AccessEntry,
    AccessReview,
    AccessWish,
    Contact,
    KubernetesNode,
    Stage,
    Toleration,
    Workload,
)
from hpctl.facts.log_ports import LogPage
from hpctl.facts.network import (
    Direction,
    Interface,
    NatGateway,
    NetworkAcl,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
)
from hpctl.facts.ports import Ports
from hpctl.facts.quota_requests import QuotaRequest
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
from hpctl.facts.script_ports import KeptScript, ShellFault
from hpctl.facts.world import World
from tests.unit.builders import (
    ACCOUNT,
    CLUSTER_ARN,
    KEY_ARN,
    NOW,
    REGION,
    SCRIPTS,
    a_cluster,
    a_file_system,
    a_kubernetes_node,
    a_live_group,
    a_network_acl,
    a_permission,
    a_quota,
    a_role,
    a_route_table,
    a_security_group,
    a_subnet,
    a_summary,
    a_training_plan,
    a_vpc,
    an_access_entry,
    an_addon,
    an_eks_cluster,
    an_endpoint,
    an_identity,
    an_open_zfs,
)
from tests.unit.fake_care import FakeNodeCare
from tests.unit.fake_changes import FakeChanges
from tests.unit.fake_jobs import FakeJobObjects, FakePodStreams
from tests.unit.fake_sessions import FakeSessions
from tests.unit.fake_slurm_jobs import FakeSlurmJobs
from tests.unit.fake_slurm_logs import FakeSlurmLogs

Row = (
    Addon
    | EksCluster
    | FileSystem
    | KmsKey
    | NatGateway
    | NetworkAcl
    | Quota
    | QuotaRequest
    | Role
    | RouteTable
    | SecurityGroup
    | Subnet
    | TrainingPlan
    | Vpc
    | VpcEndpoint
)
HELD: Mapping[type[Row], tuple[str, str]] = {
    Addon: ("eks", "known_addons"),
    EksCluster: ("eks", "known"),
    FileSystem: ("file_systems", "known_systems"),
    KmsKey: ("keys", "known_keys"),
    NatGateway: ("network", "nat_gateways"),
    NetworkAcl: ("network", "known_acls"),
    Quota: ("quotas", "known_quotas"),
    QuotaRequest: ("quota_requests", "waiting"),
    Role: ("iam", "known_roles"),
    RouteTable: ("network", "known_tables"),
    SecurityGroup: ("network", "known_groups"),
    Subnet: ("network", "known_subnets"),
    TrainingPlan: ("plans", "known_plans"),
    Vpc: ("network", "known_vpcs"),
    VpcEndpoint: ("network", "known_endpoints"),
}
"""Which fake holds the rows of a kind, and where."""


class CallLog:
    """What was asked, in order, and the errors that a test wants instead of an answer."""

    def __init__(self) -> None:
        self.made: list[tuple[object, ...]] = []
        self._once: dict[str, deque[HpctlError | None]] = {}
        self._always: dict[str, HpctlError] = {}

    def fail(self, operation: str, *errors: HpctlError) -> None:
        """Raise `errors` in turn on the next calls of `operation`, then answer again."""
        self._once.setdefault(operation, deque()).extend(errors)

    def let_pass(self, operation: str) -> None:
        """Answer the next call of `operation`, whatever is to be raised later."""
        self._once.setdefault(operation, deque()).append(None)

    def fail_always(self, operation: str, error: HpctlError) -> None:
        """Raise `error` on every call of `operation`."""
        self._always[operation] = error

    def of(self, operation: str) -> list[tuple[object, ...]]:
        """Return the arguments of every call of `operation`."""
        return [call[1:] for call in self.made if call[0] == operation]

    @property
    def operations(self) -> list[object]:
        """The operations called, in order."""
        return [call[0] for call in self.made]

    def record(self, operation: str, *arguments: object) -> None:
        self.made.append((operation, *arguments))
        self.check(operation)

    def check(self, operation: str) -> None:
        """Raise what a test wants of `operation`; no call to AWS is logged."""
        waiting = self._once.get(operation)
        error = waiting.popleft() if waiting else self._always.get(operation)
        if error is not None:
            raise error


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.chance = 0.0
        self._now = NOW
        self._due: list[tuple[datetime, Callable[[], object]]] = []

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)
        due = [happen for moment, happen in self._due if moment <= self._now]
        self._due = [(moment, happen) for moment, happen in self._due if moment > self._now]
        for happen in due:
            happen()

    def jitter(self) -> float:
        return self.chance

    def at(self, after_s: float, happen: Callable[[], object]) -> None:
        """Let something happen in the world, so many seconds from NOW."""
        self._due.append((NOW + timedelta(seconds=after_s), happen))


class FakeClusters:
    """HyperPod clusters. Events show from their time on; `play` scripts what describe answers, the last for ever."""

    def __init__(self, log: CallLog, clock: FakeClock) -> None:
        self._log = log
        self._clock = clock
        self._scripts: dict[str, deque[Cluster | HpctlError]] = {}
        self._lost: deque[HpctlError] = deque()
        self.known: dict[str, Cluster] = {}
        self.requests: dict[str, Mapping[str, object]] = {}
        self.worked: list[Operation] = []
        self.tags_of: dict[str, dict[str, str]] = {}
        self.nodes_of: dict[str, list[Node]] = {}
        self.nodes_in_full: dict[str, Node] = {}
        self.happened: list[Event] = []
        self.failure_messages: dict[str, str] = {}

    def add(self, cluster: Cluster, **tags: str) -> None:
        self.known[cluster.name] = cluster
        self.tags_of[cluster.arn] = tags

    def play(self, *answers: Cluster | HpctlError, name: str = "ml-cluster") -> None:
        self._scripts[name] = deque(answers)

    def lose_answer(self, error: HpctlError) -> None:
        """Carry out the next create or delete, and raise `error` instead of its answer."""
        self._lost.append(error)

    def create(self, request: Mapping[str, Any]) -> str:
        self._log.record("clusters.create", request)
        name = request["ClusterName"]
        if name in self.known:
            raise ConflictError(f"a cluster named `{name}` exists already", hint="AWS's own hint")
        self.add(a_cluster("Creating", a_live_group(current=0), name=name))
        self.tags_of[CLUSTER_ARN] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        self.requests[name] = {member: value for member, value in request.items() if member != "Tags"}
        self._answer_may_be_lost()
        return CLUSTER_ARN

    def delete(self, name: str) -> None:
        self._log.record("clusters.delete", name)
        cluster = self._found(name)
        if cluster.status in ("Creating", "Deleting"):
            raise ConflictError(f"cluster `{name}` is {cluster.status}")
        self.known[cluster.name] = replace(cluster, status="Deleting")
        self._answer_may_be_lost()

    def live(self, name: str) -> Live:
        cluster = self.describe(name)
        return Live(cluster, self.requests.get(cluster.name, {}))

    def update(self, request: Mapping[str, Any]) -> None:
        self._log.record("clusters.update", request)
        name = self._found(request["ClusterName"]).name
        self.requests[name] = updated(request, self.requests.get(name, {}))
        self._answer_may_be_lost()

    def update_software(self, request: Mapping[str, Any]) -> None:
        self._log.record("clusters.update_software", request)
        self._found(request["ClusterName"])
        self._answer_may_be_lost()

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        self._log.record("clusters.add_tags", arn, dict(tags))
        self.tags_of[arn] |= tags
        self._answer_may_be_lost()

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        gone = tuple(keys)
        self._log.record("clusters.remove_tags", arn, gone)
        self.tags_of[arn] = {key: value for key, value in self.tags_of[arn].items() if key not in gone}
        self._answer_may_be_lost()

    def operations(self, name: str, *, since: datetime | None = None) -> Iterator[Operation]:
        self._log.record("clusters.operations", name, since)
        for operation in sorted(self.worked, key=lambda one: one.created_at, reverse=True):
            if since is None or operation.created_at > since:
                yield replace(operation, scalings=())

    def operation(self, name: str, operation_id: str) -> Operation:
        self._log.record("clusters.operation", name, operation_id)
        for operation in self.worked:
            if operation.operation_id == operation_id:
                return operation
        raise NotFoundError(f"there is no operation `{operation_id}`")

    def work(self, operation: Operation) -> None:
        """Let there be an operation, or one that there is be in another status."""
        others = [one for one in self.worked if one.operation_id != operation.operation_id]
        self.worked = [*others, operation]

    def describe(self, name: str) -> Cluster:
        self._log.record("clusters.describe", name)
        script = self._scripts.get(self._named(name))
        if not script:
            return self._found(name)
        answer = script.popleft() if len(script) > 1 else script[0]
        if isinstance(answer, HpctlError):
            raise answer
        return answer

    def summaries(self, *, name_contains: str | None = None) -> Iterator[ClusterSummary]:
        self._log.record("clusters.summaries", name_contains)
        for cluster in self.known.values():
            if (name_contains or "") in cluster.name:
                yield a_summary(cluster.name, arn=cluster.arn, status=cluster.status)

    def nodes(self, name: str, *, instance_group: str | None = None) -> Iterator[Node]:
        self._log.record("clusters.nodes", name, instance_group)
        self._found(name)
        for node in self.nodes_of.get(self._named(name), ()):
            if instance_group in (None, node.instance_group):
                yield node

    def node(self, name: str, node_id: str) -> Node:
        self._log.record("clusters.node", name, node_id)
        if node_id not in self.nodes_in_full:
            raise NotFoundError(f"there is no node `{node_id}`")
        return self.nodes_in_full[node_id]

    def events(
        self,
        name: str,
        *,
        since: datetime | None = None,
        instance_group: str | None = None,
        node_id: str | None = None,
    ) -> Iterator[Event]:
        self._log.record("clusters.events", name, since, *filter(None, (instance_group, node_id)))
        for event in sorted(self.happened, key=lambda one: one.time, reverse=True):
            if instance_group not in (None, event.instance_group) or node_id not in (None, event.node_id):
                continue
            if event.time <= self._clock.now() and (since is None or event.time > since):
                yield event

    def event(self, name: str, event_id: str) -> Event:
        self._log.record("clusters.event", name, event_id)
        event = next(one for one in self.happened if one.event_id == event_id)
        return replace(event, failure_message=self.failure_messages.get(event_id))

    def tags(self, arn: str) -> dict[str, str]:
        self._log.record("clusters.tags", arn)
        return self.tags_of[arn]

    def _named(self, name: str) -> str:
        return next((cluster.name for cluster in self.known.values() if cluster.arn == name), name)

    def _found(self, name: str) -> Cluster:
        if (named := self._named(name)) in self.known:
            return self.known[named]
        raise NotFoundError(f"there is no cluster `{name}`")

    def _answer_may_be_lost(self) -> None:
        if self._lost:
            raise self._lost.popleft()


def updated(update: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """What an UpdateCluster makes of a cluster: the groups that it lists are given anew, others stay."""
    gone = update.get("InstanceGroupsToDelete", ())
    apart = ("ClusterName", "InstanceGroups", "InstanceGroupsToDelete")
    groups = {
        group["InstanceGroupName"]: group
        for group in (*live.get("InstanceGroups", ()), *update.get("InstanceGroups", ()))
    }
    others = {member: value for member, value in update.items() if member not in apart}
    return {**live, **others, "InstanceGroups": [group for name, group in groups.items() if name not in gone]}


class FakeNetwork:
    """One VPC with private subnets in two zones, a NAT gateway and an S3 endpoint. Every type is offered in the zones
    of the subnets, unless `offered` says otherwise."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_subnets = [
            a_subnet(),
            a_subnet("subnet-2", "usw2-az2", zone=f"{REGION}b", cidr="10.0.16.0/20"),
        ]
        joins = a_permission(Direction.IN, "tcp", ports=(443, 443), group_id="sg-nodes")
        self.known_groups = [a_security_group(), a_security_group("sg-eks", permissions=(joins,))]
        self.known_vpcs = [a_vpc()]
        self.known_tables = [a_route_table()]
        self.known_endpoints = [an_endpoint()]
        self.nat_gateways = [NatGateway("nat-1")]
        self.known_acls = [a_network_acl()]
        self.offered: dict[str, set[str]] = {}
        self.count_of_interfaces = 10
        self.known_interfaces: list[Interface] = []

    def subnets(self, subnet_ids: Iterable[str]) -> tuple[Subnet, ...]:
        wanted = tuple(subnet_ids)
        self._log.record("network.subnets", wanted)
        return tuple(row for row in self.known_subnets if row.subnet_id in wanted)

    def security_groups(self, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
        wanted = tuple(group_ids)
        self._log.record("network.security_groups", wanted)
        return tuple(row for row in self.known_groups if row.group_id in wanted)

    def vpc(self, vpc_id: str) -> Vpc:
        self._log.record("network.vpc", vpc_id)
        for vpc in self.known_vpcs:
            if vpc.vpc_id == vpc_id:
                return vpc
        raise NotFoundError(f"there is no VPC `{vpc_id}`")

    def route_tables(self, vpc_id: str) -> tuple[RouteTable, ...]:
        self._log.record("network.route_tables", vpc_id)
        return tuple(row for row in self.known_tables if row.vpc_id == vpc_id)

    def endpoints(self, vpc_id: str) -> tuple[VpcEndpoint, ...]:
        self._log.record("network.endpoints", vpc_id)
        return tuple(row for row in self.known_endpoints if row.vpc_id == vpc_id)

    def active_nat_gateways(self, vpc_id: str) -> tuple[NatGateway, ...]:
        self._log.record("network.active_nat_gateways", vpc_id)
        return tuple(self.nat_gateways)

    def network_acls(self, vpc_id: str) -> tuple[NetworkAcl, ...]:
        self._log.record("network.network_acls", vpc_id)
        return tuple(row for row in self.known_acls if row.vpc_id == vpc_id)

    def zones_offering(self, instance_type: str) -> frozenset[str]:
        self._log.record("network.zones_offering", instance_type)
        return frozenset(self.offered.get(instance_type, {row.zone_id for row in self.known_subnets}))

    def interfaces(self, subnet_ids: Iterable[str]) -> tuple[Interface, ...]:
        wanted = set(subnet_ids)
        self._log.record("network.interfaces", *sorted(wanted))
        return tuple(one for one in self.known_interfaces if one.subnet_id in wanted)

    def interface_count(self) -> int:
        self._log.record("network.interface_count")
        return self.count_of_interfaces


class FakeEks:
    """EKS clusters; all of them have the same add-ons."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known = [an_eks_cluster()]
        self.versions: tuple[str, ...] = ("1.35", "1.34", "1.33", "1.32", "1.31", "1.30")
        self.known_addons = [an_addon(name) for name in ("coredns", "eks-pod-identity-agent", "kube-proxy")]
        self.known_addons.append(an_addon("vpc-cni", version="v1.20.4-eksbuild.2"))
        self.known_entries = [an_access_entry()]
        self.compatible: dict[str, tuple[str, ...]] = {addon.name: (addon.version,) for addon in self.known_addons}
        self.identities: list[PodIdentity] = []

    def describe(self, name: str) -> EksCluster:
        self._log.record("eks.describe", name)
        return self._found(name)

    def supported_versions(self) -> tuple[str, ...]:
        self._log.record("eks.supported_versions")
        return self.versions

    def addons(self, name: str) -> tuple[Addon, ...]:
        self._log.record("eks.addons", name)
        self._found(name)
        return tuple(self.known_addons)

    def addon_versions(self, kubernetes_version: str, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        self._log.record("eks.addon_versions", kubernetes_version, asked := tuple(names))
        return {name: versions for name, versions in self.compatible.items() if name in asked}

    def pod_identities(self, name: str) -> tuple[PodIdentity, ...]:
        self._log.record("eks.pod_identities", name)
        return tuple(self.identities)

    def access_entry(self, name: str, principal_arn: str) -> AccessEntry:
        self._log.record("eks.access_entry", name, principal_arn)
        for entry in self.known_entries:
            return entry
        raise NotFoundError(f"EKS cluster `{name}` has no access entry")

    def _found(self, name: str) -> EksCluster:
        for cluster in self.known:
            if cluster.name == name:
                return cluster
        raise NotFoundError(f"there is no EKS cluster `{name}`")


class FakeNodeGroups:
    """The managed node groups of every EKS cluster."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.by_name = {"system": f"arn:aws:iam::{ACCOUNT}:role/eks-nodes"}

    def roles(self, cluster: str) -> Mapping[str, str]:
        self._log.record("node_groups.roles", cluster)
        return self.by_name


class FakeEndpoints:
    """Endpoints that answer, each that of one service."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        names = ("ec2", "sagemaker", "sts")
        self.known = [Endpoint(f"{name}.{REGION}.amazonaws.com", (name,)) for name in names]

    def tried(self) -> tuple[Endpoint, ...]:
        self._log.record("endpoints.tried")
        return tuple(self.known)


class FakeKubernetes:
    """The Kubernetes of every EKS cluster, with AWS's Helm chart installed."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.sets = [
            ("aws-hyperpod", "health-monitoring-agent"),
            ("aws-hyperpod", "health-monitoring-agent-non-nvidia"),
            ("kube-system", "aws-node"),
            ("kube-system", "hyperpod-dependencies-aws-efa-k8s-device-plugin"),
            ("kube-system", "hyperpod-dependencies-nvidia-device-plugin"),
            ("kube-system", "neuron-device-plugin-daemonset"),
        ]
        self.kinds = {"mpijobs.kubeflow.org", "pytorchjobs.kubeflow.org", "eniconfigs.crd.k8s.amazonaws.com"}
        self.first = Contact(Stage.ANSWERED, version="v1.33.5-eks-3025e55")
        self.groups: dict[str, tuple[str, ...]] = {"apps": ("v1",), "kubeflow.org": ("v2beta1", "v1")}
        self.denied: dict[str, str] = {}
        self.running = [
            Workload("Deployment", "kubeflow", "training-operator", 1, 1),
            *(
                Workload("DaemonSet", namespace, name, 2, 2, tolerations=(Toleration(operator="Exists"),))
                for namespace, name in self.sets
            ),
        ]
        self.joined = [a_kubernetes_node("hyperpod-i-0a1b2c3d4e5f60718")]
        self.asked: dict[str, dict[str, float]] = {}

    def daemon_sets(self, cluster: EksCluster) -> tuple[tuple[str, str], ...]:
        self._log.record("kubernetes.daemon_sets", cluster)
        return tuple(self.sets)

    def custom_resources(self, cluster: EksCluster) -> frozenset[str]:
        self._log.record("kubernetes.custom_resources", cluster)
        return frozenset(self.kinds)

    def contact(self, cluster: EksCluster) -> Contact:
        self._log.record("kubernetes.contact", cluster)
        return self.first

    def api_versions(self, cluster: EksCluster) -> Mapping[str, tuple[str, ...]]:
        self._log.record("kubernetes.api_versions", cluster)
        return self.groups

    def reviews(self, cluster: EksCluster, wishes: Iterable[AccessWish]) -> tuple[AccessReview, ...]:
        self._log.record("kubernetes.reviews", cluster, asked := tuple(wishes))
        return tuple(AccessReview(wish, str(wish) not in self.denied, self.denied.get(str(wish), "")) for wish in asked)

    def workloads(self, cluster: EksCluster) -> tuple[Workload, ...]:
        self._log.record("kubernetes.workloads", cluster)
        return tuple(self.running)

    def nodes(self, cluster: EksCluster) -> tuple[KubernetesNode, ...]:
        self._log.record("kubernetes.nodes", cluster)
        return tuple(self.joined)

    def requested(self, cluster: EksCluster, namespace: str | None) -> Mapping[str, Mapping[str, float]]:
        self._log.record("kubernetes.requested", cluster, namespace)
        return self.asked


class FakeQuotas:
    """Quotas that allow what the healthy specs ask for."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_quotas = [
            a_quota(),
            a_quota("ml.c5.2xlarge for cluster usage", "L-539D704C"),
            a_quota("ml.p5.48xlarge for cluster spot instance usage", "L-F742E2D7"),
            a_quota(
                "Maximum total FSx Lustre capacity in TiB across SageMaker HyperPod restricted instance groups",
                "L-FC4D7F52",
            ),
            a_quota("Maximum number instances allowed per SageMaker HyperPod cluster", "L-2CE978FC"),
            a_quota("Total number of instances allowed across SageMaker HyperPod clusters", "L-3308CCC7"),
            a_quota("Maximum number Spot instances allowed per SageMaker HyperPod cluster", "L-41BFBF41"),
            a_quota("Total number of Spot instances allowed across SageMaker HyperPod clusters", "L-97A2C724"),
            a_quota(
                "Maximum size of EBS volume in GB for a SageMaker HyperPod cluster instance", "L-E13DF72A", 16384.0
            ),
        ]
        self.interfaces = a_quota("Network interfaces per Region", "L-DF5E4CA3", 5000.0)

    def sagemaker(self) -> tuple[Quota, ...]:
        self._log.record("quotas.sagemaker")
        return tuple(self.known_quotas)

    def network_interfaces(self) -> Quota:
        self._log.record("quotas.network_interfaces")
        return self.interfaces


class FakeIam:
    """Roles, and a simulation that allows everything that `deny` did not name, but to administer IAM."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self._denied: list[tuple[str | None, Verdict]] = []
        for action in ("iam:AttachRolePolicy", "iam:CreateAccessKey", "iam:PutRolePolicy"):
            self.deny(action)
        self.known_roles = [a_role()]

    def deny(
        self,
        action: str,
        *,
        principal_arn: str | None = None,
        decision: str = "implicitDeny",
        by_organization: bool = False,
        by_boundary: bool = False,
    ) -> None:
        """Deny `action` on every resource, to one principal or (by default) to all."""
        verdict = Verdict(action, "*", allowed=False, decision=decision)
        why = replace(verdict, by_organization=by_organization, by_boundary=by_boundary)
        self._denied.append((principal_arn, why))

    def allow_everything(self) -> None:
        """Take every denial back, that to administer IAM too."""
        self._denied.clear()

    def role(self, name: str) -> Role:
        self._log.record("iam.role", name)
        for role in self.known_roles:
            if role.name == name:
                return role
        raise NotFoundError(f"there is no role `{name}`")

    def simulate(self, principal_arn: str, actions: Iterable[str], resources: Iterable[str]) -> tuple[Verdict, ...]:
        wanted, things = tuple(actions), tuple(resources)
        self._log.record("iam.simulate", principal_arn, wanted, things)
        return tuple(self._verdict(principal_arn, action, thing) for action in wanted for thing in things)

    def _verdict(self, principal_arn: str, action: str, resource: str) -> Verdict:
        for principal, verdict in self._denied:
            if verdict.action == action and principal in (None, principal_arn):
                return replace(verdict, resource=resource)
        return Verdict(action, resource, allowed=True, decision="allowed")


class FakeStorage:
    """Buckets with their objects; each is in the account's Region unless `regions` says otherwise."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.buckets: dict[str, dict[str, bytes]] = {"sagemaker-x": dict(SCRIPTS)}
        self.regions: dict[str, str] = {}
        self.encrypted_by: dict[str, str] = {}

    def objects(self, bucket: str, prefix: str) -> tuple[StoredObject, ...]:
        self._log.record("storage.objects", bucket, prefix)
        held = self._found(bucket)
        keys = (key for key in sorted(held) if key.startswith(prefix))
        return tuple(StoredObject(key, len(held[key]), _etag(held[key])) for key in keys)

    def read(self, bucket: str, key: str) -> bytes:
        self._log.record("storage.read", bucket, key)
        held = self._found(bucket)
        if key not in held:
            raise NotFoundError(f"there is no object `{key}`")
        return held[key]

    def encryption_key(self, bucket: str, key: str) -> str | None:
        self._log.record("storage.encryption_key", bucket, key)
        if key not in self._found(bucket):
            raise NotFoundError(f"there is no object `{key}`")
        return self.encrypted_by.get(key)

    def bucket_region(self, bucket: str) -> str:
        self._log.record("storage.bucket_region", bucket)
        self._found(bucket)
        return self.regions.get(bucket, REGION)

    def _found(self, bucket: str) -> dict[str, bytes]:
        if bucket not in self.buckets:
            raise NotFoundError(f"there is no bucket `{bucket}`")
        return self.buckets[bucket]


class FakeScriptStore:
    """The buckets of `FakeStorage`, to write; `meanwhile` is put there just before a write."""

    def __init__(self, log: CallLog, storage: FakeStorage) -> None:
        self._log = log
        self._storage = storage
        self.meanwhile: dict[str, bytes] = {}

    def kept(self, bucket: str, prefix: str) -> tuple[KeptScript, ...]:
        self._log.record("scripts.kept", bucket, prefix)
        held = self._storage._found(bucket)
        return tuple(
            KeptScript(key, len(held[key]), _etag(held[key])) for key in sorted(held) if key.startswith(prefix)
        )

    def put(self, bucket: str, key: str, content: bytes, *, replaces: str | None) -> None:
        self._log.record("scripts.put", bucket, key, replaces)
        held = self._storage._found(bucket)
        held.update(self.meanwhile)
        if (_etag(held[key]) if key in held else None) != replaces:
            raise ConflictError(f"`s3:PutObject` for `{key}` is in conflict with what is there")
        held[key] = content


def _etag(content: bytes) -> str:
    return f'"{sha256(content).hexdigest()}"'


class FakeShell:
    """A shell that takes exception to what `misread` names, and to nothing else."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.misread: dict[bytes, tuple[ShellFault, ...]] = {}

    def faults(self, script: bytes) -> tuple[ShellFault, ...]:
        self._log.record("shell.faults")
        return self.misread.get(script, ())


class FakeKeys:
    """KMS keys by their ARNs and their aliases, and what their own policies allow to whom."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_keys = [KmsKey(KEY_ARN)]
        self.aliases: dict[str, str] = {}
        self.allowed: dict[tuple[str, str], frozenset[str]] = {}

    def key(self, key_id: str) -> KmsKey:
        self._log.record("keys.key", key_id)
        wanted = self.aliases.get(key_id, key_id)
        for key in self.known_keys:
            if wanted in (key.arn, key.arn.rpartition("/")[2]):
                return key
        raise NotFoundError(f"there is no key `{key_id}`")

    def actions_by_policy(self, key_arn: str, role_arn: str) -> frozenset[str]:
        self._log.record("keys.actions_by_policy", key_arn, role_arn)
        return self.allowed.get((key_arn, role_arn), frozenset())


class FakeFileSystems:
    """FSx file systems, all of them behind the nodes' own security group unless `guarding` says otherwise."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_systems = [a_file_system(), an_open_zfs()]
        self.guarding: frozenset[str] = frozenset({"sg-nodes"})

    def all(self) -> tuple[FileSystem, ...]:
        self._log.record("file_systems.all")
        return tuple(self.known_systems)

    def guards(self, interface_ids: Iterable[str]) -> frozenset[str]:
        self._log.record("file_systems.guards", tuple(interface_ids))
        return self.guarding


class FakeDhcp:
    """The DHCP options of all VPCs."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.name_servers: tuple[str, ...] = ("AmazonProvidedDNS",)

    def options(self, options_id: str) -> DhcpOptions:
        self._log.record("dhcp.options", options_id)
        return DhcpOptions(options_id, self.name_servers)


class FakeQuotaRequests:
    """Increases that wait for a decision."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.waiting: list[QuotaRequest] = []

    def pending(self) -> tuple[QuotaRequest, ...]:
        self._log.record("quota_requests.pending")
        return tuple(self.waiting)


class FakePlans:
    """Training plans."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_plans = [a_training_plan()]

    def plan(self, arn: str) -> TrainingPlan:
        self._log.record("plans.plan", arn)
        for plan in self.known_plans:
            if plan.arn == arn:
                return plan
        raise NotFoundError(f"there is no training plan `{arn}`")


class FakeCaller:
    """The one who calls."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.who = an_identity()
        self.skew_s = 0.4
        self.left_s: float | None = None
        self.profile: str | None = "team"

    def identity(self) -> Identity:
        self._log.record("caller.identity")
        return self.who

    def clock_skew_s(self) -> float:
        self._log.record("caller.clock_skew_s")
        return self.skew_s

    def credentials_left_s(self) -> float | None:
        self._log.record("caller.credentials_left_s")
        return self.left_s

    def pinned_profile(self) -> str | None:
        self._log.record("caller.pinned_profile")
        return self.profile


class FakeLogs:
    """CloudWatch log groups."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.groups: set[str] = set()
        self.lines: dict[tuple[str, str], tuple[str, ...]] = {}

    def group_exists(self, name: str) -> bool:
        self._log.record("logs.group_exists", name)
        return name in self.groups

    def streams(self, group: str, prefix: str) -> tuple[str, ...]:
        self._log.record("logs.streams", group, prefix)
        if group not in {*self.groups, *(held for held, _ in self.lines)}:
            raise NotFoundError(f"there is no log group `{group}`")
        return tuple(stream for held, stream in self.lines if held == group and stream.startswith(prefix))

    def last_lines(self, group: str, stream: str) -> tuple[str, ...]:
        self._log.record("logs.last_lines", group, stream)
        return self.lines[group, stream]

    def page(self, group: str, stream: str, *, since: datetime | None = None, token: str | None = None) -> LogPage:
        """Pages of two lines; times count seconds from NOW."""
        self._log.record("logs.page", group, stream, since, token)
        rows = self._rows(group, stream, None)
        start = int(token) if token else len(rows) - len(self._rows(group, stream, since))
        return _log_page(rows[start : start + 2], min(start + 2, len(rows)))

    def tail(self, group: str, stream: str, lines: int, *, since: datetime | None = None) -> LogPage:
        self._log.record("logs.tail", group, stream, lines, since)
        rows = self._rows(group, stream, since)
        return _log_page(rows[-lines:], len(rows))

    def _rows(self, group: str, stream: str, since: datetime | None) -> list[tuple[int, str]]:
        if (group, stream) not in self.lines:
            raise NotFoundError(f"there is no stream `{stream}`")
        start = int(NOW.timestamp() * 1000)
        rows = [(start + 1000 * at, line) for at, line in enumerate(self.lines[group, stream])]
        return [row for row in rows if since is None or row[0] >= since.timestamp() * 1000]


def _log_page(rows: list[tuple[int, str]], end: int) -> LogPage:
    return LogPage(tuple(time for time, _ in rows), tuple(line for _, line in rows), str(end))


class FakeState:
    """Journals in memory, and locks that nobody holds; the `dead` one did before."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.journals: dict[str, list[Mapping[str, object]]] = {}
        self.locked: list[str] = []
        self.dead: Holder | None = None

    @contextmanager
    def lock(self, key: str) -> Iterator[Holder | None]:
        self._log.check("state.lock")
        self.locked.append(key)
        try:
            yield self.dead
        finally:
            self.locked.remove(key)

    def append(self, key: str, line: Mapping[str, object]) -> None:
        self._log.check("state.append")
        self.journals.setdefault(key, []).append(line)

    def lines(self, key: str) -> tuple[Mapping[str, object], ...]:
        self._log.check("state.lines")
        return tuple(self.journals.get(key, ()))

    @property
    def entries(self) -> list[object]:
        """The kinds of all entries, in order."""
        return [line["entry"] for journal in self.journals.values() for line in journal]


class FakeSignals:
    """A process that gets no signals, unless `comes` is raised at the end of the next step."""

    def __init__(self) -> None:
        self.comes: BaseException | None = None
        self.steps = 0

    @contextmanager
    def held_back(self) -> Iterator[None]:
        self.steps += 1
        yield
        if self.comes is not None:
            raise self.comes


class FakeAccount:
    """One of each, over one call log and one clock: the account of a test."""

    def __init__(self) -> None:
        self.calls, self.clock = CallLog(), FakeClock()
        self.clusters = FakeClusters(self.calls, self.clock)
        self.network = FakeNetwork(self.calls)
        self.dhcp = FakeDhcp(self.calls)
        self.eks = FakeEks(self.calls)
        self.node_groups = FakeNodeGroups(self.calls)
        self.node_care = FakeNodeCare(self.calls)
        self.endpoints = FakeEndpoints(self.calls)
        self.kubernetes = FakeKubernetes(self.calls)
        self.jobs = FakeJobObjects(self.calls)
        self.streams = FakePodStreams(self.calls)
        self.sessions = FakeSessions(self.calls)
        self.slurm_logs = FakeSlurmLogs()
        self.slurm_jobs = FakeSlurmJobs(self.calls, self.clock)
        self.caller = FakeCaller(self.calls)
        self.quotas = FakeQuotas(self.calls)
        self.quota_requests = FakeQuotaRequests(self.calls)
        self.iam = FakeIam(self.calls)
        self.storage = FakeStorage(self.calls)
        self.scripts = FakeScriptStore(self.calls, self.storage)
        self.shell = FakeShell(self.calls)
        self.file_systems = FakeFileSystems(self.calls)
        self.keys = FakeKeys(self.calls)
        self.plans = FakePlans(self.calls)
        self.logs = FakeLogs(self.calls)
        self.changes = FakeChanges(self.calls)
        self.state = FakeState(self.calls)
        self.signals = FakeSignals()
        self.ports = Ports(
            clusters=self.clusters,
            network=self.network,
            dhcp=self.dhcp,
            eks=self.eks,
            node_groups=self.node_groups,
            node_care=self.node_care,
            endpoints=self.endpoints,
            kubernetes=self.kubernetes,
            jobs=self.jobs,
            streams=self.streams,
            sessions=self.sessions,
            slurm_logs=self.slurm_logs,
            slurm_jobs=self.slurm_jobs,
            caller=self.caller,
            quotas=self.quotas,
            quota_requests=self.quota_requests,
            iam=self.iam,
            storage=self.storage,
            scripts=self.scripts,
            shell=self.shell,
            file_systems=self.file_systems,
            keys=self.keys,
            plans=self.plans,
            logs=self.logs,
            changes=self.changes,
            slurm=SlurmCommands(self.sessions),
            probes=SessionProbes(self.sessions, self.clock),
            state=self.state,
            signals=self.signals,
            clock=self.clock,
            region=REGION,
        )
        self.world = World(self.ports)

    def holding(self, *rows: Row) -> FakeAccount:
        """Put `rows` in place of the account's own of the same kind."""
        for kind in {type(row) for row in rows}:
            port, place = HELD[kind]
            setattr(getattr(self, port), place, [row for row in rows if isinstance(row, kind)])
        return self
