"""hpctl's own way to jobs and their streams (`adapters.kube`), against every cluster that the suite is run against."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.jobs import EksJobs
from hpctl.adapters.kube.streams import EksPodStreams
from hpctl.adapters.local.clock import SystemClock
from hpctl.errors import ConflictError, NotFoundError, RefusedError
from hpctl.facts.jobs import (
    BATCH_JOB,
    CONFIG_MAP,
    JOB_KINDS,
    POD,
    PYTORCH_JOB,
    Job,
    JobState,
    ObjectKind,
)
from hpctl.facts.ports import Ports
from hpctl.facts.records import EksCluster
from hpctl.report.logs import LogLines
from hpctl.services.job.logs import LogWish, follow_logs
from tests.contract.kubernetes.capabilities import needs
from tests.contract.kubernetes.objects import ONE, a_config_map, a_job, a_pod, a_pytorch_job
from tests.contract.kubernetes.space import Space, until
from tests.contract.kubernetes.test_pytorch_jobs import SCRIPT
from tests.unit.fakes import FakeAccount

ABSENT = ObjectKind("contract.test", "v1", "Nothing", "nothings")


class _Api(Api):
    """The way of hpctl with the token of a kubeconfig: not every cluster is one of EKS."""

    def __init__(self, token: str) -> None:
        super().__init__(AwsSession(profile=None, region="us-west-2"), SystemClock())
        self._own = token

    def token(self, cluster: EksCluster) -> str:
        return self._own


class Way:
    """The ports, and a namespace."""

    def __init__(self, space: Space) -> None:
        settings = space.cluster.python.configuration
        found = settings.get_api_key_with_prefix("BearerToken", alias="authorization")
        token = str(found or "").removeprefix("Bearer ")
        if not token:
            pytest.skip("this kubeconfig has no token")
        authority = base64.b64encode(Path(settings.ssl_ca_cert).read_bytes()).decode()
        known: dict[str, Any] = {"status": "ACTIVE", "version": "1.33", "authentication_mode": "API", "vpc_id": "vpc-1"}
        arn = "arn:aws:eks:us-west-2:123456789012:cluster/training"
        self.cluster = EksCluster(
            name="training", arn=arn, endpoint=settings.host, certificate_authority=authority, **known
        )
        api = _Api(token)
        self.jobs, self.streams, self.namespace = EksJobs(api), EksPodStreams(api), space.name

    @property
    def ports(self) -> Ports:
        return replace(FakeAccount().ports, jobs=self.jobs, streams=self.streams, clock=SystemClock())

    def create(self, kind: ObjectKind, body: dict[str, Any]) -> dict[str, Any]:
        body["metadata"]["namespace"] = self.namespace
        return dict(self.jobs.create(self.cluster, kind, body))

    def job(self, kind: ObjectKind) -> Job:
        return self.jobs.job(self.cluster, kind, self.namespace, ONE)

    def ends(self, kind: ObjectKind) -> Job:
        return until(lambda: self.job(kind), lambda job: job.state.final)


@pytest.fixture
def way(space: Space) -> Way:
    return Way(space)


def test_the_kinds_that_are_served_are_found_with_their_versions(way: Way, space: Space) -> None:
    found = way.jobs.served(way.cluster, JOB_KINDS)
    assert BATCH_JOB in found
    assert ABSENT not in way.jobs.served(way.cluster, [*JOB_KINDS, ABSENT])
    assert found <= {*JOB_KINDS}
    aside = replace(BATCH_JOB, version="v9")
    assert way.jobs.served(way.cluster, [aside]) == {BATCH_JOB}
    assert way.jobs.discovered(way.cluster, "batch/v1", "Job") == BATCH_JOB
    assert way.jobs.discovered(way.cluster, "v1", "Pod") == POD
    assert not way.jobs.discovered(way.cluster, "v1", "Namespace").namespaced
    for version, kind in (("batch/v1", "Jobs"), ("batch/v9", "Job"), ("example.com/v1", "Job")):
        with pytest.raises(NotFoundError, match=f"serves no `{kind}` of `{version}`"):
            way.jobs.discovered(way.cluster, version, kind)


def test_an_object_is_judged_made_changed_and_deleted(way: Way) -> None:
    body = a_config_map()
    body["metadata"]["namespace"] = way.namespace
    assert way.jobs.create(way.cluster, CONFIG_MAP, body, dry_run=True)["metadata"]["name"] == ONE
    with pytest.raises(NotFoundError, match=r"Kubernetes has no `configmaps` `one` in namespace `[^`]+` of EKS"):
        way.jobs.read(way.cluster, CONFIG_MAP, way.namespace, ONE)
    made = way.create(CONFIG_MAP, body)
    with pytest.raises(ConflictError, match="there is already `configmaps` `one` in namespace"):
        way.create(CONFIG_MAP, body)
    patch = {"data": {"size": None, "shape": "round"}}
    assert way.jobs.merge(way.cluster, CONFIG_MAP, way.namespace, ONE, patch)["data"] == {
        "colour": "red",
        "shape": "round",
    }
    with pytest.raises(ConflictError, match="cannot delete now"):
        way.jobs.delete(way.cluster, CONFIG_MAP, way.namespace, ONE, uid="another")
    way.jobs.delete(way.cluster, CONFIG_MAP, way.namespace, ONE, uid=made["metadata"]["uid"])
    assert list(way.jobs.objects(way.cluster, CONFIG_MAP, way.namespace, "app=none")) == []


def test_a_misspelt_member_is_refused_and_not_left_out(way: Way) -> None:
    body = a_job()
    body["spec"]["replicass"] = 2
    with pytest.raises(RefusedError, match=r"refuses to create `jobs\.batch` `one`.*replicass") as caught:
        way.create(BATCH_JOB, body)
    assert caught.value.aws_code == "BadRequest"
    with pytest.raises(RefusedError) as caught:
        way.create(BATCH_JOB, a_job(parallelism=-1))
    assert caught.value.aws_code == "Invalid"


def test_a_kind_that_is_not_served_has_no_objects(way: Way) -> None:
    assert list(way.jobs.objects(way.cluster, ABSENT, way.namespace)) == []
    assert list(way.jobs.queues(way.cluster, way.namespace)) == []


def test_an_indexed_job_is_followed_and_read(way: Way) -> None:
    script = 'for i in $(seq 200); do echo "rank $JOB_COMPLETION_INDEX line $i"; done; sleep 0.3; echo done'
    way.create(BATCH_JOB, a_job(script, parallelism=2, completions=2, completionMode="Indexed"))
    job = way.job(BATCH_JOB)
    assert (job.nodes, job.reference) == (2, "job/one")
    assert job.state in (JobState.PENDING, JobState.RUNNING)
    found: dict[int | None, list[str]] = {}
    for step in follow_logs(job, way.cluster, way.ports, LogWish(follow=True)):
        if isinstance(step, LogLines):
            found.setdefault(step.source.rank, []).extend(line.decode() for line in step.lines)
    expected = {rank: [*(f"rank {rank} line {i}" for i in range(1, 201)), "done"] for rank in (0, 1)}
    assert found == expected
    job = way.ends(BATCH_JOB)
    assert job.state is JobState.SUCCEEDED
    pods = way.jobs.pods_of(way.cluster, job)
    assert [pod.rank for pod in pods] == [0, 1]
    assert [pod.containers[0].exit_code for pod in pods] == [0, 0]
    assert [one.name for one in way.jobs.jobs(way.cluster, way.namespace)] == [ONE]
    assert any(event.about_uid == job.uid for event in way.jobs.events(way.cluster, way.namespace, job.uid))


def test_a_job_that_fails_says_so_and_another_of_its_name_has_none_of_its_pods(way: Way) -> None:
    way.create(BATCH_JOB, a_job("echo bad; exit 3", backoffLimit=0))
    job = way.ends(BATCH_JOB)
    assert job.state is JobState.FAILED
    (pod,) = way.jobs.pods_of(way.cluster, job)
    assert pod.containers[0].exit_code == 3
    assert way.jobs.pods_of(way.cluster, replace(job, uid="another")) == ()


def test_the_ranks_of_a_pytorch_job_are_the_operators(way: Way, space: Space) -> None:
    needs(space.cluster, "pytorchjobs")
    way.create(PYTORCH_JOB, a_pytorch_job(SCRIPT, workers=2, cleanPodPolicy="None"))
    found: dict[int | None, list[bytes]] = {}
    for step in follow_logs(way.job(PYTORCH_JOB), way.cluster, way.ports, LogWish(follow=True)):
        if isinstance(step, LogLines):
            found.setdefault(step.source.rank, []).extend(step.lines)
    steps = [b"step 0", b"step 1", b"step 2", b"sum 3"]
    assert found == {rank: [b"rank %d of 3" % rank, *steps] for rank in range(3)}
    job = way.ends(PYTORCH_JOB)
    assert (job.state, job.nodes) == (JobState.SUCCEEDED, 3)
    assert [pod.rank for pod in way.jobs.pods_of(way.cluster, job)] == [0, 1, 2]


def test_a_watch_tells_each_change_until_the_object_is_gone(way: Way) -> None:
    way.create(CONFIG_MAP, a_config_map())

    def change() -> None:
        for number in range(3):
            way.jobs.merge(way.cluster, CONFIG_MAP, way.namespace, ONE, {"data": {"size": f"number {number}"}})
        way.jobs.delete(way.cluster, CONFIG_MAP, way.namespace, ONE)

    sizes: list[str] = []
    thread = Thread(target=change)
    for found in way.jobs.watch(way.cluster, CONFIG_MAP, way.namespace, ONE, timeout_s=40):
        if not sizes:
            thread.start()
        sizes.append(found["data"]["size"])
    thread.join()
    assert sizes == ["1", "number 0", "number 1", "number 2"]
    assert list(way.jobs.watch(way.cluster, CONFIG_MAP, way.namespace, ONE, timeout_s=5)) == []


@pytest.fixture
def pod(way: Way) -> str:
    way.create(POD, a_pod("sleep 300"))
    until(
        lambda: next(iter(way.jobs.pods(way.cluster, way.namespace))),
        lambda pod: pod.containers[0].running,
    )
    return ONE


def execute(way: Way, *command: str, stdin: bytes | None = None) -> tuple[int, bytes, bytes]:
    out, err = io.BytesIO(), io.BytesIO()
    given = None if stdin is None else io.BytesIO(stdin)
    code = way.streams.execute(way.cluster, way.namespace, ONE, "main", command, stdin=given, stdout=out, stderr=err)
    return code, out.getvalue(), err.getvalue()


def test_a_command_has_its_words_streams_and_exit_code(way: Way, pod: str) -> None:
    assert execute(way, "sh", "-c", "echo out; echo err >&2; exit 7") == (7, b"out\n", b"err\n")
    odd = "a b'c\"$(x)`y`\n;&|é"
    assert execute(way, "printf", "%s", odd) == (0, odd.encode(), b"")
    assert execute(way, "sh", "-c", "wc -c", stdin=b"x" * 300_000)[:2] == (0, b"300000\n")


def test_a_command_that_is_not_there_is_refused_in_the_clusters_words(way: Way, pod: str) -> None:
    with pytest.raises(RefusedError, match="nosuchcommand"):
        execute(way, "nosuchcommand")


def test_a_pod_that_is_not_there_runs_nothing(way: Way) -> None:
    with pytest.raises(NotFoundError, match="Kubernetes has no `pods/exec` `one`"):
        execute(way, "true")
