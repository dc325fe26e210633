"""The adapter of jobs against a server with TLS: what is asked, what is asked again, and what refusals become."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.jobs import EksJobs
from hpctl.errors import AccessError, ConflictError, HpctlError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.jobs import BATCH_JOB, CONFIG_MAP, JOB_SET, PYTORCH_JOB, Job, JobState, ObjectKind
from tests.functional.kube.server import Answer, Server, serving, status, told

BODY: dict[str, Any] = {"metadata": {"name": "one", "namespace": "team"}}


@dataclass
class Clock:
    """Time that passes when somebody waits."""

    slept: list[float] = field(default_factory=list)
    at: datetime = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    def jitter(self) -> float:
        return 0.5


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> EksJobs:
    for name in ("AWS_PROFILE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAPLANTED000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret-key")
    return EksJobs(Api(AwsSession(profile=None, region="us-west-2"), clock))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "tls") as server:
        yield server


def refusal(code: int, reason: str, message: str) -> Answer:
    return told(code, kind="Status", status="Failure", reason=reason, message=message)


def resources(*kinds: ObjectKind) -> Answer:
    return told(resources=[{"name": kind.plural, "kind": kind.kind, "namespaced": True} for kind in kinds])


def groups(**versions: str) -> Answer:
    return told(groups=[{"name": name, "versions": [{"version": one}]} for name, one in versions.items()])


def a_job(name: str, uid: str = "", **members: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team", "uid": uid or name, "creationTimestamp": "2026-03-01T00:00:00Z"}
    return {"metadata": metadata | members.pop("metadata", {}), **members}


def test_a_creation_names_who_writes_and_wants_no_member_overlooked(jobs: EksJobs, server: Server) -> None:
    server.answers = [told(201, **BODY)]
    assert jobs.create(server.cluster, CONFIG_MAP, BODY) == BODY
    jobs.create(server.cluster, CONFIG_MAP, BODY, dry_run=True)
    paths = [path for path, _headers in server.asked]
    root = "/some/path/api/v1/namespaces/team/configmaps?fieldManager=hpctl&fieldValidation=Strict"
    assert paths == [root, f"{root}&dryRun=All"]
    assert server.posted == [BODY, BODY]


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (refusal(409, "AlreadyExists", 'configmaps "one" already exists'), ConflictError, "there is already `configm"),
        (
            refusal(422, "Invalid", 'ConfigMap "one" is invalid'),
            RefusedError,
            "refuses to create `configmaps` `one` in",
        ),
        (refusal(403, "Forbidden", "no RBAC policy matched"), AccessError, "Kubernetes denied to create `configmaps`"),
        (refusal(403, "Forbidden", 'exceeded quota: "q", requested: 1'), RefusedError, "exceeded quota"),
        (refusal(400, "BadRequest", 'admission webhook "x" denied the request: no'), RefusedError, "denied the req"),
        (refusal(404, "NotFound", 'namespaces "team" not found'), NotFoundError, 'namespaces "team" not found'),
        (
            refusal(500, "InternalError", "failed calling webhook"),
            UnavailableError,
            "answered 500 when asked to create",
        ),
        ((200, b"<html>"), UnavailableError, "cannot be read"),
    ],
)
def test_what_a_creation_is_refused_with_is_told_in_kubernetes_words(
    jobs: EksJobs, server: Server, answer: Answer, kind: type[HpctlError], message: str
) -> None:
    server.answers = [answer]
    with pytest.raises(kind, match=message):
        jobs.create(server.cluster, CONFIG_MAP, BODY)
    assert len(server.asked) == 1


def test_a_permission_that_is_missing_is_named_with_the_way_to_give_it(jobs: EksJobs, server: Server) -> None:
    server.answers = [status(403, "no")]
    with pytest.raises(AccessError) as caught:
        jobs.merge(server.cluster, PYTORCH_JOB, "team", "one", {})
    assert caught.value.hint == (
        "the caller needs the Kubernetes permission to patch `pytorchjobs.kubeflow.org` in namespace `team`\n"
        "kubectl create role patch-pytorchjobs.kubeflow.org --namespace team "
        "--verb=patch --resource=pytorchjobs.kubeflow.org\n"
        "kubectl create rolebinding patch-pytorchjobs.kubeflow.org --namespace team "
        "--role=patch-pytorchjobs.kubeflow.org --group=<group of your access entry>"
    )


def test_a_creation_that_was_throttled_is_tried_again_and_no_other(jobs: EksJobs, server: Server, clock: Clock) -> None:
    server.headers["Retry-After"] = "7"
    server.answers = [status(429, "later"), told(201, **BODY)]
    jobs.create(server.cluster, CONFIG_MAP, BODY)
    assert (len(server.posted), clock.slept) == (2, [7.0])
    server.answers = [status(503, "etcd is busy")]
    with pytest.raises(UnavailableError, match="answered 503 when asked to create"):
        jobs.create(server.cluster, CONFIG_MAP, BODY)
    assert len(server.posted) == 3


def test_what_may_be_done_twice_is_tried_again_as_a_read_is(jobs: EksJobs, server: Server, clock: Clock) -> None:
    server.answers = [status(503, "etcd is busy"), told(**BODY)]
    jobs.merge(server.cluster, CONFIG_MAP, "team", "one", {"metadata": {"uid": "1"}})
    server.answers = [status(500, "etcd is busy"), told(**BODY)]
    jobs.delete(server.cluster, CONFIG_MAP, "team", "one", uid="1")
    assert (server.methods, clock.slept) == (["PATCH", "PATCH", "DELETE", "DELETE"], [0.5, 0.5])


def test_an_answer_that_breaks_off_in_the_middle_is_asked_for_again(jobs: EksJobs, server: Server) -> None:
    server.answers, server.cut = [told(**BODY)], 1
    assert jobs.read(server.cluster, CONFIG_MAP, "team", "one") == BODY
    server.cut = 3
    with pytest.raises(UnavailableError, match=r"could not reach Kubernetes for .*: the connection broke off$"):
        jobs.read(server.cluster, CONFIG_MAP, "team", "one")
    assert len(server.asked) == 5


def test_a_creation_whose_answer_breaks_off_is_not_sent_again(jobs: EksJobs, server: Server) -> None:
    server.answers, server.cut = [told(201, **BODY)], 1
    with pytest.raises(UnavailableError, match="the connection broke off"):
        jobs.create(server.cluster, CONFIG_MAP, BODY)
    assert len(server.posted) == 1


def test_a_read_is_tried_three_times_with_growing_pauses(jobs: EksJobs, server: Server, clock: Clock) -> None:
    server.answers = [status(503, "busy"), status(429, "later"), told(**BODY)]
    assert jobs.read(server.cluster, CONFIG_MAP, "team", "one") == BODY
    assert clock.slept == [0.5, 1.0]
    server.answers = [status(503, "busy")]
    with pytest.raises(UnavailableError, match="answered 503 when asked to get `configmaps` `one` in namespace `team`"):
        jobs.read(server.cluster, CONFIG_MAP, "team", "one")
    assert len(server.asked) == 6


def test_a_token_that_is_not_accepted_is_signed_once_more(jobs: EksJobs, server: Server) -> None:
    server.answers = [status(401, "Unauthorized"), told(**BODY)]
    assert jobs.read(server.cluster, CONFIG_MAP, "team", "one") == BODY
    server.answers = [status(401, "Unauthorized")]
    with pytest.raises(AccessError, match="did not accept the credentials"):
        jobs.read(server.cluster, CONFIG_MAP, "team", "one")
    assert len(server.asked) == 4


def test_one_token_serves_many_requests_until_it_ages(jobs: EksJobs, server: Server, clock: Clock) -> None:
    server.answers = [told(**BODY)]
    for minutes in (0, 11, 2):
        clock.at += timedelta(minutes=minutes)
        jobs.read(server.cluster, CONFIG_MAP, "team", "one")
    tokens = [headers["authorization"] for _path, headers in server.asked]
    assert tokens[0] == tokens[1]
    assert all(token.startswith("Bearer k8s-aws-v1.") for token in tokens)


def test_a_deletion_is_for_the_one_that_was_meant(jobs: EksJobs, server: Server) -> None:
    server.answers = [told()]
    jobs.delete(server.cluster, BATCH_JOB, "team", "one", uid="u-1")
    assert server.methods == ["DELETE"]
    (options,) = server.posted
    assert options == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {"uid": "u-1"},
    }


def test_a_list_that_the_server_forgot_is_begun_again_and_told_once(jobs: EksJobs, server: Server) -> None:
    def page(*names: str, following: str = "") -> Answer:
        items = [{"metadata": {"name": name, "uid": name}} for name in names]
        return told(metadata={"continue": following}, items=items)

    server.answers = [page("a", "b", following="x"), refusal(410, "Expired", "too old"), page("a", "b", "c")]
    found = [row["metadata"]["name"] for row in jobs.objects(server.cluster, CONFIG_MAP, "team", "x=y")]
    assert found == ["a", "b", "c"]
    assert [path.partition("?")[2] for path, _ in server.asked] == [
        "limit=500&labelSelector=x%3Dy",
        "limit=500&labelSelector=x%3Dy&continue=x",
        "limit=500&labelSelector=x%3Dy",
    ]
    server.answers = [page("a", following="x"), refusal(410, "Expired", "too old")] * 2
    with pytest.raises(RefusedError, match="too old"):
        list(jobs.objects(server.cluster, CONFIG_MAP, "team"))


def test_jobs_of_every_kind_are_listed_without_the_parts_of_others(jobs: EksJobs, server: Server) -> None:
    owner = {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "name": "s", "uid": "s", "controller": True}
    child = a_job("s-nodes-0", metadata={"ownerReferences": [owner]})
    batch = told(metadata={}, items=[a_job("alone"), child])
    served = [groups(**{"batch": "v1", "jobset.x-k8s.io": "v1alpha2"}), resources(JOB_SET), resources(BATCH_JOB)]
    server.answers = [*served, status(403, "no"), batch]
    assert [job.name for job in jobs.jobs(server.cluster, None)] == ["alone"]
    assert server.asked[-1][0].startswith("/some/path/apis/batch/v1/jobs?limit")
    server.answers = [*served, status(403, "no")]
    with pytest.raises(AccessError, match=r"denied to list `jobsets\.jobset\.x-k8s\.io`"):
        list(jobs.jobs(server.cluster, None))


def test_the_pods_of_a_job_set_are_found_through_its_jobs(jobs: EksJobs, server: Server) -> None:
    def pod(name: str, owner: str, index: int) -> dict[str, Any]:
        row = {"apiVersion": "batch/v1", "kind": "Job", "name": owner, "uid": owner, "controller": True}
        labels = {"jobset.sigs.k8s.io/job-global-index": str(index)}
        return a_job(name, metadata={"ownerReferences": [row], "labels": labels}, spec={"containers": []})

    children = [
        a_job("mine-0", metadata={"ownerReferences": [{"kind": "JobSet", "uid": "set-uid"}]}),
        a_job("old-0", metadata={"ownerReferences": [{"kind": "JobSet", "uid": "another"}]}),
    ]
    server.answers = [
        told(metadata={}, items=[pod("p1", "mine-0", 1), pod("p0", "mine-0", 0), pod("p9", "old-0", 0)]),
        told(metadata={}, items=children),
    ]
    job = Job(JOB_SET, "team", "set", "set-uid", datetime(2026, 3, 1, tzinfo=UTC), JobState.RUNNING, 2, {}, {})
    assert [(pod.name, pod.rank) for pod in jobs.pods_of(server.cluster, job)] == [("p0", 0), ("p1", 1)]
    assert "labelSelector=jobset.sigs.k8s.io%2Fjobset-name%3Dset" in server.asked[0][0]


def event(how: str, version: int, **members: Any) -> bytes:
    return json.dumps({"type": how, "object": {"metadata": {"resourceVersion": str(version)}, **members}}).encode()


def stream(*events: bytes) -> Answer:
    return 200, b"".join(each + b"\n" for each in events)


def listed(version: int, *rows: dict[str, Any]) -> Answer:
    return told(metadata={"resourceVersion": str(version)}, items=list(rows))


def row(version: int, value: str) -> dict[str, Any]:
    return {"metadata": {"resourceVersion": str(version)}, "data": value}


def test_a_watch_goes_on_where_it_was_and_looks_anew_when_that_is_forgotten(jobs: EksJobs, server: Server) -> None:
    server.answers = [
        listed(5, row(4, "ä")),
        stream(event("BOOKMARK", 6), event("MODIFIED", 7, data="b")),
        stream(),
        refusal(410, "Expired", "too old resource version"),
        listed(9, row(7, "b")),
        stream(event("ERROR", 0, code=410, reason="Expired", kind="Status", message="too old")),
        listed(12, row(11, "c")),
        stream(event("MODIFIED", 13, data="d"), event("DELETED", 14)),
    ]
    found = [one["data"] for one in jobs.watch(server.cluster, CONFIG_MAP, "team", "one", timeout_s=600)]
    assert found == ["ä", "b", "c", "d"]
    versions = [path.partition("resourceVersion=")[2] for path, _ in server.asked if "watch=true" in path]
    assert versions == ["5", "7", "7", "9", "12"]
    assert all("fieldSelector=metadata.name%3Done" in path for path, _ in server.asked)


def test_a_watch_ends_with_its_time(jobs: EksJobs, server: Server, clock: Clock) -> None:
    server.answers = [listed(5, row(4, "a")), stream()]
    assert [one["data"] for one in jobs.watch(server.cluster, CONFIG_MAP, "team", "one", timeout_s=3)] == ["a"]
    assert sum(clock.slept) == pytest.approx(3)


def test_a_watch_that_is_never_answered_says_so(jobs: EksJobs, server: Server) -> None:
    server.answers = [listed(5, row(4, "a")), status(503, "busy")]
    watch = jobs.watch(server.cluster, CONFIG_MAP, "team", "one", timeout_s=6000)
    assert next(iter(watch))["data"] == "a"
    with pytest.raises(UnavailableError, match="answered 503 when asked to watch"):
        list(watch)
