"""The agent as others' client sees it: PyPI's pyssm-client, in an environment and on a Python of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import present
from tests.functional.sandbox.sessions.conftest import Nodes

CLIENT = Path(__file__).with_name("second_client.py")


@pytest.fixture(scope="session")
def interpreter(repository: Path) -> Path:
    default = repository / ".venv-pyssm" / "bin" / "python"
    return present(Path(os.environ.get("HPCTL_TEST_PYSSM", default)), "pyssm-client", "run `make .venv-pyssm`")


def asked(interpreter: Path, nodes: Nodes, *words: str) -> dict[str, Any]:
    environ = {
        "AWS_ACCESS_KEY_ID": nodes.aws.seed["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": nodes.aws.seed["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": nodes.aws.state.region,
        "AWS_ENDPOINT_URL": nodes.aws.state.endpoint,
        "PATH": os.defpath,
    }
    done = subprocess.run(
        [interpreter, CLIENT, *words], env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_it_runs_a_command_and_gets_its_output_and_exit_code(interpreter: Path, nodes: Nodes) -> None:
    told = asked(interpreter, nodes, "execute", nodes.target(), "echo whole; exit 7")
    assert told["exit_code"] == 7
    assert "whole" in told["stdout"].splitlines()


def test_its_shell_has_the_size_of_its_terminal_and_ends(interpreter: Path, nodes: Nodes) -> None:
    told = asked(interpreter, nodes, "shell", nodes.target(), "91", "31")
    assert "31 91" in told["output"]
    assert told["closed"]


def test_it_reads_from_a_port_of_a_node(interpreter: Path, machines: Nodes) -> None:
    present(Path("/usr/sbin/sshd"), "sshd", "apt-get install openssh-server")
    assert "SSH-2.0-" in asked(interpreter, machines, "port", machines.target(), "22", "SSH-2.0-")["output"]
