"""`hpctl sandbox`, as a user types it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hpctl.sandbox import control

REAL = {
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_SECRET_ACCESS_KEY": "real-secret",
    "AWS_SESSION_TOKEN": "real-token",
    "AWS_PROFILE": "real",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "AWS_ENDPOINT_URL_SAGEMAKER": "https://real.invalid",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("command")
    yield home
    for name in ("one", "two", "three"):
        control.down(name, delete=True, environ={"HPCTL_SANDBOX_HOME": str(home)})


def _hpctl(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **REAL, "HPCTL_SANDBOX_HOME": str(home)}
    command = [sys.executable, "-m", "hpctl", "sandbox", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=50)


@pytest.fixture(scope="module", autouse=True)
def _up(home: Path) -> None:
    done = _hpctl(home, "up", "--name", "one", "--pace", "0.3")
    assert (done.returncode, done.stdout) == (0, "")
    assert "sandbox one is up: http://127.0.0.1:" in done.stderr
    assert 'eval "$(hpctl sandbox env --name one)"' in done.stderr


def test_a_second_up_says_so(home: Path) -> None:
    done = _hpctl(home, "up", "--name", "one")
    assert done.returncode == 0
    assert "sandbox one is up already" in done.stderr


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--pace", "9"), "is up with pace `0.3`"),
        (("--region", "eu-west-1"), "is in Region `us-west-2`, not in `eu-west-1`"),
    ],
)
def test_an_up_that_wants_it_otherwise_is_a_conflict(home: Path, option: tuple[str, str], words: str) -> None:
    done = _hpctl(home, "up", "--name", "one", *option)
    assert done.returncode == 6
    assert words in done.stderr
    assert "hint:" in done.stderr


def test_status_tells_where_it_is(home: Path) -> None:
    told = json.loads(_hpctl(home, "status", "--name", "one", "-o", "json").stdout)
    assert told["schema_version"] == "hpctl/v1"
    assert (told["status"], told["region"], told["account"]) == ("running", "us-west-2", "123456789012")
    table = _hpctl(home, "status", "--name", "one").stdout
    assert told["endpoint"] in table
    assert "running" in table


def test_a_sandbox_that_never_was_is_absent(home: Path) -> None:
    told = json.loads(_hpctl(home, "status", "--name", "never", "-o", "json").stdout)
    assert (told["status"], told["endpoint"], told["pid"]) == ("absent", None, None)


def test_env_is_evaluated_by_a_shell(home: Path) -> None:
    lines = _hpctl(home, "env", "--name", "one").stdout
    script = f'{lines}\nenv | grep -E "^(AWS_|EKS_|BUCKET|EXECUTION|SECURITY|SUBNET|OTHER|CONFIG_MAP)"'
    done = subprocess.run(["sh", "-c", script], env={**os.environ, **REAL}, capture_output=True, text=True, check=True)
    seen = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert not REAL.keys() & seen.keys()
    assert seen["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert seen["AWS_EC2_METADATA_DISABLED"] == "true"
    assert {"EKS_CLUSTER_ARN", "BUCKET_NAME", "EXECUTION_ROLE", "SECURITY_GROUP", "SUBNET_ID"} <= seen.keys()
    assert {"OTHER_SUBNET_ID", "CONFIG_MAP_CLUSTER_ARN"} <= seen.keys()


def test_without_the_endpoint_a_client_has_the_sandboxs_keys_only(home: Path) -> None:
    script = (
        "import os, botocore.session as b; del os.environ['AWS_ENDPOINT_URL']; os.environ.pop('AWS_CONFIG_FILE');"
        "print(b.Session().get_credentials().access_key)"
    )
    done = _hpctl(home, "run", "--name", "one", "--", sys.executable, "-c", script)
    state = control.running("one", environ={"HPCTL_SANDBOX_HOME": str(home)})
    assert done.stdout.strip() == state.seed["aws_access_key_id"]


def test_run_passes_the_exit_code_and_the_arguments(home: Path) -> None:
    done = _hpctl(home, "run", "--name", "one", "--", "sh", "-c", 'echo "$1" --name; exit 7', "sh", "a b")
    assert (done.returncode, done.stdout) == (7, "a b --name\n")


def test_run_passes_signals(home: Path) -> None:
    done = _hpctl(home, "run", "--name", "one", "--", "sh", "-c", "kill -TERM $$")
    assert done.returncode == -signal.SIGTERM


def test_run_gives_back_the_signals_that_python_ignores(home: Path) -> None:
    done = _hpctl(home, "run", "--name", "one", "--", "sh", "-c", "kill -PIPE $$; echo alive")
    assert (done.returncode, done.stdout) == (-signal.SIGPIPE, "")


def test_run_names_a_command_that_is_not_there(home: Path) -> None:
    done = _hpctl(home, "run", "--name", "one", "--", "no-such-command")
    assert done.returncode == 2
    assert "`no-such-command` cannot be run: No such file or directory" in done.stderr


@pytest.mark.parametrize("words", [("env",), ("run", "--", "true")])
def test_a_sandbox_must_be_up_to_be_used(home: Path, words: tuple[str, ...]) -> None:
    done = _hpctl(home, words[0], "--name", "never", *words[1:])
    assert done.returncode == 3
    assert "hint: hpctl sandbox up --name never" in done.stderr


def test_a_name_that_is_none_is_wrong_usage(home: Path) -> None:
    done = _hpctl(home, "up", "--name", "../x")
    assert done.returncode == 2
    assert "`../x` cannot be the name of a sandbox" in done.stderr


def test_what_it_keeps_is_for_this_user_alone(home: Path) -> None:
    for path in (home / "one", *(home / "one").rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_two_sandboxes_know_nothing_of_each_other(home: Path) -> None:
    environ = {"HPCTL_SANDBOX_HOME": str(home)}
    assert _hpctl(home, "up", "--name", "two", "--region", "eu-west-1", "--pace", "0.3").returncode == 0
    one, two = (control.running(name, environ=environ) for name in ("one", "two"))
    assert one.endpoint != two.endpoint
    assert (one.region, two.region) == ("us-west-2", "eu-west-1")
    make = "import boto3; boto3.client('iam').create_user(UserName='only-here')"
    count = "import boto3; print(len(boto3.client('iam').list_users()['Users']))"
    assert _hpctl(home, "run", "--name", "two", "--", sys.executable, "-c", make).returncode == 0
    assert _hpctl(home, "run", "--name", "two", "--", sys.executable, "-c", count).stdout == "2\n"
    assert _hpctl(home, "run", "--name", "one", "--", sys.executable, "-c", count).stdout == "1\n"


def test_down_stops_the_process_and_keeps_the_rest(home: Path) -> None:
    environ = {"HPCTL_SANDBOX_HOME": str(home)}
    _hpctl(home, "up", "--name", "two")
    pid = control.running("two", environ=environ).pid
    done = _hpctl(home, "down", "--name", "two")
    assert (done.returncode, done.stderr) == (0, "sandbox two is stopped\n")
    assert not _alive(pid)
    assert json.loads(_hpctl(home, "status", "--name", "two", "-o", "json").stdout)["status"] == "stopped"
    assert _hpctl(home, "down", "--name", "two").stderr == "sandbox two was not running\n"
    assert "all that it kept is deleted" in _hpctl(home, "down", "--name", "two", "--delete").stderr
    assert not (home / "two").exists()


def _alive(pid: int) -> bool:
    # Where nobody reaps orphans, a process that has ended stays in the table as a zombie.
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()[:1] not in {"", "Z"}


def test_a_port_that_is_taken_is_said(home: Path) -> None:
    port = control.running("one", environ={"HPCTL_SANDBOX_HOME": str(home)}).port
    done = _hpctl(home, "up", "--name", "three", "--port", str(port))
    assert done.returncode == 7
    assert "sandbox `three` did not start" in done.stderr
    assert "Address already in use" in done.stderr
