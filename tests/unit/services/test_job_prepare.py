"""What submitting a job would do: shown, judged, and nothing is created."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hpctl.errors import AccessError, ChecksFailedError, DoesNotFitError, NotFoundError, UsageError
from hpctl.facts.jobs import BATCH_JOB, CONFIG_MAP, PYTORCH_JOB, SERVICE
from hpctl.services.create import Blindness, Judging
from hpctl.services.job.prepare import Asked, Prepared, demand_possible, prepare
from hpctl.services.job.where import Where, where
from hpctl.spec.job import Accelerator, Choice, Contract, JobSpec
from hpctl.spec.job_model import ModelWish
from hpctl.spec.job_wish import JobNotation, LoadedJob
from hpctl.spec.manifest import KubernetesManifest, ManifestObject
from tests.unit.builders import a_cluster, a_kubernetes_node, an_eks_cluster
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, FakeFiles

SEED = bytes(range(32))
EIGHT = (Choice(accelerator=Accelerator(name="H100", count=8)),)


@pytest.fixture
def account() -> FakeAccount:
    made = FakeAccount()
    allocatable = {"nvidia.com/gpu": "8", "vpc.amazonaws.com/efa": "32", "cpu": "190", "memory": "1900Gi"}
    made.kubernetes.joined = [
        a_kubernetes_node(f"hyperpod-i-{number}", "ml.p5.48xlarge", allocatable=allocatable) for number in (1, 2)
    ]
    return made


def prepared(account: FakeAccount, wish: Any, files: FakeFiles | None = None, **asked: Any) -> Prepared:
    usual: dict[str, Any] = {"run_id": "run-1", "user": "alice", "env": {}, "seed": SEED}
    loaded = LoadedJob(wish, JobNotation.HPCTL, ("said by the file",))
    ask = Asked(**(usual | asked))
    return prepare(loaded, AT, ask, account.world, account.ports, files or FakeFiles(), Judging())


def a_spec(**members: Any) -> JobSpec:
    usual: dict[str, Any] = {
        "name": "train",
        "nodes": 2,
        "choices": EIGHT,
        "run": "torchrun train.py",
        "image": "img:1",
    }
    return JobSpec(**(usual | members))


def a_manifest(kind: str = "Job", api_version: str = "batch/v1", **metadata: Any) -> ManifestObject:
    body = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "train", **metadata},
        "spec": {"parallelism": 3, "template": {"spec": {"containers": [{"name": "c", "image": "mine:2"}]}}},
    }
    told = body["metadata"]
    assert isinstance(told, dict)
    return ManifestObject(api_version, kind, told.get("name", ""), told.get("namespace"), body)


def test_a_job_is_placed_compiled_and_shown(account: FakeAccount) -> None:
    report = prepared(account, a_spec()).report
    assert (report.job, report.nodes, report.instance_type) == ("pytorchjob/train", 2, "ml.p5.48xlarge")
    assert (report.accelerators, report.accelerator_resource) == ("8 x H100", "nvidia.com/gpu")
    assert (report.efa_interfaces, report.image) == (32, "img:1")
    assert report.names()[-1] == "pytorchjob/train"
    assert [one["kind"] for one in report.manifests][-1] == "PyTorchJob"
    assert all(one["metadata"]["namespace"] == "team" for one in report.manifests)
    assert "said by the file" in report.notices
    assert report.checks is not None
    assert account.calls.of("jobs.create") == []


def test_the_values_of_secrets_are_nowhere_in_what_is_shown(account: FakeAccount) -> None:
    made = prepared(account, a_spec(secrets=("HF_TOKEN",)), env={"HF_TOKEN": "hf_planted"})
    shown = made.report.model_dump_json()
    assert "hf_planted" not in shown
    assert base64.b64encode(b"hf_planted").decode() not in shown
    assert "<redacted>" in shown
    encoded = base64.b64encode(b"hf_planted").decode()
    assert "hf_planted" not in repr(made)
    assert encoded not in repr(made)
    assert made.bundle is not None
    assert encoded in json.dumps([one.body for one in made.bundle.before])
    assert [one.note for one in made.report.objects if one.kind == "Secret"] == ["HF_TOKEN, mesh-token"]


def test_a_secret_without_a_value_is_an_error_before_anything_is_asked(account: FakeAccount) -> None:
    with pytest.raises(UsageError, match="secrets have no value: `HF_TOKEN`"):
        prepared(account, a_spec(secrets=("HF_TOKEN",)))
    assert account.calls.made == []


def test_folders_go_along_and_are_told_of(account: FakeAccount) -> None:
    files = FakeFiles(folders=(".",))
    report = prepared(account, a_spec(workdir="."), files).report
    assert any("of files" in (one.note or "") for one in report.objects)
    assert files.packed


def test_a_job_that_fits_nowhere_has_a_failed_check_and_no_objects(account: FakeAccount) -> None:
    made = prepared(account, a_spec(choices=(Choice(accelerator=Accelerator(name="H200", count=8)),)))
    assert (made.bundle, made.report.objects, made.report.job) == (None, (), "job/train")
    with pytest.raises(ChecksFailedError, match="`job-fits`"):
        demand_possible(made, Blindness.REFUSED)
    assert made.refusal is not None


def test_a_job_that_fits_nowhere_is_refused_even_when_its_check_is_left_out(account: FakeAccount) -> None:
    loaded = LoadedJob(a_spec(choices=(Choice(accelerator=Accelerator(name="H200", count=8)),)), JobNotation.HPCTL)
    ask = Asked(run_id="r", user="a", env={}, seed=SEED)
    skipped = tuple(result.id for result in prepared(account, loaded.wish).report.checks.failed)  # type: ignore[union-attr]
    made = prepare(loaded, AT, ask, account.world, account.ports, FakeFiles(), Judging(skip=skipped))
    with pytest.raises(DoesNotFitError):
        demand_possible(made, Blindness.ALLOWED)


def test_pods_that_may_not_be_listed_everywhere_are_said_and_the_job_goes_on(account: FakeAccount) -> None:
    account.calls.fail_always("jobs.pods", AccessError("not in all namespaces"))
    made = prepared(account, a_spec())
    assert made.bundle is not None
    assert any("what other pods hold cannot be seen" in notice for notice in made.report.notices)


def test_a_skypilot_task_becomes_what_keeps_its_contract(account: FakeAccount) -> None:
    made = prepared(account, a_spec(contract=Contract.SKYPILOT))
    assert made.bundle is not None
    assert made.bundle.job.kind == BATCH_JOB
    assert SERVICE in [one.kind for one in made.bundle.before]


def test_the_kind_that_was_asked_for_is_taken(account: FakeAccount) -> None:
    assert prepared(account, a_spec(), kind=BATCH_JOB).report.job == "job/train"


def test_a_manifest_goes_as_it_is_with_the_label_of_its_submission(account: FakeAccount) -> None:
    account.jobs.kinds.append(CONFIG_MAP)
    config = ManifestObject(
        "v1", "ConfigMap", "c", None, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    )
    made = prepared(account, KubernetesManifest((a_manifest(labels={"a": "b"}), config)))
    assert made.bundle is not None
    job = made.bundle.job.body
    assert job["metadata"] == {"name": "train", "namespace": "team", "labels": {"a": "b", "hpctl/run-id": "run-1"}}
    assert job["spec"] == a_manifest().body["spec"]
    assert made.bundle.before[0].body["metadata"] == {"name": "c", "namespace": "team"}
    assert (made.owned, made.report.nodes, made.report.image) == (False, 3, "mine:2")


def test_a_manifest_for_another_namespace_is_refused(account: FakeAccount) -> None:
    with pytest.raises(UsageError, match="job `train` is for namespace `other`, and this goes to `team`") as refused:
        prepared(account, KubernetesManifest((a_manifest(namespace="other"),)))
    assert refused.value.hint == "--namespace other"


def test_a_manifest_keeps_the_version_that_it_is_written_in(account: FakeAccount) -> None:
    made = prepared(account, KubernetesManifest((a_manifest("PyTorchJob", "kubeflow.org/v2"),)))
    assert made.bundle is not None
    assert (made.bundle.job.kind.version, made.bundle.job.kind.plural) == ("v2", PYTORCH_JOB.plural)


def test_a_kind_beside_the_job_that_the_cluster_does_not_know_is_named(account: FakeAccount) -> None:
    strange = ManifestObject("x.example/v1", "Thing", "t", None, {"metadata": {"name": "t"}})
    with pytest.raises(NotFoundError, match=r"serves no `Thing` of `x\.example/v1`"):
        prepared(account, KubernetesManifest((strange, a_manifest())))


def test_jobs_are_placed_in_a_cluster_that_kubernetes_orchestrates() -> None:
    account = FakeAccount().holding(an_eks_cluster(endpoint="https://k8s.example"))
    account.clusters.known["ml-cluster"] = a_cluster()
    found = where("ml-cluster", None, account.ports)
    assert (found.cluster, found.namespace, found.flags) == ("ml-cluster", "default", "--cluster ml-cluster")
    assert Where("c", found.eks, "team").flags == "--cluster c --namespace team"


def test_a_model_that_is_known_is_judged_where_the_job_goes(account: FakeAccount) -> None:
    made = prepared(account, a_spec(model=ModelWish(name="meta-llama/Llama-3.1-405B")))
    with pytest.raises(ChecksFailedError):
        demand_possible(made, Blindness.REFUSED)
    assert made.report.checks is not None
    (found,) = (one for one in made.report.checks.failed if one.id == "job-model")
    assert found.findings[0].message.startswith("does not go for finetune on 2 x ml.p5.48xlarge: does not fit")


def test_of_a_job_without_a_model_nothing_is_said_of_one(account: FakeAccount) -> None:
    for wish in (a_spec(), KubernetesManifest((a_manifest(),))):
        checks = prepared(account, wish).report.checks
        assert checks is not None
        assert "job-model" not in {one.id for one in checks.results}
