"""One adapter for each port, over one AWS session: where both meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hpctl.adapters.aws.account import AwsAccount
from hpctl.adapters.aws.caller import AwsCaller
from hpctl.adapters.aws.changes import AwsChanges
from hpctl.adapters.aws.clusters import AwsClusters
from hpctl.adapters.aws.dhcp import AwsDhcp
from hpctl.adapters.aws.eks import AwsEks, AwsNodeGroups
from hpctl.adapters.aws.endpoints import AwsEndpoints
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
from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.jobs import EksJobs
from hpctl.adapters.kube.listing import EksKubernetes
from hpctl.adapters.kube.streams import EksPodStreams
from hpctl.adapters.local.bash import LocalBash
from hpctl.adapters.local.clock import SystemClock
from hpctl.adapters.local.signals import ProcessSignals
from hpctl.adapters.local.state import FileState
from hpctl.adapters.probe.look import SessionProbes
from hpctl.adapters.slurm.commands import SlurmCommands
from hpctl.adapters.slurm.jobs import SlurmJobsOverSessions
from hpctl.adapters.slurm.logs import SlurmLogsOverSessions
from hpctl.adapters.ssm.sessions import SsmSessions
from hpctl.facts.ports import Ports


def ports_over(aws: AwsSession, env: Mapping[str, str], tell: Callable[[str], None]) -> Ports:
    """Return the ports; `tell` says a line to the person between others, such as that a signal was heard."""
    clock = SystemClock()
    api = Api(aws, clock)
    sessions = SsmSessions(aws, env, clock)
    return Ports(
        account=AwsAccount(aws),
        clusters=AwsClusters(aws),
        network=AwsNetwork(aws),
        dhcp=AwsDhcp(aws),
        eks=AwsEks(aws),
        node_groups=AwsNodeGroups(aws),
        node_care=AwsNodeCare(aws),
        endpoints=AwsEndpoints(aws),
        kubernetes=EksKubernetes(aws),
        jobs=EksJobs(api),
        streams=EksPodStreams(api),
        sessions=sessions,
        slurm_logs=SlurmLogsOverSessions(sessions),
        slurm=SlurmCommands(sessions),
        probes=SessionProbes(sessions, clock),
        slurm_jobs=SlurmJobsOverSessions(sessions),
        caller=AwsCaller(aws),
        quotas=AwsQuotas(aws),
        quota_requests=AwsQuotaRequests(aws),
        iam=AwsIam(aws),
        storage=AwsStorage(aws),
        scripts=AwsScriptStore(aws),
        shell=LocalBash(),
        file_systems=AwsFileSystems(aws),
        keys=AwsKeys(aws),
        plans=AwsPlans(aws),
        logs=AwsLogs(aws),
        changes=AwsChanges(aws),
        state=FileState(env, clock),
        signals=ProcessSignals(tell),
        region=aws.region,
        clock=clock,
    )
