from __future__ import annotations

import base64
import json
from pathlib import PurePosixPath
from typing import Any

import pytest

from hpctl.compile.bundle import Bundle, Manifest
from hpctl.compile.images import GPU, GPU_ON_ARM, NEURON, PLAIN
from hpctl.compile.objects import compile_job, job_kind, redacted
from hpctl.compile.placement import place
from hpctl.errors import UsageError
from hpctl.facts.jobs import BATCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, MPI_JOB, PYTORCH_JOB, SECRET, ObjectKind
from hpctl.spec.job import Contract, JobSpec, Mount, MountMode, Resume, Topology
from tests.unit.compile.wishes import a_choice, a_payload, a_task, a_wish, some_nodes

H100 = a_choice("H100", 8)
ALL = (PYTORCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, BATCH_JOB)
NODES = some_nodes(4)
OWN = {"app.kubernetes.io/managed-by": "hpctl", "hpctl/job": "train", "hpctl/run-id": "run-1"}
GPU_KEY, EFA = "nvidia.com/gpu", "vpc.amazonaws.com/efa"


def compiled(wish: JobSpec, *served: ObjectKind, kind: ObjectKind | None = None, **payload: Any) -> Bundle:
    return compile_job(wish, place(wish, NODES, {}), served, a_payload(**payload), kind=kind)


def template_of(bundle: Bundle) -> dict[str, Any]:
    """Return the pod template of rank 0."""
    spec = bundle.job.body["spec"]
    match bundle.job.kind.kind:
        case "PyTorchJob":
            found = spec["pytorchReplicaSpecs"]["Master"]
        case "HyperPodPyTorchJob":
            found = spec["replicaSpecs"][0]
        case "JobSet":
            found = spec["replicatedJobs"][0]["template"]["spec"]
        case _:
            found = spec
    template: dict[str, Any] = found["template"]
    return template


def pod_of(wish: JobSpec, *served: ObjectKind, kind: ObjectKind | None = None, **payload: Any) -> dict[str, Any]:
    pod: dict[str, Any] = template_of(compiled(wish, *served, kind=kind, **payload))["spec"]
    return pod


def container_of(wish: JobSpec, *served: ObjectKind, **payload: Any) -> dict[str, Any]:
    container: dict[str, Any] = pod_of(wish, *served, **payload)["containers"][0]
    return container


@pytest.mark.parametrize(
    ("wish", "served", "kind"),
    [
        (a_wish(), ALL, PYTORCH_JOB),
        (a_wish(resume=Resume()), ALL, PYTORCH_JOB),
        (a_wish(run="hyperpodrun train.py"), ALL, HYPERPOD_PYTORCH_JOB),
        (a_wish(run="hyperpodrun train.py", resume=Resume()), ALL, HYPERPOD_PYTORCH_JOB),
        (a_wish(resume=Resume()), (HYPERPOD_PYTORCH_JOB, JOB_SET), HYPERPOD_PYTORCH_JOB),
        (a_wish(), (HYPERPOD_PYTORCH_JOB, JOB_SET), JOB_SET),
        (a_wish(), (JOB_SET, BATCH_JOB), JOB_SET),
        (a_wish(), (), BATCH_JOB),
        (a_wish(run="hyperpodrun train.py"), (PYTORCH_JOB,), PYTORCH_JOB),
        (a_task(), ALL, BATCH_JOB),
        (a_task(resume=Resume()), ALL, BATCH_JOB),
    ],
)
def test_a_job_becomes_what_the_cluster_has_for_it(
    wish: JobSpec, served: tuple[ObjectKind, ...], kind: ObjectKind
) -> None:
    assert job_kind(wish, served) == kind
    assert compiled(wish, *served).job.kind == kind


def test_a_kind_is_used_in_the_version_that_is_served() -> None:
    newer = ObjectKind("jobset.x-k8s.io", "v1", "JobSet", "jobsets")
    assert compiled(a_wish(), newer).job.body["apiVersion"] == "jobset.x-k8s.io/v1"


@pytest.mark.parametrize("kind", ALL)
def test_a_kind_can_be_forced(kind: ObjectKind) -> None:
    assert compiled(a_wish(), *ALL, kind=kind).job.kind == kind


@pytest.mark.parametrize(
    ("wish", "kind", "message", "hint"),
    [
        (
            a_wish(),
            JOB_SET,
            "the cluster serves no `jobsets.jobset.x-k8s.io`",
            "what it has for jobs is `PyTorchJob`, `Job`",
        ),
        (
            a_wish(),
            MPI_JOB,
            "jobs are not made into a `MPIJob`",
            "what they can become is `PyTorchJob`, `HyperPodPyTorchJob`, `JobSet`, `Job`",
        ),
    ],
)
def test_a_kind_that_cannot_be_is_refused(wish: JobSpec, kind: ObjectKind, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(wish, PYTORCH_JOB, kind=kind)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_skypilot_task_is_not_forced_into_what_cannot_keep_its_promises() -> None:
    with pytest.raises(UsageError, match="a SkyPilot task cannot run as a `HyperPodPyTorchJob`"):
        compiled(a_task(), *ALL, kind=HYPERPOD_PYTORCH_JOB)
    assert compiled(a_task(nodes=2), *ALL, kind=PYTORCH_JOB).job.kind == PYTORCH_JOB


@pytest.mark.parametrize("kind", ALL)
def test_nothing_of_the_users_is_in_an_argument_vector(kind: ObjectKind) -> None:
    wish = a_wish(run="echo hostile", setup="echo setup", env={"A": "hostile"})
    container = pod_of(wish, *ALL, kind=kind)["containers"][0]
    assert container["command"] == ["/bin/bash", "/opt/hpctl/job/start.sh"]
    assert "args" not in container


def test_scripts_travel_in_a_config_map() -> None:
    before = compiled(a_wish(run="python x.py\n", setup="pip list"), PYTORCH_JOB).before
    (scripts,) = (one.body for one in before if one.kind.kind == "ConfigMap")
    assert (scripts["data"]["run"], scripts["data"]["setup"]) == ("python x.py\n", "pip list")
    assert scripts["metadata"] == {"name": "train-scripts", "labels": OWN}


def test_scripts_that_no_config_map_holds_are_refused() -> None:
    with pytest.raises(UsageError, match=r"`setup` and `run` take \d+ bytes with their variables, above 972800"):
        compiled(a_wish(run="#" * 1_000_000), PYTORCH_JOB)


def test_secrets_are_a_secret_and_are_not_shown() -> None:
    bundle = compiled(a_wish(secrets=("TOKEN",)), PYTORCH_JOB, secrets={"TOKEN": "hidden"})
    secret = bundle.before[0]
    assert (secret.kind.kind, secret.name) == ("Secret", "train-secrets")
    assert base64.b64decode(secret.body["data"]["TOKEN"]) == b"hidden"
    rest = {key: value for key, value in secret.body.items() if key != "data"}
    # As text: in `data` the API server takes base64 alone, and the file is to be one that kubectl creates.
    assert redacted(secret) == {**rest, "stringData": {"TOKEN": "<redacted>"}}
    every = json.dumps([redacted(one) for one in (*bundle.before, bundle.job)])
    assert "hidden" not in every
    assert base64.b64encode(b"hidden").decode() not in every


def test_a_secret_in_plain_text_is_not_shown_either() -> None:
    plain = Manifest(SECRET, {"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "hidden"}})
    assert redacted(plain) == {"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "<redacted>"}}


def test_a_job_without_secrets_has_no_secret() -> None:
    assert "Secret" not in {one.kind.kind for one in compiled(a_wish(), PYTORCH_JOB).before}


def test_nodes_of_one_job_share_a_token() -> None:
    for wish, shared in ((a_task(), False), (a_task(nodes=2), True), (a_wish(nodes=2), True), (a_wish(), False)):
        bundle = compiled(wish, BATCH_JOB)
        sources = template_of(bundle)["spec"]["volumes"][0]["projected"]["sources"]
        assert any("secret" in source for source in sources) is shared
        assert any(one.kind.kind == "Secret" for one in bundle.before) is shared


def test_archives_are_cut_into_config_maps_that_one_volume_puts_together() -> None:
    archives = {"/data": b"d" * 100, "/workdir": bytes(2_500_000)}
    bundle = compiled(a_wish(), PYTORCH_JOB, archives=archives)
    maps = {one.name: one.body["binaryData"] for one in bundle.before if "binaryData" in one.body}
    assert all(sum(len(base64.b64decode(data)) for data in box.values()) <= 950 * 1024 for box in maps.values())
    sources = template_of(bundle)["spec"]["volumes"][0]["projected"]["sources"][1:]
    parts = {
        item["path"]: base64.b64decode(maps[source["configMap"]["name"]][item["key"]])
        for source in sources
        for item in source["configMap"]["items"]
    }
    for number, data in enumerate(archives.values()):
        assert b"".join(parts[path] for path in sorted(parts) if path.startswith(f"files/{number}/")) == data
    assert list(maps) == [f"train-files-{number}" for number in range(len(maps))]


@pytest.mark.parametrize("wish", [a_wish(nodes=2), a_task(nodes=2), a_task()])
def test_no_file_of_a_job_stands_where_another_has_a_folder(wish: JobSpec) -> None:
    bundle = compiled(wish, archives={"/a": b"a", "~/b": bytes(1_000_000)})
    maps = {one.name: one.body.get("data", {}) for one in bundle.before if one.kind.kind == "ConfigMap"}
    paths: list[str] = []
    for source in template_of(bundle)["spec"]["volumes"][0]["projected"]["sources"]:
        told = source.get("configMap") or source["secret"]
        paths.extend(item["path"] for item in told["items"]) if "items" in told else paths.extend(maps[told["name"]])
    assert len(paths) == len(set(paths))
    folders = {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents}
    assert folders.isdisjoint(paths)


def test_what_pods_need_comes_before_the_job_in_order() -> None:
    bundle = compiled(a_task(nodes=2, secrets=("T",)), secrets={"T": "x"}, archives={"~/sky_workdir": b"x"})
    assert [(one.kind.kind, one.name) for one in bundle.before] == [
        ("Secret", "train-secrets"),
        ("ConfigMap", "train-scripts"),
        ("ConfigMap", "train-files-0"),
        ("Service", "train"),
    ]
    assert {one.body["metadata"]["labels"]["hpctl/run-id"] for one in (*bundle.before, bundle.job)} == {"run-1"}


def test_all_objects_are_in_the_jobs_namespace() -> None:
    bundle = compiled(a_task(namespace="team"), archives={"/x": b"x"})
    assert {one.body["metadata"]["namespace"] for one in (*bundle.before, bundle.job)} == {"team"}


@pytest.mark.parametrize("kind", [PYTORCH_JOB, JOB_SET, BATCH_JOB])
@pytest.mark.parametrize("nodes", [1, 2])
def test_ranks_never_share_a_node(kind: ObjectKind, nodes: int) -> None:
    affinity = pod_of(a_wish(H100, nodes=nodes), *ALL, kind=kind).get("affinity", {})
    rule = {"labelSelector": {"matchLabels": OWN}, "topologyKey": "kubernetes.io/hostname"}
    expected = {"requiredDuringSchedulingIgnoredDuringExecution": [rule]}
    assert affinity.get("podAntiAffinity") == (expected if nodes == 2 else None)


def test_ranks_of_a_hyperpod_job_are_spread_over_as_many_nodes() -> None:
    pod = pod_of(a_wish(H100, nodes=2), *ALL, kind=HYPERPOD_PYTORCH_JOB)
    assert "affinity" not in pod
    assert pod["topologySpreadConstraints"] == [
        {
            "maxSkew": 1,
            "minDomains": 2,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": OWN},
        }
    ]
    assert "topologySpreadConstraints" not in pod_of(a_wish(H100), *ALL, kind=HYPERPOD_PYTORCH_JOB)


def test_devices_are_asked_for_on_both_sides_and_cpu_and_memory_on_one() -> None:
    assert container_of(a_wish(H100))["resources"] == {
        "requests": {"cpu": "170", "memory": "1795Gi", GPU_KEY: "8", EFA: "32"},
        "limits": {GPU_KEY: "8", EFA: "32"},
    }
    assert container_of(a_wish(H100, limits=1.5))["resources"]["limits"] == {
        "cpu": "255",
        "memory": "2757120Mi",
        GPU_KEY: "8",
        EFA: "32",
    }
    assert container_of(a_wish(a_choice(cpus=0.5, memory_gib=1.5)))["resources"] == {
        "requests": {"cpu": "500m", "memory": "1536Mi"}
    }


def test_disk_is_requested_and_huge_pages_are_on_both_sides() -> None:
    offered = {GPU_KEY: "8", EFA: "32", "hugepages-2Mi": "5Gi", "ephemeral-storage": "1000Gi"}
    wish = a_wish(a_choice("H100", 4, ephemeral_storage_gib=100), env={"FI_EFA_USE_HUGE_PAGE": "1"})
    bundle = compile_job(wish, place(wish, some_nodes(1, allocatable=offered), {}), (), a_payload())
    resources = template_of(bundle)["spec"]["containers"][0]["resources"]
    assert resources["limits"] == {GPU_KEY: "4", EFA: "16", "hugepages-2Mi": "2560Mi"}
    assert resources["requests"] == {
        "cpu": "85",
        "memory": "897Gi",
        "ephemeral-storage": "100Gi",
        **resources["limits"],
    }


def test_memory_can_be_locked_where_there_is_efa() -> None:
    assert container_of(a_wish(H100))["securityContext"] == {"capabilities": {"add": ["IPC_LOCK"]}}
    assert "securityContext" not in container_of(a_wish())
    assert "securityContext" not in container_of(a_wish(a_choice("H100", 8, efa=0)))


def test_shared_memory_is_large() -> None:
    volumes = {one["name"]: one for one in pod_of(a_wish(H100))["volumes"]}
    assert volumes["shared-memory"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "898Gi"}
    small = {one["name"]: one for one in pod_of(a_wish())["volumes"]}
    assert small["shared-memory"]["emptyDir"]["sizeLimit"] == "10Gi"
    own = pod_of(a_wish(mounts=(Mount(path="/dev/shm", host_path="/dev/shm"),)))
    assert [one["name"] for one in own["volumes"]] == ["job-files", "workdir", "mount-0"]


def test_pods_bear_the_taints_of_their_own_devices() -> None:
    keys = [one["key"] for one in pod_of(a_wish(H100))["tolerations"]]
    assert keys == [GPU_KEY, EFA]
    assert "tolerations" not in pod_of(a_wish())
    wish = a_wish(a_choice("Trainium", 16))
    nodes = some_nodes(1, "ml.trn1.32xlarge", allocatable={"aws.amazon.com/neuroncore": "32"})
    pod = template_of(compile_job(wish, place(wish, nodes, {}), (), a_payload()))["spec"]
    assert pod["tolerations"] == [
        {"key": key, "operator": "Exists", "effect": "NoSchedule"}
        for key in ("aws.amazon.com/neuroncore", "aws.amazon.com/neuron")
    ]


def test_no_token_and_no_services_of_the_namespace_reach_a_pod_unasked() -> None:
    pod = pod_of(a_wish())
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    named = pod_of(a_wish(service_account="trainer"))
    assert (named["automountServiceAccountToken"], named["serviceAccountName"]) == (True, "trainer")


@pytest.mark.parametrize("kind", ALL)
def test_a_queue_is_named_on_the_job_and_on_its_pods(kind: ObjectKind) -> None:
    topology = Topology(required="topology.k8s.aws/network-node-layer-3")
    bundle = compiled(a_wish(queue="q", priority="high", topology=topology), *ALL, kind=kind)
    for metadata in (bundle.job.body["metadata"], template_of(bundle)["metadata"]):
        assert metadata["labels"]["kueue.x-k8s.io/queue-name"] == "q"
        assert metadata["labels"]["kueue.x-k8s.io/priority-class"] == "high"
        layer = metadata["annotations"]["kueue.x-k8s.io/podset-required-topology"]
        assert layer == "topology.k8s.aws/network-node-layer-3"
    assert "priorityClassName" not in template_of(bundle)["spec"]


def test_nearness_can_be_preferred() -> None:
    bundle = compiled(a_wish(topology=Topology(preferred="topology.k8s.aws/ultraserver-id")))
    preferred = {"kueue.x-k8s.io/podset-preferred-topology": "topology.k8s.aws/ultraserver-id"}
    assert bundle.job.body["metadata"]["annotations"] == preferred


def test_without_a_queue_a_priority_is_the_pods() -> None:
    bundle = compiled(a_wish(priority="high"))
    assert template_of(bundle)["spec"]["priorityClassName"] == "high"
    assert "kueue.x-k8s.io/priority-class" not in bundle.job.body["metadata"]["labels"]


def test_the_users_labels_stand_beside_the_jobs_own() -> None:
    bundle = compiled(a_wish(labels={"team": "red", "hpctl/job": "other"}, annotations={"note": "x"}))
    assert bundle.job.body["metadata"]["labels"] == {"team": "red", **OWN}
    assert template_of(bundle)["metadata"] == {"labels": {"team": "red", **OWN}, "annotations": {"note": "x"}}


def test_pod_config_cannot_take_a_jobs_labels_away() -> None:
    for labels in (None, {"hpctl/job": "other"}):
        config = json.dumps({"metadata": {"labels": labels, "annotations": {"a": "b"}}})
        found = template_of(compiled(a_task(pod_config=config)))["metadata"]
        assert found == {"labels": OWN, "annotations": {"a": "b"}}


def test_pod_config_is_merged_into_the_container_and_wins() -> None:
    resources = {"limits": {EFA: 32}, "requests": {EFA: 32}}
    config = json.dumps({"spec": {"containers": [{"resources": resources, "image": "mine"}], "hostNetwork": True}})
    pod = pod_of(a_task(H100, nodes=2, pod_config=config))
    assert pod["containers"][0]["resources"]["limits"] == {GPU_KEY: "8", EFA: 32}
    assert (pod["containers"][0]["image"], pod["hostNetwork"]) == ("mine", True)


def test_a_partial_count_of_pod_config_is_on_both_sides() -> None:
    config = json.dumps({"spec": {"containers": [{"resources": {"limits": {EFA: 4}}}]}})
    resources = container_of(a_task(H100, nodes=2, pod_config=config))["resources"]
    assert (resources["limits"][EFA], resources["requests"][EFA]) == (4, 4)


def test_what_pod_config_clears_is_not_there() -> None:
    config = {"spec": {"nodeSelector": None, "containers": [{"resources": {"limits": None}}]}}
    pod = pod_of(a_task(H100, pod_config=json.dumps(config)))
    assert "nodeSelector" not in pod
    assert list(pod["containers"][0]["resources"]) == ["requests"]


def test_a_pod_config_without_containers_is_refused() -> None:
    with pytest.raises(UsageError, match="takes the job's own container away"):
        compiled(a_task(pod_config='{"spec": null}'))


def test_nodes_that_are_avoided_are_avoided_in_every_term_of_the_users_affinity() -> None:
    health = "sagemaker.amazonaws.com/node-health-status"
    labels = {"node.kubernetes.io/instance-type": "ml.p5.48xlarge", "zone": "a"}
    nodes = [*some_nodes(1), *some_nodes(1, labels=labels)]
    terms = [{"matchExpressions": [{"key": "zone", "operator": "Exists"}]}, {"matchFields": []}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    config = json.dumps({"spec": {"affinity": {"nodeAffinity": required}}})
    for text, own in ((None, [{}]), (config, terms)):
        wish = a_task(H100, pod_config=text)
        bundle = compile_job(wish, place(wish, nodes, {}), (), a_payload())
        affinity = template_of(bundle)["spec"]["affinity"]["nodeAffinity"]
        found = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        assert len(found) == len(own)
        for term in found:
            last = term["matchExpressions"][-1]
            assert (last["key"], last["operator"]) == (health, "NotIn")


def test_a_cpu_job_leans_to_nodes_without_accelerators() -> None:
    wish = a_wish()
    nodes = [*NODES, *some_nodes(1, "ml.m5.xlarge")]
    affinity = template_of(compile_job(wish, place(wish, nodes, {}), (), a_payload()))["spec"]["affinity"]
    (rule,) = affinity["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert rule["preference"]["matchExpressions"][0]["values"] == ["ml.m5.xlarge"]


def test_storage_is_mounted_where_it_is_wished() -> None:
    mounts = (
        Mount(path="/fsx", claim="fsx", read_only=True),
        Mount(path="/scratch", host_path="/opt/dlami/nvme"),
        Mount(path="/data", s3="s3://bucket/data"),
        Mount(path="/code", local="/somewhere"),
    )
    pod = pod_of(a_wish(mounts=mounts))
    assert pod["volumes"][-2:] == [
        {"name": "mount-0", "persistentVolumeClaim": {"claimName": "fsx", "readOnly": True}},
        {"name": "mount-1", "hostPath": {"path": "/opt/dlami/nvme"}},
    ]
    assert pod["containers"][0]["volumeMounts"][-2:] == [
        {"name": "mount-0", "mountPath": "/fsx", "readOnly": True},
        {"name": "mount-1", "mountPath": "/scratch"},
    ]


def test_a_bucket_that_nobody_mounts_is_refused() -> None:
    mount = Mount(path="/out", s3="s3://bucket/out", mode=MountMode.MOUNT)
    with pytest.raises(UsageError) as caught:
        compiled(a_task(mounts=(mount,)))
    assert caught.value.message == "`s3://bucket/out` cannot be mounted at `/out` by itself"
    assert caught.value.hint == "copy it with `mode: COPY`, or name a claim of an S3 CSI driver as `claim`"


def test_jobs_work_in_a_folder_of_their_own_and_tasks_in_their_home() -> None:
    assert container_of(a_wish())["workingDir"] == "/workdir"
    assert "workingDir" not in container_of(a_task())
    claimed = pod_of(a_wish(mounts=(Mount(path="/workdir", claim="code"),)))
    assert [one["mountPath"] for one in claimed["containers"][0]["volumeMounts"]].count("/workdir") == 1


@pytest.mark.parametrize(
    ("instance_type", "name", "image"),
    [
        ("ml.p5.48xlarge", "H100", GPU),
        ("ml.p6e-gb200.36xlarge", "GB200", GPU_ON_ARM),
        ("ml.trn1.32xlarge", "Trainium", NEURON),
        ("ml.m5.xlarge", None, PLAIN),
    ],
)
def test_a_job_that_names_no_image_has_one(instance_type: str, name: str | None, image: str) -> None:
    wish = a_wish(a_choice(name) if name else a_choice())
    bundle = compile_job(wish, place(wish, some_nodes(1, instance_type), {}), (), a_payload())
    assert template_of(bundle)["spec"]["containers"][0]["image"] == image
    assert container_of(a_wish(image="mine:1"))["image"] == "mine:1"


def test_a_pytorch_job_has_a_master_and_workers_that_are_alike() -> None:
    spec = compiled(a_wish(H100, nodes=4, timeout_s=60), PYTORCH_JOB).job.body["spec"]
    replicas = spec["pytorchReplicaSpecs"]
    assert {kind: one["replicas"] for kind, one in replicas.items()} == {"Master": 1, "Worker": 3}
    assert replicas["Master"]["template"] == replicas["Worker"]["template"]
    assert {one["restartPolicy"] for one in replicas.values()} == {"Never"}
    assert spec["runPolicy"] == {"cleanPodPolicy": "None", "activeDeadlineSeconds": 60}
    assert replicas["Master"]["template"]["spec"]["containers"][0]["name"] == "pytorch"
    assert list(compiled(a_wish(H100), PYTORCH_JOB).job.body["spec"]["pytorchReplicaSpecs"]) == ["Master"]


def test_a_pytorch_job_that_resumes_says_so_as_hyperpod_reads_it() -> None:
    bundle = compiled(a_wish(H100, nodes=2, resume=Resume(max_retries=5)), PYTORCH_JOB)
    asked = {
        "sagemaker.amazonaws.com/enable-job-auto-resume": "true",
        "sagemaker.amazonaws.com/job-max-retry-count": "5",
    }
    assert bundle.job.body["metadata"]["annotations"] == asked
    assert template_of(bundle)["metadata"]["annotations"] == asked
    spec = bundle.job.body["spec"]
    assert {one["restartPolicy"] for one in spec["pytorchReplicaSpecs"].values()} == {"OnFailure"}
    assert spec["runPolicy"]["backoffLimit"] == 11
    assert bundle.notices == ()


def test_a_hyperpod_job_retries_and_keeps_its_pods() -> None:
    wish = a_wish(H100, nodes=2, resume=Resume(max_retries=5), run="hyperpodrun x.py", timeout_s=9)
    bundle = compiled(wish, *ALL)
    spec = bundle.job.body["spec"]
    assert spec["nprocPerNode"] == "8"
    assert template_of(bundle)["spec"]["containers"][0]["ports"] == [{"containerPort": 8080}]
    assert (spec["replicaSpecs"][0]["name"], spec["replicaSpecs"][0]["replicas"]) == ("nodes", 2)
    assert spec["runPolicy"] == {
        "cleanPodPolicy": "None",
        "ttlSecondsAfterFinished": -1,
        "activeDeadlineSeconds": 9,
        "jobMaxRetryCount": 5,
        "restartPolicy": {"evalPeriodSeconds": 3600, "maxFullJobRestarts": 5},
    }
    assert bundle.notices == ()
    (notice,) = compiled(a_wish(resume=Resume()), HYPERPOD_PYTORCH_JOB).notices
    assert "have to start `hyperpodrun`" in notice


def test_a_skypilot_task_keeps_its_pods_until_all_ranks_have_ended() -> None:
    bundle = compiled(a_task(H100, nodes=2, ports=(8000, 22), timeout_s=60), *ALL)
    spec = bundle.job.body["spec"]
    assert {key: value for key, value in spec.items() if key != "template"} == {
        "completions": 2,
        "parallelism": 2,
        "completionMode": "Indexed",
        "backoffLimitPerIndex": 0,
        "podReplacementPolicy": "Failed",
        "activeDeadlineSeconds": 60,
    }
    pod = spec["template"]["spec"]
    assert (pod["restartPolicy"], pod["subdomain"]) == ("Never", "train")
    hosts = next(one for one in pod["containers"][0]["env"] if one["name"] == "HPCTL_HOSTS")
    assert hosts["value"] == "train-0.train train-1.train"
    service = bundle.before[-1].body
    assert service["spec"] == {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": OWN,
        "ports": [
            {"name": "coordinator", "port": 26590},
            {"name": "ssh", "port": 22},
            {"name": "port-8000", "port": 8000},
        ],
    }
    assert pod["containers"][0]["ports"] == [{"containerPort": 8000}, {"containerPort": 22}]


@pytest.mark.parametrize(
    ("wish", "served", "field", "count", "notice"),
    [
        (a_task(nodes=2, resume=Resume(max_retries=4)), (), "backoffLimitPerIndex", 4, "pods are made again"),
        (a_wish(resume=Resume(max_retries=4)), (), "backoffLimit", 4, "pods are made again"),
        (a_wish(nodes=2, resume=Resume(max_retries=4)), (), "backoffLimit", 0, "nothing resumes it"),
    ],
)
def test_an_indexed_job_resumes_as_far_as_it_can(
    wish: JobSpec, served: tuple[ObjectKind, ...], field: str, count: int, notice: str
) -> None:
    bundle = compiled(wish, *served)
    assert bundle.job.body["spec"][field] == count
    assert [one.startswith(notice) for one in bundle.notices] == [True]


def test_a_job_set_restarts_all_ranks_together() -> None:
    bundle = compiled(a_wish(nodes=2, resume=Resume(max_retries=4), timeout_s=60), JOB_SET)
    spec = bundle.job.body["spec"]
    assert spec["failurePolicy"] == {"maxRestarts": 4}
    assert spec["network"] == {"enableDNSHostnames": True, "publishNotReadyAddresses": True, "subdomain": "train"}
    (nodes,) = spec["replicatedJobs"]
    job = nodes["template"]["spec"]
    assert (job["completions"], job["completionMode"], job["activeDeadlineSeconds"]) == (2, "Indexed", 60)
    hosts = next(one for one in job["template"]["spec"]["containers"][0]["env"] if one["name"] == "HPCTL_HOSTS")
    assert hosts["value"] == "train-n-0-0.train train-n-0-1.train"
    assert "Service" not in {one.kind.kind for one in bundle.before}
    assert compiled(a_wish(), JOB_SET).job.body["spec"]["failurePolicy"] == {"maxRestarts": 0}


def test_a_task_that_is_forced_into_a_pytorch_job_knows_its_ranks() -> None:
    pod = pod_of(a_task(nodes=3), *ALL, kind=PYTORCH_JOB)
    hosts = next(one for one in pod["containers"][0]["env"] if one["name"] == "HPCTL_HOSTS")
    assert hosts["value"] == "train-master-0 train-worker-0 train-worker-1"


def test_names_of_pods_have_room_for_the_longest_name_of_a_job() -> None:
    name = "n" * 50
    bundle = compiled(a_wish(name=name, nodes=4), JOB_SET)
    hosts = next(one for one in template_of(bundle)["spec"]["containers"][0]["env"] if one["name"] == "HPCTL_HOSTS")
    host = hosts["value"].split(" ")[-1].partition(".")[0]
    # Of the name of a JobSet's pod, six more characters are random; a hundred nodes are one digit more.
    assert len(f"{host}0-abcde") <= 63


def test_compiling_is_pure() -> None:
    wish = a_task(H100, nodes=2, secrets=("T",), env={"A": "$(x)"})
    one, other = (compiled(wish, secrets={"T": "x"}, archives={"/x": b"y"}) for _ in range(2))
    assert json.dumps(one.job.body) == json.dumps(other.job.body)
    assert [a.body for a in one.before] == [b.body for b in other.before]
    assert wish.contract is Contract.SKYPILOT
