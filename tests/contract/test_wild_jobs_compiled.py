"""Job files as people publish them become objects that the published schemas take."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hpctl.catalog.instance_types import instance_types
from hpctl.compile.bundle import Bundle
from hpctl.compile.objects import compile_job
from hpctl.compile.placement import place
from hpctl.errors import UsageError
from hpctl.facts.jobs import BATCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, PYTORCH_JOB, ObjectKind
from hpctl.spec.job import JobSpec
from hpctl.spec.job_load import load_job
from hpctl.spec.job_wish import LoadedJob
from tests.conftest import REPOSITORY
from tests.contract.published import faults
from tests.unit.compile.wishes import a_payload, some_nodes

FILES = [
    *sorted((REPOSITORY / "tests/unit/spec/wild").iterdir()),
    *sorted((REPOSITORY / "tests/functional/job/blog").glob("*.yaml")),
]
ACCEPTED = [path for path in FILES if not re.search(r"^# refused", path.read_text(encoding="utf-8"), re.MULTILINE)]
TYPES = [one for one in instance_types() if one.accelerator_count or one.name == "ml.m5.24xlarge"]
NODES = [node for one in TYPES for node in some_nodes(8, one.name)]
SERVED = ((PYTORCH_JOB,), (HYPERPOD_PYTORCH_JOB, JOB_SET), ())
EFA = "vpc.amazonaws.com/efa"


def load(path: Path) -> LoadedJob:
    return load_job(path, env={"HOME": "/home/me"})


def compiled(loaded: LoadedJob, served: tuple[ObjectKind, ...] = ()) -> Bundle:
    assert isinstance(loaded.wish, JobSpec)
    spec = loaded.wish.model_copy(update={"namespace": "team"})
    values = dict.fromkeys(spec.secrets, "x") | dict(loaded.secret_values)
    return compile_job(spec, place(spec, NODES, {}), served, a_payload(secrets=values))


SPECS = [path for path in ACCEPTED if not path.name.startswith("k8s_")]


def test_a_good_part_of_the_corpus_is_compiled() -> None:
    assert len(SPECS) > 35


@pytest.mark.parametrize("served", SERVED, ids=["training operator", "others", "none"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_what_is_accepted_is_compiled_to_what_the_schemas_say(path: Path, served: tuple[ObjectKind, ...]) -> None:
    try:
        bundle = compiled(load(path), served)
    except UsageError as error:
        assert re.fullmatch(r"`s3://\S+` cannot be mounted at `\S+` by itself", error.message)  # noqa: PT017
        return
    for manifest in (*bundle.before, bundle.job):
        assert (manifest.name, faults(json.loads(json.dumps(manifest.body)))) == (manifest.name, [])


def test_the_task_of_one_device_asks_for_one() -> None:
    bundle = compiled(load(REPOSITORY / "tests/functional/job/blog/train.yaml"))
    assert bundle.job.kind == BATCH_JOB
    spec = bundle.job.body["spec"]
    assert spec["completions"] == 1
    assert spec["template"]["spec"]["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": "1", EFA: "1"}


def test_the_task_of_two_whole_nodes_asks_for_all_devices_and_its_own_count_of_interfaces() -> None:
    bundle = compiled(load(REPOSITORY / "tests/functional/job/blog/nccl-test-efa.yaml"))
    spec = bundle.job.body["spec"]
    pod = spec["template"]["spec"]
    assert (bundle.job.kind, spec["completions"]) == (BATCH_JOB, 2)
    assert pod["nodeSelector"]["node.kubernetes.io/instance-type"] == "ml.p5.48xlarge"
    (container,) = pod["containers"]
    assert container["image"].endswith("/hpc-cloud/nccl-tests:latest")
    devices = {"nvidia.com/gpu": "8", EFA: 32}
    assert container["resources"]["limits"] == devices
    assert {**container["resources"]["requests"], **devices} == container["resources"]["requests"]
    assert {"name": "USE_EFA", "value": "true"} in container["env"]
    assert container["securityContext"] == {"capabilities": {"add": ["IPC_LOCK"]}}
    assert "podAntiAffinity" in pod["affinity"]
