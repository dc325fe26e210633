"""Whatever a file holds, loading a job ends with a wish, or with an error that a person can act on."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hpctl.errors import SpecError, UsageError
from hpctl.spec.job import JobSpec
from hpctl.spec.job_file import JobFile
from hpctl.spec.job_load import command_job, load_job
from hpctl.spec.job_wish import JobOverrides
from hpctl.spec.manifest import KubernetesManifest
from hpctl.spec.skypilot import keys
from hpctl.spec.source import TextSource

SYNTAX = [*list("{}[]:,-&*!|>'\"%@`#?<$~\\ \n\t"), "<<: ", "- ", "a", "${A}", "$A", "---\n", "#!", "kind", "run: a\n"]
SKYPILOT = sorted(
    {key for one in vars(keys).values() if isinstance(one, keys.Keys) for key in (*one.taken, *one.idle, *one.refused)}
)
KUBERNETES = [
    *("apiVersion", "kind", "metadata", "name", "namespace", "generateName", "annotations", "spec", "template"),
    *("containers", "volumes", "resources", "limits", "requests", "nodeSelector", "affinity", "nodeAffinity", "image"),
    *("pytorchReplicaSpecs", "mpiReplicaSpecs", "replicaSpecs", "replicatedJobs", "restartPolicy", "replicas", "items"),
    *("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", "matchExpressions", "values", "operator"),
    *("volumeMounts", "mountPath", "hostPath", "nvidia.com/gpu", "vpc.amazonaws.com/efa", "Worker", "parallelism"),
]
WORDS = [
    *(
        "H100:8",
        "k8s/ctx",
        "aws/us-east-1/us-east-1a",
        "s3://bucket/x",
        "gs://b",
        "~/x",
        "/x",
        "$A",
        "${A}",
        "4x",
        "8+",
    ),
    *("64GB", "docker:a/b", "8000-8010", "secrets:A", "COPY", "MOUNT", "best", "ml.p5.48xlarge", "p5.48xlarge"),
    "a\0b",
    *(
        "9" * 5000,
        "1e400",
        ".inf",
        ".nan",
        "true",
        "yes",
        "010",
        "-1",
        "In",
        "/dev/shm",
        "",
        "node.kubernetes.io/instance-type",
    ),
]
brief = settings(max_examples=60, deadline=None)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS)


def trees(names: list[str]) -> st.SearchStrategy[object]:
    some = st.sampled_from(names) | st.text(max_size=3) | st.sampled_from(WORDS)
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(some, inner, max_size=5), max_leaves=20
    )


def load(text: str, overrides: JobOverrides | None = None) -> None:
    with suppress(SpecError, UsageError):
        loaded = load_job(
            TextSource("dir/job.yaml", text), env={"HOME": "/home/me", "A": "x"}, overrides=overrides or JobOverrides()
        )
        assert isinstance(loaded.wish, JobSpec | KubernetesManifest)
        if isinstance(loaded.wish, JobSpec):
            hash(loaded.wish)
            assert JobSpec.model_validate_json(loaded.wish.model_dump_json()) == loaded.wish


@brief
@given(st.text(max_size=60) | st.lists(st.sampled_from(SYNTAX), max_size=25).map("".join))
@example("run: a\n---\n---\nrun: b")
@example("--- \n...\n")
@example('run: "\\0"')
@example("resources: {accelerators: {? [a] : b}}")
@example("\ud800")
def test_arbitrary_text_ends_in_an_error_at_worst(text: str) -> None:
    load(text)


@brief
@given(st.dictionaries(st.sampled_from(SKYPILOT), trees(SKYPILOT), min_size=1))
def test_arbitrary_tasks_end_in_an_error_at_worst(task: dict[str, object]) -> None:
    load(json.dumps(task))
    load(json.dumps({"run": "a", "resources": task}))
    load(json.dumps({"run": "a", "config": {"kubernetes": task}, "file_mounts": {"/a": task}}))


@brief
@given(st.dictionaries(st.sampled_from(sorted(JobFile.model_fields)), trees(sorted(JobFile.model_fields))))
def test_arbitrary_hpctl_jobs_end_in_an_error_at_worst(job: dict[str, object]) -> None:
    load(json.dumps({**job, "api_version": "hpctl/v1", "kind": "Job"}))
    load(json.dumps({"api_version": "hpctl/v1", "kind": "Job", "run": "a", "pod_config": job, "mounts": [job]}))


@brief
@given(
    st.sampled_from(["PyTorchJob", "MPIJob", "HyperPodPyTorchJob", "JobSet", "Job", "List"]),
    st.sampled_from(["kubeflow.org/v1", "batch/v1", "jobset.x-k8s.io/v1alpha2", "sagemaker.amazonaws.com/v1", "v1"]),
    st.dictionaries(st.sampled_from(KUBERNETES), trees(KUBERNETES), max_size=5),
)
def test_arbitrary_manifests_end_in_an_error_at_worst(kind: str, version: str, rest: dict[str, object]) -> None:
    text = json.dumps({**rest, "apiVersion": version, "kind": kind})
    load(text)
    load(text, JobOverrides(name="a", namespace="b"))


texts = st.none() | st.text(max_size=8) | st.sampled_from(WORDS)


@brief
@given(st.builds(
    JobOverrides, name=texts, namespace=texts, nodes=st.none() | st.integers(), accelerators=texts, instance_type=texts,
    image=texts, queue=texts, priority=texts, env=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
    secrets=st.lists(st.text(max_size=4), max_size=2).map(tuple), workdir=texts,
))  # fmt: skip
def test_arbitrary_flags_end_in_an_error_at_worst(flags: JobOverrides) -> None:
    load("run: a\nresources: {accelerators: 'H100:8', instance_type: ml.p5.48xlarge}", flags)
    with suppress(UsageError):
        assert isinstance(command_job(["python", "train.py"], overrides=flags).wish, JobSpec)
