"""What each part of a SkyPilot task becomes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import SpecError, UsageError
from hpctl.spec.accelerators import accelerator_names
from hpctl.spec.job import Accelerator, Choice, Contract, JobSpec, Mount, Resume
from hpctl.spec.job_load import load_job
from hpctl.spec.job_wish import JobNotation, JobOverrides, LoadedJob
from hpctl.spec.source import TextSource

ALLOWED = "letters, digits, `-`, `_` and `.` between them, at most 63 characters"
THERE_ARE = ", ".join(f"`{name}`" for name in accelerator_names())
BLOG = Path(__file__).parents[2] / "functional/job/blog"
ENV = {"HOME": "/home/me"}


def loaded(text: str, **flags: Any) -> LoadedJob:
    return load_job(TextSource("some/train.yaml", text), env=ENV, overrides=JobOverrides(**flags))


def job(text: str, **flags: Any) -> JobSpec:
    wish = loaded(text, **flags).wish
    assert isinstance(wish, JobSpec)
    return wish


def problems(text: str) -> list[tuple[int, int, str, str | None]]:
    with pytest.raises(SpecError) as caught:
        loaded(text)
    return [(one.line, one.column, one.message, one.nearest) for one in caught.value.problems]


def choices(resources: str) -> tuple[Choice, ...]:
    return job(f"run: a\nresources: {resources}").choices


def h100(count: float, **rest: Any) -> Choice:
    return Choice(accelerator=Accelerator(name="H100", count=count), **rest)


def test_a_task_keeps_skypilots_contract_and_is_called_as_its_file() -> None:
    task = loaded("run: echo hi")
    assert task.notation is JobNotation.SKYPILOT
    assert task.wish == JobSpec(contract=Contract.SKYPILOT, name="train", run="echo hi")
    assert task.notices == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("H100", (h100(1),)),
        ("H100:8", (h100(8),)),
        ("'h100-80gb : 2'", (h100(2),)),
        ("{H100: 8}", (h100(8),)),
        ("{H100: }", (h100(1),)),
        ("{H100:8, H200:8}", (h100(8), Choice(accelerator=Accelerator(name="H200", count=8)))),
        ("[H200:4, H100:8]", (Choice(accelerator=Accelerator(name="H200", count=4)), h100(8))),
        ("[{H100: 4}, H100:8]", (h100(4), h100(8))),
        ("T4:0.5", (Choice(accelerator=Accelerator(name="T4", count=0.5)),)),
        ("trainium2:16", (Choice(accelerator=Accelerator(name="Trainium2", count=16)),)),
        ("A100-80GB:8", (Choice(accelerator=Accelerator(name="A100-80GB", count=8)),)),
        ("A100-40GB:8", (Choice(accelerator=Accelerator(name="A100", count=8)),)),
        ("RTXPRO6000:1", (Choice(accelerator=Accelerator(name="RTX-PRO-6000", count=1)),)),
    ],
)
def test_accelerators_are_read_in_every_form(written: str, read: tuple[Choice, ...]) -> None:
    assert choices(f"{{accelerators: {written}}}") == read


@pytest.mark.parametrize(
    ("resources", "read"),
    [
        ("{cpus: 4}", Choice(cpus=4)),
        ('{cpus: "4+"}', Choice(cpus=4)),
        ("{cpus: 0.5}", Choice(cpus=0.5)),
        ("{memory: 64Gi}", Choice(memory_gib=64)),
        ("{memory: 64gib}", Choice(memory_gib=64)),
        ("{memory: 1T}", Choice(memory_gib=1e12 / 2**30)),
        ("{memory: 32}", Choice(memory_gib=32e9 / 2**30)),
        ('{memory: "32+"}', Choice(memory_gib=32e9 / 2**30)),
        ("{memory: 64GB}", Choice(memory_gib=64e9 / 2**30)),
        ("{cpus: 8, memory: 4x}", Choice(cpus=8, memory_gib=32e9 / 2**30)),
        ("{memory: 4x+}", Choice(memory_gib=8e9 / 2**30)),
        ("{accelerators: H100:8, memory: 4x}", h100(8, memory_gib=128e9 / 2**30)),
        ("{disk_size: 1024}", Choice(ephemeral_storage_gib=954)),
        ("{disk_size: 1TiB}", Choice(ephemeral_storage_gib=1024)),
        ("{ephemeral_storage: 10}", Choice(ephemeral_storage_gib=10)),
        ("{network_tier: best, cpus: 1}", Choice(cpus=1)),
        ("{network_tier: STANDARD}", Choice(efa=0)),
        ("{instance_type: ml.p5.48xlarge, accelerators: H100:8}", h100(8, instance_type="ml.p5.48xlarge")),
        ("{accelerators: A100:8, instance_type: ml.p4de.24xlarge}",
         Choice(accelerator=Accelerator(name="A100", count=8), instance_type="ml.p4de.24xlarge")),
    ],
)  # fmt: skip
def test_what_a_node_shall_have_is_read_in_its_units(resources: str, read: Choice) -> None:
    assert choices(resources) == (read,)


def test_alternatives_take_over_what_stands_beside_them() -> None:
    any_of = "{cpus: 8, accelerators: H100:8, any_of: [{memory: 64Gi}, {cpus: 16, accelerators: [H200:8, H100:4]}]}"
    assert choices(any_of) == (
        h100(8, cpus=8, memory_gib=64),
        Choice(accelerator=Accelerator(name="H200", count=8), cpus=16),
        h100(4, cpus=16),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resources: {accelerators: A100-80GB:8, instance_type: ml.p4d.24xlarge}",
         (1, 40, "`ml.p4d.24xlarge` has `A100`, not `A100-80GB`", None)),
        ("resources: {accelerators: L40}",
         (1, 27, f"no HyperPod instance type has the accelerator `L40`; there are {THERE_ARE}", "L40S")),
        ("resources: {accelerators: RTX}",
         (1, 27, "`RTX` is ambiguous: `RTX-PRO-4500`, `RTX-PRO-6000`", "RTX-PRO-4500")),
        ("resources: {instance_type: p5.48xlarge}",
         (1, 28, "`p5.48xlarge` is not a HyperPod instance type: HyperPod's types begin with `ml.`: `ml.p5.48xlarge`",
          None)),
        ("resources: {cpus: -1}", (1, 19, "`-1` is not a number of CPUs, such as `4` or `4+`", None)),
        ("resources: {ports: 99999}", (1, 20, "`99999` is not a port, or a range such as `8000-8010`", None)),
        ("resources: {any_of: [], ordered: []}",
         (1, 25, "`any_of` and `ordered` exclude each other; keep one of them", None)),
        ("resources: {any_of: [{ports: 1}]}",
         (1, 23, "`ports` holds for all alternatives; write it beside the list of them", None)),
        ("resources: {infra: k8s, region: a}",
         (1, 25, "`resources.region` is the older way of saying `infra`; keep one of them", None)),
        ("resources: {labels: {a b: c}}",
         (1, 22, f"`a b` cannot be the key of a label: {ALLOWED}", None)),
        ("resources: {disk_size: 1, ephemeral_storage: 2}",
         (1, 27, "`ephemeral_storage` and `disk_size` are the same key; keep one", None)),
        ("num_nodes: two", (1, 12, "`two` is not a whole number from 1 to 10000", None)),
        ("name: -x", (1, 7, "`-x` is not a name: letters and digits, `-`, `_`, `.` between", None)),
        ("workdir: s3://b/c", (1, 10, "`s3://b/c` is not a folder of this machine", None)),
        ("workdir: .\nfile_mounts: {~/sky_workdir/: ./x}",
         (2, 15, "`~/sky_workdir` is where `workdir` goes; choose another path", None)),
        ("file_mounts: {./out: ./x}",
         (1, 15, "`./out`: the path in the pods begins with `/` or `~/`", "~/sky_workdir/out")),
        ("file_mounts: {/a/../etc: ./x}", (1, 15, "`/a/../etc` cannot be mounted upon; name a folder below it", None)),
        ("file_mounts: {/a: s3://B}", (1, 19, "`s3://B` names no bucket of S3", None)),
        ("file_mounts: {/a: {mode: COPY}}", (1, 19, "a storage needs a `source`, or the `name` of a bucket", None)),
        ("volumes: {~/a: b}", (1, 11, "`~/a`: a volume is mounted at an absolute path", None)),
        ("volumes: {/a: b/c}", (1, 15, "`b/c` is not the name of a PersistentVolumeClaim", None)),
        ("envs: {B: s}\nsecrets: {B: x}", (2, 10, "`B` stands in `envs` and in `secrets`; keep one of them", None)),
        ("secrets: {K: x}\nworkdir: ./$K",
         (2, 10, "the secret `K` cannot stand in a path, for paths are shown; use `envs`", None)),
        ("config: {kubernetes: {set_pod_resource_limits: 0.5}}",
         (1, 48, "`0.5` is not `true`, `false` or a number of at least 1", None)),
        ("config: {kubernetes: {kueue: {local_queue_name: a}, quota: {queue: b}}}",
         (1, 61, "`kueue.local_queue_name` and `quota.queue` name two queues; keep one of them", None)),
        ("resource: {accelerators: H100}", (1, 1, "the key `resource` is unknown", "resources")),
        ("envs: a", (1, 7, "`a` is not a mapping of keys to values", None)),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_where_it_stands(
    text: str, expected: tuple[int, int, str, str | None]
) -> None:
    found = problems(f"{text}\nrun: a")
    assert expected in found
    assert len(found) == 1


def test_variables_reach_as_texts_and_flags_win() -> None:
    text = "run: a\nenvs: {A: , B: 1.10, C: false, D: 'x', E: \"\"}\nsecrets: {S: , T: inline, U: 'yes'}"
    task = loaded(text, env={"A": "given", "D": "flag\n$(x)", "NEW": "n"}, secrets=("T", "V"))
    assert isinstance(task.wish, JobSpec)
    assert dict(task.wish.env) == {
        "A": "given", "B": "1.1", "C": "False", "D": "flag\n$(x)", "E": "", "NEW": "n"
    }  # fmt: skip
    assert task.wish.secrets == ("S", "T", "U", "V")
    assert dict(task.secret_values) == {"T": "inline", "U": "yes"}
    assert "inline" not in repr(task) + task.wish.model_dump_json() + " ".join(task.notices)


def test_a_secret_of_the_command_line_fills_a_variable_without_a_value() -> None:
    filled = job("run: a\nenvs: {TOKEN: , A: b}", secrets=("TOKEN",))
    assert (dict(filled.env), filled.secrets) == ({"A": "b"}, ("TOKEN",))


@pytest.mark.parametrize("text", ["run: a\nsecrets: {T: }", "api_version: hpctl/v1\nkind: Job\nrun: a\nsecrets: [T]"])
def test_a_secret_is_not_given_in_the_open(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        job(text, env={"T": "value"})
    assert (caught.value.message, caught.value.hint) == (
        "`--env`: `T` is a secret of the job", "give its value with `--secret T`"
    )  # fmt: skip


def test_variables_of_flags_win_in_paths_too() -> None:
    assert job("run: a\nenvs: {R: file}\nworkdir: ./$R", env={"R": "flag"}).workdir == "./flag"
    assert job("run: a\nworkdir: ./file", workdir="flag").workdir == "flag"


def test_mounts_come_from_this_machine_from_s3_and_from_claims() -> None:
    task = job(
        """
        run: a
        envs: {B: bkt, R: r1, STORE: s3, HOW: COPY}
        workdir: ~/code/$R/
        file_mounts:
          ~/conf/: ~/conf/
          /c.txt: ./c.txt
          /copy: s3://$B/x/
          /deep: {source: "s3://${B}/${UNKNOWN}", store: $STORE, mode: "${HOW}"}
          /ro: {name: models, mode: copy, config: {mount: {read_only: true}}}
        volumes:
          /data: claim-1
          /nvme: {type: k8s-hostpath, host_path: /opt/dlami/nvme}
        """
    )
    assert task.workdir == "/home/me/code/r1/"
    assert task.mounts == (
        Mount(path="~/conf", local="/home/me/conf"),
        Mount(path="/c.txt", local="./c.txt"),
        Mount(path="/copy", s3="s3://bkt/x"),
        Mount(path="/deep", s3="s3://bkt/${UNKNOWN}"),
        Mount(path="/ro", s3="s3://models", read_only=True),
        Mount(path="/data", claim="claim-1"),
        Mount(path="/nvme", host_path="/opt/dlami/nvme"),
    )


@pytest.mark.parametrize(
    ("envs", "source", "problems"),
    [
        ("{}", "s3://$B/x", ["`s3://$B/x` names no bucket of S3; `B` has no value: give it in `envs`, or `--env B=…`"]),
        ("{B: }", "s3://${B}", ["the variable `B` has no value; give `--env B=…`, or `--secret B`"]),
        ("{B: UP}", "s3://$B", ["`s3://UP` names no bucket of S3"]),
    ],
)
def test_of_a_bucket_that_is_not_there_the_cause_is_told(envs: str, source: str, problems: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        job(f"run: a\nenvs: {envs}\nfile_mounts:\n  /a: {source}")
    assert [one.message for one in caught.value.problems] == problems


@pytest.mark.parametrize(("value", "source"), [("y" * 10_000, "$A$A"), ("y", "$A" * 3_000), ("y" * 100, "${A}/" * 100)])
def test_a_path_is_filled_no_further_than_a_path_can_be(value: str, source: str) -> None:
    with pytest.raises(SpecError) as caught:
        job(json.dumps({"run": "a", "envs": {"A": value}, "file_mounts": {"/a": source}}))
    assert caught.value.problems[0].message == "filled in it is longer than the 4096 characters of a path"


def test_of_very_many_variables_that_nobody_sets_a_few_are_told() -> None:
    script = " ".join(f"$SKYPILOT_V{number}" for number in range(1000))
    assert sum("which nothing sets" in one for one in loaded(json.dumps({"run": script})).notices) == 10


@pytest.mark.parametrize(
    ("part", "script", "said"),
    [
        ("run", 'echo "$SKY_NODE_IPS" ${SKY_NODE_RANK}',
         ["SKY_NODE_IPS", "SKYPILOT_NODE_IPS", "SKY_NODE_RANK", "SKYPILOT_NODE_RANK"]),
        ("run", "ray start --address=$SKYPILOT_NODE_IP:6379", ["SKYPILOT_NODE_IP", "SKYPILOT_NODE_IPS"]),
        ("run", "x --run_name $SKYPILOT_SPOT_RUN_ID", ["SKYPILOT_SPOT_RUN_ID", "SKYPILOT_TASK_ID"]),
        ("setup", "echo $SKYPILOT_NODE_RANK", ["SKYPILOT_NODE_RANK", "SKYPILOT_SETUP_NODE_RANK"]),
        ("run", "echo ${SKYPILOT_NUM_GPUS_PER_NODE} ${SKYPILOT_TASK_ID%%_*} ${#SKYPILOT_NODE_IPS}", []),
        ("run", "echo ${SKYPILOT_X:-1} ${SKYPILOT_Y-} \\\\$SKYPILOT_Z $SKY_MINE", []),
        ("run", "SKYPILOT_X=1; echo $SKYPILOT_X $SKYPILOT_OWN", []),
    ],
)  # fmt: skip
def test_variables_that_nobody_sets_are_told(part: str, script: str, said: list[str]) -> None:
    body = json.dumps({"envs": {"SKYPILOT_OWN": "1"}, "run": "a", part: script})
    notices = [one for one in loaded(body).notices if "which nothing sets" in one]
    assert [word for one in notices for word in re.findall(r"`(SKY\w+)`", one)] == said


def test_what_holds_for_the_whole_task_is_kept() -> None:
    task = loaded(
        """
        name: My_Task.v2
        num_nodes: 2
        setup: s
        run: r
        resources:
          infra: K8s/eks/prod
          image_id: DOCKER:repo/img@sha256:abc
          ports: [8080, 9000-9001, 8080]
          labels: {a/b: c}
          priority_class: high
          job_recovery: {max_restarts_on_errors: 2}
        config:
          kubernetes:
            custom_metadata: {labels: {x: "1"}, annotations: {y/z: "free text"}}
            remote_identity: sa
            set_pod_resource_limits: true
            quota: {queue: q}
            pod_config: {spec: {priority: 5, hostNetwork: yes, tolerations: [{key: "5"}]}}
        """
    )
    wish = task.wish
    assert isinstance(wish, JobSpec)
    assert (wish.name, wish.nodes, wish.setup, wish.run) == ("my-task-v2", 2, "s", "r")
    assert (wish.image, wish.ports) == ("repo/img@sha256:abc", (8080, 9000, 9001))
    assert (dict(wish.labels), dict(wish.annotations)) == ({"x": "1", "a/b": "c"}, {"y/z": "free text"})
    assert (wish.priority, wish.queue, wish.service_account, wish.limits) == ("high", "q", "sa", 1.0)
    assert wish.resume == Resume(max_retries=2)
    assert json.loads(wish.pod_config or "") == {
        "spec": {"priority": 5, "hostNetwork": True, "tolerations": [{"key": "5"}]}
    }
    assert task.notices == (
        "some/train.yaml:2:15: the job is called `my-task-v2`: Kubernetes cannot have `My_Task.v2` as a name",
        "some/train.yaml:7:11: `--cluster` says which cluster; the context `eks/prod` is not looked at",
    )


def test_parts_of_the_wish_lead_back_to_the_file() -> None:
    source = loaded("num_nodes: 2\nenvs:\n  A: b\nrun: |\n  x\n").source
    assert source.where("nodes") == "some/train.yaml:1:12"
    assert source.where(("env", "A")) == "some/train.yaml:3:6"
    assert source.where("run") == "some/train.yaml:4:6"


@pytest.mark.parametrize(
    ("flags", "changed"),
    [
        ({"accelerators": "A100:8"}, {"choices": (Choice(accelerator=Accelerator(name="A100", count=8), cpus=4),)}),
        ({"instance_type": "ml.p4d.24xlarge"}, {"choices": (Choice(instance_type="ml.p4d.24xlarge", cpus=4),)}),
        ({"instance_type": "ml.p5.4xlarge"}, {"choices": (h100(8, instance_type="ml.p5.4xlarge", cpus=4),)}),
        ({"nodes": 3, "image": "i", "queue": "q", "priority": "p", "namespace": "n", "workdir": "w", "name": "x"},
         {"nodes": 3, "image": "i", "queue": "q", "priority": "p", "namespace": "n", "workdir": "w", "name": "x"}),
    ],
)  # fmt: skip
def test_flags_change_a_task(flags: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    text = "run: a\nresources: {accelerators: H100:8, instance_type: ml.p5.48xlarge, cpus: 4}"
    assert job(text, **flags) == job(text).model_copy(update=dict(changed))


def test_the_two_files_of_the_aws_blog_load_as_they_are() -> None:
    train = load_job(BLOG / "train.yaml", env=ENV)
    assert isinstance(train.wish, JobSpec)
    assert (train.wish.name, train.wish.nodes, train.wish.choices) == ("train", 1, (h100(1),))
    assert [notice.split(": ", 1)[1] for notice in train.notices] == [
        "`H100` without a count is one device of each node; `H100:8` asks for all of a whole node"
    ]
    nccl = load_job(BLOG / "nccl-test-efa.yaml", env=ENV)
    assert isinstance(nccl.wish, JobSpec)
    assert (nccl.wish.name, nccl.wish.nodes, nccl.wish.choices) == ("nccl-test-efa", 2, (h100(8),))
    assert nccl.wish.image is not None
    assert nccl.wish.image.endswith("/hpc-cloud/nccl-tests:latest")
    efa = {"vpc.amazonaws.com/efa": 32}
    assert json.loads(nccl.wish.pod_config or "") == {
        "spec": {"containers": [{"resources": {"limits": efa, "requests": efa}}]}
    }
    assert (dict(nccl.wish.env), nccl.notices) == ({"USE_EFA": "true"}, ())
