"""The adapters are what the ports ask for, and these tests use every method of theirs."""

from __future__ import annotations

import inspect
from typing import get_type_hints

from hpctl.adapters.aws.account import AwsAccount
from hpctl.adapters.aws.caller import AwsCaller
from hpctl.adapters.aws.changes import AwsChanges
from hpctl.adapters.aws.clusters import AwsClusters
from hpctl.adapters.aws.dhcp import AwsDhcp
from hpctl.adapters.aws.eks import AwsEks, AwsNodeGroups
from hpctl.adapters.aws.filesystems import AwsFileSystems
from hpctl.adapters.aws.iam import AwsIam
from hpctl.adapters.aws.keys import AwsKeys
from hpctl.adapters.aws.logs import AwsLogs
from hpctl.adapters.aws.network import AwsNetwork
from hpctl.adapters.aws.node_care import AwsNodeCare
from hpctl.adapters.aws.plans import AwsPlans
from hpctl.adapters.aws.quota_requests import AwsQuotaRequests
from hpctl.adapters.aws.quotas import AwsQuotas
from hpctl.adapters.aws.scriptstore import AwsScriptStore
from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.aws.storage import AwsStorage
from hpctl.facts import log_ports, node_groups, ports
from hpctl.facts.account_ports import Account
from hpctl.facts.change_ports import Changes
from hpctl.facts.dhcp import Dhcp
from hpctl.facts.endpoints import Endpoints
from hpctl.facts.filesystems import FileSystems
from hpctl.facts.inside import Probes
from hpctl.facts.job_ports import JobObjects, PodStreams
from hpctl.facts.kubernetes_port import Kubernetes
from hpctl.facts.node_care import NodeCare
from hpctl.facts.quota_requests import QuotaRequests
from hpctl.facts.script_ports import ScriptStore, Shell
from hpctl.facts.session_ports import Sessions
from hpctl.facts.slurm_job_ports import SlurmJobs
from hpctl.facts.slurm_log_ports import SlurmLogs
from hpctl.facts.slurm_ports import Slurm
from tests.contract.aws_answers import service
from tests.contract.aws_calls import CALLS, OF_SESSIONS
from tests.unit.adapters.wire import connect


def adapters(session: AwsSession) -> dict[type, object]:
    """Return one adapter for each port that reaches AWS; the types say that it is one."""
    account: Account = AwsAccount(session)
    clusters: ports.Clusters = AwsClusters(session)
    network: ports.Network = AwsNetwork(session)
    logs: log_ports.Logs = AwsLogs(session)
    eks: ports.Eks = AwsEks(session)
    groups: node_groups.NodeGroups = AwsNodeGroups(session)
    quotas: ports.Quotas = AwsQuotas(session)
    iam: ports.Iam = AwsIam(session)
    storage: ports.Storage = AwsStorage(session)
    scripts: ScriptStore = AwsScriptStore(session)
    changes: Changes = AwsChanges(session)
    keys: ports.Keys = AwsKeys(session)
    plans: ports.Plans = AwsPlans(session)
    caller: ports.Caller = AwsCaller(session)
    dhcp: Dhcp = AwsDhcp(session)
    file_systems: FileSystems = AwsFileSystems(session)
    quota_requests: QuotaRequests = AwsQuotaRequests(session)
    care: NodeCare = AwsNodeCare(session)
    return {
        Account: account,
        Dhcp: dhcp,
        FileSystems: file_systems,
        QuotaRequests: quota_requests,
        NodeCare: care,
        ports.Clusters: clusters,
        ports.Network: network,
        log_ports.Logs: logs,
        ports.Eks: eks,
        node_groups.NodeGroups: groups,
        ports.Quotas: quotas,
        ports.Iam: iam,
        ports.Storage: storage,
        ScriptStore: scripts,
        Changes: changes,
        ports.Keys: keys,
        ports.Plans: plans,
        ports.Caller: caller,
    }


ANSWERED_HERE = {"Caller.credentials_left_s", "Caller.pinned_profile"}
"""What the session itself knows, without a call."""

NOT_AWS = {
    *(ports.Clock, Endpoints, JobObjects, Kubernetes, PodStreams, Shell, ports.Signals, ports.State),
    *(Probes, Sessions, Slurm, SlurmJobs, SlurmLogs),  # what AWS is asked for sessions is below, the rest is on nodes
    str,
}


def test_every_port_that_reaches_aws_is_here() -> None:
    assert set(get_type_hints(ports.Ports).values()) - NOT_AWS == set(adapters(connect(service())))


def test_every_method_of_every_port_is_used_here() -> None:
    methods = {
        f"{port.__name__}.{name}"
        for port in adapters(connect(service()))
        for name, _ in inspect.getmembers(port, inspect.isfunction)
        if not name.startswith("_")
    }
    assert set(CALLS) - set(OF_SESSIONS) == methods - ANSWERED_HERE


def test_the_adapters_are_what_the_ports_ask_for() -> None:
    for port, adapter in adapters(connect(service())).items():
        for name, method in inspect.getmembers(port, inspect.isfunction):
            if not name.startswith("_"):
                ours = inspect.signature(getattr(type(adapter), name))
                assert ours == inspect.signature(method), f"{port.__name__}.{name}"
