"""What follows logs in these tests: hpctl's own adapters and service, without AWS in front of them."""

from __future__ import annotations

from dataclasses import replace

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.jobs import EksJobs
from hpctl.adapters.kube.streams import EksPodStreams
from hpctl.adapters.local.clock import SystemClock
from hpctl.facts.jobs import BATCH_JOB, Job
from hpctl.facts.ports import Ports
from hpctl.facts.records import EksCluster
from tests.unit.fakes import FakeAccount


def ports() -> Ports:
    """Return ports whose jobs and streams are real."""
    clock = SystemClock()
    api = Api(AwsSession(profile=None, region="us-west-2"), clock)
    return replace(FakeAccount().ports, jobs=EksJobs(api), streams=EksPodStreams(api), clock=clock)


def job(cluster: EksCluster, through: Ports) -> Job:
    """Return the job of the server."""
    return through.jobs.job(cluster, BATCH_JOB, "default", "train")
