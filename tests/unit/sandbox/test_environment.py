"""The environment aims at the sandbox and at nothing else."""

from __future__ import annotations

from pathlib import Path

from hpctl.sandbox.environment import applied, environment, shell_lines, write_client_files
from hpctl.sandbox.home import Home, SandboxState


def _state(home: Path) -> SandboxState:
    seed = {"SUBNET_ID": "subnet-1", "aws_access_key_id": "AKIA", "aws_secret_access_key": "dummy"}
    return SandboxState("one", "eu-west-1", "123456789012", 6.0, 4566, 42, "2026-01-01T00:00:00+00:00", str(home), seed)


def test_it_names_the_endpoint_the_region_and_private_files(tmp_path: Path) -> None:
    variables = environment(_state(tmp_path))
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert (variables["AWS_REGION"], variables["AWS_DEFAULT_REGION"]) == ("eu-west-1", "eu-west-1")
    assert variables["AWS_CONFIG_FILE"] == str(tmp_path / "aws" / "config")
    assert variables["AWS_SHARED_CREDENTIALS_FILE"] == str(tmp_path / "aws" / "credentials")
    assert variables["HPCTL_STATE_HOME"] == str(tmp_path / "hpctl")
    assert variables["KUBECONFIG"] == str(tmp_path / "kubeconfig")
    assert variables["SUBNET_ID"] == "subnet-1"
    assert "aws_secret_access_key" not in variables


def test_whatever_could_bring_other_credentials_is_unset(tmp_path: Path) -> None:
    names = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"]
    base = dict.fromkeys(names, "real") | {"PATH": "/bin", "SUBNET_ID": "subnet-real"}
    result = applied(environment(_state(tmp_path)), base)
    assert not set(names) & set(result)
    assert (result["PATH"], result["SUBNET_ID"]) == ("/bin", "subnet-1")


def test_lines_are_quoted_for_a_shell() -> None:
    lines = list(shell_lines({"A": "it's $HOME", "B": None}))
    assert lines == ["export A='it'\"'\"'s $HOME'", "unset B"]


def test_the_files_hold_the_sandboxs_keys(tmp_path: Path) -> None:
    Home(tmp_path).prepare()
    write_client_files(_state(tmp_path))
    assert "endpoint_url = http://127.0.0.1:4566\n" in (tmp_path / "aws" / "config").read_text()
    credentials = (tmp_path / "aws" / "credentials").read_text()
    assert credentials == "[default]\naws_access_key_id = AKIA\naws_secret_access_key = dummy\n"
