"""Jobs from hpctl YAML, manifests and commands, and what flags do to them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.errors import SpecError, UsageError
from hpctl.spec.accelerators import accelerator_names
from hpctl.spec.job import Accelerator, Choice, Contract, JobSpec, Mount, MountMode, Resume, Topology
from hpctl.spec.job_load import command_job, load_job
from hpctl.spec.job_model import ModelWish
from hpctl.spec.job_wish import JobNotation, JobOverrides, LoadedJob
from hpctl.spec.kubernetes_names import JOB_NAME
from hpctl.spec.manifest import JOB_KINDS, KubernetesManifest
from hpctl.spec.source import TextSource

HEAD = "api_version: hpctl/v1\nkind: Job\n"
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: ring, namespace: team}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: main, image: img, resources: {limits: {memory: 1Gi, cpu: 2}}}
"""
KINDS = ", ".join(f"{kind} ({group})" for group, kind in JOB_KINDS)
ALLOWED = "letters, digits, `-`, `_` and `.` between them, at most 63 characters"
THERE_ARE = ", ".join(f"`{name}`" for name in accelerator_names())
FILES = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: script}\n---\n"
    f"{JOB}---\napiVersion: v1\nkind: Service\nmetadata: {{name: ring}}\n---\n"
)


def loaded(text: str, file: str = "dir/train.yaml", **flags: Any) -> LoadedJob:
    env = {"HOME": "/home/me", "NODES": "4"}
    return load_job(TextSource(file, text), env=env, overrides=JobOverrides(**flags))


def job(text: str, **flags: Any) -> JobSpec:
    wish = loaded(text, **flags).wish
    assert isinstance(wish, JobSpec)
    return wish


def manifest(text: str, **flags: Any) -> KubernetesManifest:
    wish = loaded(text, **flags).wish
    assert isinstance(wish, KubernetesManifest)
    return wish


def refused(text: str, file: str = "dir/train.yaml") -> list[str]:
    with pytest.raises(SpecError) as caught:
        loaded(text, file)
    return [f"{one.line}:{one.column} {one.message} [{one.nearest}]" for one in caught.value.problems]


def test_every_key_of_hpctl_yaml_is_read() -> None:
    text = f"""{HEAD}
name: llama
namespace: team
image: repo/img:1
nodes: ${{NODES}}
accelerators: h100:8
instance_type: ml.p5.48xlarge
efa: 32
cpus: 96
memory_gib: 1024.5
ephemeral_storage_gib: 100
env: {{A: 010, B: "$(x) ${{NODES}} $$"}}
secrets: [TOKEN]
mounts:
  - {{path: /fsx, claim: fsx}}
  - {{path: /s3, s3: "s3://bucket/$NODES", mode: mount, read_only: true}}
queue: q
priority: p
topology: {{preferred: topology.k8s.aws/network-node-layer-2}}
resume: {{max_retries: 5}}
timeout_s: 60
labels: {{team: nlp}}
annotations: {{who: "me $x"}}
service_account: sa
ports: [8080]
limits: 2
pod_config: {{spec: {{containers: [{{tty: true}}]}}}}
setup: echo ${{RANK}}
run: echo $$ ${{X:-y}}
"""
    assert job(text) == JobSpec(
        contract=Contract.TRAINING, name="llama", namespace="team", image="repo/img:1", nodes=4,
        choices=(Choice(
            accelerator=Accelerator(name="H100", count=8), instance_type="ml.p5.48xlarge", efa=32, cpus=96,
            memory_gib=1024.5, ephemeral_storage_gib=100,
        ),),
        env={"A": "010", "B": "$(x) ${NODES} $$"}, secrets=("TOKEN",),
        mounts=(
            Mount(path="/fsx", claim="fsx"),
            Mount(path="/s3", s3="s3://bucket/4", mode=MountMode.MOUNT, read_only=True),
        ),
        queue="q", priority="p", topology=Topology(preferred="topology.k8s.aws/network-node-layer-2"),
        resume=Resume(max_retries=5), timeout_s=60, labels={"team": "nlp"}, annotations={"who": "me $x"},
        service_account="sa", ports=(8080,), limits=2, pod_config='{"spec": {"containers": [{"tty": true}]}}',
        setup="echo ${RANK}", run="echo $$ ${X:-y}",
    )  # fmt: skip


def test_folders_of_hpctl_yaml_lie_beside_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    path = folder / "job.yaml"
    mounts = "mounts: [{path: /a, local: data}, {path: /b, local: ~/x}]"
    path.write_text(f"{HEAD}run: a\nworkdir: ../code\n{mounts}\nmodel: {{name: ./qwen}}\n")
    wish = load_job(path, env={"HOME": "/home/me"}).wish
    assert isinstance(wish, JobSpec)
    assert wish.workdir == str(tmp_path / "code")
    assert wish.model is not None
    assert wish.model.name == str(path.parent / "qwen")
    assert [mount.local for mount in wish.mounts] == [str(folder / "data"), "/home/me/x"]
    assert wish.name == "job"
    given = load_job(path, env={}, overrides=JobOverrides(workdir="here")).wish
    assert isinstance(given, JobSpec)
    assert given.workdir == "here"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run: a\nnodes: $MISSING",
         ["4:8 the variable `MISSING` has no value; set it in the environment or with `--set MISSING=…` [None]"]),
        ("run: a\nnodes: 0", ["4:8 `0` is not valid: input should be greater than or equal to 1 [None]"]),
        ("run: a\nnode: 2", ["4:1 the key `node` is unknown here [nodes]"]),
        ("nodes: 2", ["1:1 `run` is missing [None]"]),
        ('run: "a\\0b"', ["3:6 a NUL character cannot stand in a script or in a variable [None]"]),
        ('run: a\nenv: {A: "\\0"}', ["4:10 a NUL character cannot stand in a script or in a variable [None]"]),
        ("run: a\nqueue: Not_One",
         ["4:8 `Not_One` is not a name of Kubernetes: small letters, digits, `-` and `.` between them [None]"]),
        ("run: a\naccelerators: L40",
         [f"4:15 no HyperPod instance type has the accelerator `L40`; there are {THERE_ARE} [L40S]"]),
        ("run: a\nchoices: [{cpus: 1}]\ncpus: 2",
         ["4:10 `choices` and `cpus` exclude each other; keep one of them [None]"]),
        ("run: a\nlabels: {a: b c}",
         [f"4:9 `b c` cannot be the value of a label: {ALLOWED} [None]"]),
        ("run: a\npod_config: {spec: {hostNetwork: maybe}}", ["4:34 `maybe` is not `true` or `false` [None]"]),
        ("run: a\npod_config: []", ["4:13 a list is not a mapping of keys to values [None]"]),
        ("run: a\n---\nrun: b", ["5:1 a second document begins here; a file describes one job [None]"]),
        ("run: a\nmounts: [{path: /a, host_path: b}]", ["4:32 `b` is not an absolute path of the node [None]"]),
        ("run: a\ncontract: skypilot", ["4:1 the key `contract` is unknown here [None]"]),
    ],
)  # fmt: skip
def test_what_is_wrong_in_hpctl_yaml_is_told_where_it_stands(text: str, expected: list[str]) -> None:
    assert refused(HEAD + text) == expected


def test_a_head_that_is_not_whole_is_named() -> None:
    assert refused("api_version: hpctl/v1\nrun: a") == [
        "1:1 `kind` is missing; write `kind: Job` [kind: Job]",
    ]
    assert refused("kind: Job\nname: a\nrun: a\nimage: b") == [
        "1:1 `api_version` is missing; write `api_version: hpctl/v1` [api_version: hpctl/v1]",
    ]
    assert refused("apiVersion: hpctl/v1\nkind: Job\nrun: a") == [
        "1:1 hpctl's own YAML says `api_version` [api_version]"
    ]
    assert refused("kind: PyTorchJob\nmetadata: {name: a}") == [
        "1:1 a mapping is no object of Kubernetes: `apiVersion` is missing [None]"
    ]


def test_a_manifest_is_kept_as_it_is_with_what_stands_beside_the_job() -> None:
    found = loaded(FILES)
    wish = manifest(FILES)
    assert found.notation is JobNotation.KUBERNETES
    assert [(one.kind, one.name, one.is_job) for one in wish.objects] == [
        ("ConfigMap", "script", False), ("Job", "ring", True), ("Service", "ring", False)
    ]  # fmt: skip
    assert (wish.job.group, wish.job.namespace, [one.kind for one in wish.others]) == (
        "batch", "team", ["ConfigMap", "Service"]
    )  # fmt: skip
    container = wish.job.body["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"] == {"limits": {"memory": "1Gi", "cpu": 2}}
    path = "spec.template.spec.containers[0].image"
    assert wish.job.source.where(path) == "dir/train.yaml:14:24"
    assert found.source.where(path) == "dir/train.yaml:14:24"


def test_name_and_namespace_of_flags_reach_a_manifest() -> None:
    wish = manifest(FILES.replace(", namespace: team", ""), name="other", namespace="mine")
    assert [(one.name, one.namespace, one.body["metadata"]) for one in wish.objects] == [
        ("script", "mine", {"name": "script", "namespace": "mine"}),
        ("other", "mine", {"name": "other", "namespace": "mine"}),
        ("ring", "mine", {"name": "ring", "namespace": "mine"}),
    ]
    with pytest.raises(UsageError, match=r"`--namespace mine`: `dir/train\.yaml` puts an object into `team`"):
        manifest(JOB, namespace="mine")


def test_a_manifest_takes_no_other_flags() -> None:
    with pytest.raises(UsageError) as caught:
        loaded(JOB, nodes=2, env={"A": "b"}, secrets=("S",))
    assert caught.value.message == (
        "a Kubernetes manifest is submitted as it is: `--nodes`, `--env`, `--secret` cannot change it"
    )


def test_variables_of_the_command_line_that_nothing_uses_are_told() -> None:
    def notices(text: str) -> tuple[str, ...]:
        return load_job(TextSource("a", text), env={}, set_values={"X": "1"}).notices

    unused = ("`--set X=…` is not used in the file",)
    assert notices("run: echo $X") == unused
    assert notices(JOB) == unused
    assert notices(f"{HEAD}run: echo $X\n") == unused
    assert notices(f"{HEAD}run: a\nqueue: q$X\n") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#!/bin/bash\ntrain\n",
         ["1:1 a script, not a job; run it as one with `hpctl job submit -- bash dir/train.yaml` [None]"]),
        ("", ["1:1 the file is empty [None]"]),
        ("---\n---\n", ["1:1 the file is empty [None]"]),
        (f"{HEAD[:21]}\nkind: Cluster\n",
         ["1:1 a cluster spec, not a job; `hpctl cluster create -f` takes it [None]"]),
        ("apiVersion: v1\nkind: List\nitems: []\n",
         [f"1:1 there is no job: hpctl runs {KINDS} [None]"]),
    ],
)  # fmt: skip
def test_what_is_no_job_is_called_by_its_name(text: str, expected: list[str]) -> None:
    assert refused(text) == expected


def test_a_file_that_cannot_be_read_is_said_to_be_no_job() -> None:
    with pytest.raises(SpecError) as caught:
        load_job(Path("/nowhere/at/all.yaml"), env={})
    assert (caught.value.message, caught.value.hint) == (
        "there is no file `/nowhere/at/all.yaml`", "give the path of a job"
    )  # fmt: skip
    with pytest.raises(SpecError) as caught:
        loaded("a: [")
    assert caught.value.message == "`dir/train.yaml` cannot be read as a job"


@pytest.mark.parametrize(
    ("command", "run", "name"),
    [
        (["nvidia-smi"], "nvidia-smi", "nvidia-smi"),
        (["echo hi && ls /"], "echo hi && ls /", "echo"),
        (["/usr/bin/python3", "-c", "print('a b')"], shlex.join(["python", "-c", "print('a b')"])
         .replace("python", "/usr/bin/python3"), "python3"),
    ],
)  # fmt: skip
def test_a_command_is_a_job(command: list[str], run: str, name: str) -> None:
    found = command_job(command, overrides=JobOverrides(accelerators="H100:8", nodes=2, env={"A": "b"}))
    assert found.notation is JobNotation.COMMAND
    choice = Choice(accelerator=Accelerator(name="H100", count=8))
    assert found.wish == JobSpec(name=name, run=run, nodes=2, choices=(choice,), env={"A": "b"})


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"name": "Not_One"},
         f"`--name`: `Not_One` is not a job's name: {JOB_NAME}"),
        ({"namespace": "A"}, "`--namespace`: `A` is not a name of Kubernetes"),
        ({"nodes": 0}, "`--nodes`: `0` is less than one node"),
        ({"image": "a b"}, "`--image`: `a b` is not a container image"),
        ({"env": {"a-b": "c"}}, "`--env`: `a-b` cannot name a variable"),
        ({"env": {"A": "\0"}}, "`--env`: the value of `A` holds a NUL character"),
        ({"secrets": ("1",)}, "`--secret`: `1` cannot name a variable"),
        ({"accelerators": "A10"},
         f"`--accelerators`: no HyperPod instance type has the accelerator `A10`; there are {THERE_ARE}"),
        ({"accelerators": "H100:x"}, "`--accelerators`: `H100:x`: the count of accelerators is a number above 0"),
        ({"instance_type": "ml.p5"}, "`--instance-type`: `ml.p5` is not a HyperPod instance type"),
        ({"instance_type": "ml.p5.48xlarge", "accelerators": "A100:8"},
         "`ml.p5.48xlarge` does not have the accelerator `A100`"),
    ],
)  # fmt: skip
def test_a_flag_that_no_job_can_have_is_refused(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        command_job(["a"], overrides=JobOverrides(**flags))
    assert caught.value.message == message


def test_a_secret_flag_takes_a_variable_out_of_the_open() -> None:
    spec = job(f"{HEAD}run: a\nenv: {{A: b, C: d}}\n", secrets=("A",))
    assert (dict(spec.env), spec.secrets) == ({"C": "d"}, ("A",))


def test_a_job_can_be_written_as_json() -> None:
    text = json.dumps({"api_version": "hpctl/v1", "kind": "Job", "name": "j", "run": "a\nb", "env": {"A": "1"}})
    assert job(text) == JobSpec(name="j", run="a\nb", env={"A": "1"})


@pytest.mark.parametrize(
    ("command", "message"),
    [([], "there is no command"), ([" "], "there is no command"), (["a\0"], "the command holds a NUL character")],
)
def test_a_command_that_nothing_can_run_is_refused(command: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        command_job(command)
    assert caught.value.message == message


@given(st.dictionaries(st.from_regex(r"[A-Za-z_]\w{0,5}", fullmatch=True).filter(str.isascii), st.text(max_size=20)))
def test_any_text_of_a_variable_arrives_exactly_or_is_refused(env: dict[str, str]) -> None:
    heads: tuple[dict[str, object], ...] = (
        {"api_version": "hpctl/v1", "kind": "Job", "run": "a", "env": env},
        {"run": "a", "envs": env},
    )
    for head in heads:
        if any("\0" in text for text in env.values()):
            assert all("NUL" in one for one in refused(json.dumps(head)))
        else:
            assert dict(job(json.dumps(head)).env) == env
    if not any("\0" in text for text in env.values()):
        assert dict(job("run: a", env=env).env) == env


@given(st.text(min_size=1, max_size=60).filter(str.strip))
def test_any_script_arrives_exactly_or_is_refused(script: str) -> None:
    for head in ({"api_version": "hpctl/v1", "kind": "Job"}, {"num_nodes": 1}):
        text = json.dumps({**head, "setup": script, "run": script})
        if "\0" in script:
            assert all("NUL" in one for one in refused(text))
        else:
            assert (job(text).setup, job(text).run) == (script, script)


def test_the_model_of_a_job_is_found_from_the_file_that_names_it() -> None:
    head = f"{HEAD}name: t\nrun: 'true'\n"
    said = job(f"{head}model: {{name: Qwen/Qwen3-8B, task: lora, parallel: 'tp=8', seq_len: 2048}}\n").model
    assert said == ModelWish(name="Qwen/Qwen3-8B", task="lora", parallel="tp=8", seq_len=2048)
    for name, found in (("./mine", "./mine"), ("../mine", "../mine"), ("~/mine", "/home/me/mine"), ("/a/m", "/a/m")):
        located = job(f"{head}model: {{name: {name}}}\n").model
        assert located is not None
        assert located.name == found
    assert job(head).model is None


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("{task: lora}", "dir/train.yaml:5:8: `name` is missing"),
        ("{name: a, task: tune}", "dir/train.yaml:5:24: "),
        ("{name: a, sequence: 1}", "dir/train.yaml:5:18: "),
        ("{name: a, seq_len: 0}", "dir/train.yaml:5:27: "),
    ],
)
def test_what_is_wrong_with_a_model_is_said_at_its_place(model: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        job(f"{HEAD}name: t\nrun: 'true'\nmodel: {model}\n")
    told = "\n".join(f"{one.file}:{one.line}:{one.column}: {one.message}" for one in caught.value.problems)
    assert message in told, told
