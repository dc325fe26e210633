"""The ports in memory: they answer what a test put in, log every call and fail on demand."""

from __future__ import annotations

from collections.abc import Mapping

from hpctl.adapters.probe.look import SessionProbes
from hpctl.adapters.slurm.commands import SlurmCommands
from hpctl.facts.filesystems import FileSystem
from hpctl.facts.network import NatGateway, NetworkAcl, RouteTable, SecurityGroup, Subnet, Vpc, VpcEndpoint
from hpctl.facts.ports import Ports
from hpctl.facts.quota_requests import QuotaRequest
from hpctl.facts.records import Addon, EksCluster, KmsKey, Quota, Role, TrainingPlan
from hpctl.facts.world import World
from tests.unit.builders import REGION
from tests.unit.fake_access import FakeCaller, FakeIam, FakeKeys
from tests.unit.fake_calls import CallLog, FakeClock
from tests.unit.fake_care import FakeNodeCare
from tests.unit.fake_changes import FakeChanges
from tests.unit.fake_clusters import FakeClusters
from tests.unit.fake_jobs import FakeJobObjects, FakePodStreams
from tests.unit.fake_kubernetes import FakeEks, FakeKubernetes, FakeNodeGroups
from tests.unit.fake_lists import FakeLists
from tests.unit.fake_logs import FakeLogs
from tests.unit.fake_network import FakeDhcp, FakeEndpoints, FakeNetwork
from tests.unit.fake_quotas import FakePlans, FakeQuotaRequests, FakeQuotas
from tests.unit.fake_sessions import FakeSessions
from tests.unit.fake_slurm_jobs import FakeSlurmJobs
from tests.unit.fake_slurm_logs import FakeSlurmLogs
from tests.unit.fake_state import FakeSignals, FakeState
from tests.unit.fake_storage import FakeFileSystems, FakeScriptStore, FakeShell, FakeStorage

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
        self.ports = self._ports()
        self.world = World(self.ports)

    def _ports(self) -> Ports:
        return Ports(
            account=FakeLists(self.calls, self.network, self.eks, self.iam, self.storage),
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

    def holding(self, *rows: Row) -> FakeAccount:
        """Put `rows` in place of the account's own of the same kind."""
        for kind in {type(row) for row in rows}:
            port, place = HELD[kind]
            setattr(getattr(self, port), place, [row for row in rows if isinstance(row, kind)])
        return self
