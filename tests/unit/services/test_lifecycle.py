"""Scripts for a spec: which files, which roles, and which folder in S3."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hpctl.checks.scripts import Folder
from hpctl.errors import UnavailableError, UsageError
from hpctl.services.lifecycle import Heads, folder_of, scripts_for, written
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import a_group, a_groupless_spec, a_plain_group, a_slurm_spec, a_spec

LEGACY = a_slurm_spec(a_plain_group("my-head", count=1), a_plain_group("login-1"), a_group(), orchestrator=None)


def roles(spec: ClusterSpec, heads: Heads | None = None) -> tuple[str, dict[str, Any]]:
    scripts = scripts_for(spec, heads or Heads())
    (name,) = set(scripts) & {"roles.json", "provisioning_parameters.json"}
    return name, json.loads(scripts[name])


def test_roles_in_the_request_go_into_a_file_that_hyperpod_does_not_know() -> None:
    assert roles(a_slurm_spec()) == (
        "roles.json",
        {
            "version": "1.0.0",
            "workload_manager": "slurm",
            "controller_group": "controller",
            "worker_groups": [{"instance_group_name": "workers", "partition_name": "train"}],
        },
    )


def test_without_roles_in_the_request_hyperpods_own_file_is_made_from_the_names() -> None:
    assert roles(LEGACY) == (
        "provisioning_parameters.json",
        {
            "version": "1.0.0",
            "workload_manager": "slurm",
            "controller_group": "my-head",
            "login_group": "login-1",
            "worker_groups": [{"instance_group_name": "workers", "partition_name": "workers"}],
        },
    )


def test_heads_that_are_named_count_more_than_names() -> None:
    spec = a_slurm_spec(a_plain_group("head"), a_plain_group("other"), a_group(), orchestrator=None)
    document = roles(spec, Heads("other", "head"))[1]
    assert (document["controller_group"], document["login_group"]) == ("other", "head")


@pytest.mark.parametrize(
    ("spec", "heads", "message", "hint"),
    [
        (
            a_slurm_spec(a_plain_group("a"), a_group("b"), orchestrator=None),
            Heads(),
            "nothing in the spec shows which group is the Slurm controller",
            "name it: --controller-group NAME, one of `a`, `b`",
        ),
        (
            a_slurm_spec(a_group("head"), a_group("b"), orchestrator=None),
            Heads(),
            "nothing in the spec shows which group is the Slurm controller",
            "name it: --controller-group NAME, one of `head`, `b`",
        ),
        (LEGACY, Heads("my-hed"), "the spec has no instance group `my-hed`", "did you mean `my-head`?"),
        (
            a_slurm_spec(a_group(slurm={"node_type": "Compute"})),
            Heads(),
            "0 groups of the spec are Slurm controllers, and one it must be",
            "write `slurm: {node_type: Controller}` to one group, and `Compute` to those that run jobs",
        ),
        (a_groupless_spec(), Heads(), "the spec has no instance groups, and so no nodes to prepare", None),
    ],
)
def test_what_a_spec_does_not_tell_is_asked(spec: ClusterSpec, heads: Heads, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        scripts_for(spec, heads)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("storage", "told"),
    [
        ((), "no"),
        (({"ebs": {"volume_size_in_gb": 500}},), "yes"),
        (({"ebs": {"root_volume": True, "volume_kms_key_id": "alias/x"}},), "no"),
    ],
)
def test_nodes_on_eks_know_whether_they_have_a_volume(storage: tuple[object, ...], told: str) -> None:
    settings = scripts_for(a_spec(a_group(storage=storage)), Heads())["settings.sh"]
    assert settings.decode().splitlines()[-1] == f"export SECONDARY_VOLUME={told}"


def test_what_was_written_is_told_with_what_comes_next() -> None:
    report = written(a_spec(), "my scripts", {"b.sh": b"x", "a.sh": b""}, "cluster.yaml")
    assert report.names() == ("my scripts/a.sh", "my scripts/b.sh")
    assert report.orchestrator == "eks"
    assert report.then == (
        "hpctl lifecycle lint 'my scripts' -f cluster.yaml",
        "hpctl lifecycle upload 'my scripts' -f cluster.yaml",
    )


TWO = a_spec(a_group(), a_group("b", lifecycle={"source_s3_uri": "s3://sagemaker-x/b"}))


def test_scripts_go_where_the_spec_says() -> None:
    assert folder_of(a_spec(a_group(), a_plain_group()), None) == Folder("sagemaker-x", "lc/")
    assert folder_of(TWO, "s3://sagemaker-x/b/") == Folder("sagemaker-x", "b/")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (a_spec(a_group(lifecycle=None)), "no group of the spec names a folder of scripts"),
        (TWO, "the spec names several folders of scripts: `s3://sagemaker-x/lc/`, `s3://sagemaker-x/b/`"),
    ],
)
def test_where_a_spec_does_not_say_it_the_folder_is_asked_for(spec: ClusterSpec, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        folder_of(spec, None)
    assert caught.value.message == message
    assert (caught.value.hint or "").startswith("name")


def test_an_address_that_is_not_s3s_is_refused() -> None:
    with pytest.raises(UnavailableError, match="`ftp://x` is no address of S3 that hpctl can read"):
        folder_of(None, "ftp://x")
