"""`hpctl sandbox inject`, as a user types it, and what its faults do to the real hpctl and the real AWS CLI."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from hpctl.sandbox import control
from hpctl.sandbox.environment import applied, environment
from hpctl.sandbox.home import SandboxState
from tests.functional.sandbox.running import Running, sandbox, start, until

# What `hpctl cluster list` and `aws sagemaker list-clusters` make of a fault that does not end: hpctl's exit code,
# words of hpctl, words of the AWS CLI (None: it takes the answer for an empty list).
OUTCOMES: dict[str, tuple[ExitCode, str, str | None]] = {
    "throttling": (ExitCode.UNAVAILABLE, "throttled `sagemaker:ListClusters`", "(ThrottlingException)"),
    "server-error": (ExitCode.UNAVAILABLE, "failed to answer `sagemaker:ListClusters`", "(InternalFailure)"),
    "lost-response": (ExitCode.UNAVAILABLE, "lost the connection to", "Connection was closed"),
    "reset": (ExitCode.UNAVAILABLE, "lost the connection to", "Connection was closed"),
    "truncate": (ExitCode.UNAVAILABLE, "answer that cannot be read", "Connection was closed"),
    "stall": (ExitCode.UNAVAILABLE, "got no answer in time from", "Read timeout"),
    "refuse": (ExitCode.UNAVAILABLE, "could not connect to", "Could not connect"),
    "garbage": (ExitCode.UNAVAILABLE, "answer that cannot be read", None),
    "expired-credentials": (ExitCode.ACCESS, "`ExpiredTokenException`", "(ExpiredTokenException)"),
    "access-denied": (ExitCode.ACCESS, "the IAM action `sagemaker:ListClusters`", "(AccessDeniedException)"),
    "stale-reads": (ExitCode.OK, "", None),
    "slow": (ExitCode.OK, "", None),
}
MEMBERS = {"slow": ("--latency", "0.2s"), "stale-reads": ("--lag", "1h")}
# In place of 30 seconds, where a read is stalled.
READ_S = 0.3
HURRIED = f"""
import sys, time
from types import SimpleNamespace
import botocore.endpoint
from hpctl import timeouts
from hpctl.cli.main import main
timeouts.READ_S = {READ_S}
botocore.endpoint.time = SimpleNamespace(sleep=lambda _: None, time=time.time)
sys.argv[0] = "hpctl"
main()
"""


@dataclass(frozen=True)
class Shell:
    """A shell in which the sandbox's commands can be typed, and others inside it."""

    environ: dict[str, str]

    def sandbox(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "-m", "hpctl", "sandbox", *words], self.environ, stdin)

    def inject(self, *words: str, stdin: str = "") -> list[dict[str, Any]]:
        done = self.sandbox("inject", "--name", "test", *words, "-o", "json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        faults: list[dict[str, Any]] = json.loads(done.stdout)["faults"]
        return faults

    def inside(self, state: SandboxState, *command: str) -> subprocess.CompletedProcess[str]:
        return self._run(list(command), applied(environment(state), self.environ), "")

    def _run(self, command: list[str], environ: dict[str, str], stdin: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, env=environ, input=stdin, capture_output=True, text=True, check=False, timeout=50
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.fixture
def shell(aws: Running) -> Iterator[Shell]:
    shell = Shell({**os.environ, **aws.environ, "AWS_MAX_ATTEMPTS": "1"})
    yield shell
    shell.inject("--clear")


@pytest.mark.parametrize("fault", OUTCOMES)
def test_hpctl_ends_with_a_documented_code_whatever_happens(aws: Running, shell: Shell, fault: str) -> None:
    shell.inject(fault, *MEMBERS.get(fault, ()))
    code, words, _ = OUTCOMES[fault]
    done = shell.inside(aws.state, sys.executable, "-c", HURRIED, "cluster", "list")
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    shell.inject("--clear")
    assert shell.inside(aws.state, sys.executable, "-m", "hpctl", "cluster", "list").returncode == 0


@pytest.mark.parametrize("fault", OUTCOMES)
def test_the_aws_cli_meets_the_fault(aws: Running, shell: Shell, aws_cli: Path, fault: str) -> None:
    shell.inject(fault, *MEMBERS.get(fault, ()))
    words = OUTCOMES[fault][2]
    done = shell.inside(aws.state, str(aws_cli), "sagemaker", "list-clusters", "--cli-read-timeout", "1")
    assert (done.returncode == 0) is (words is None), done.stderr
    assert (words or "") in done.stderr
    assert shell.inject("--list")[0]["struck"] == (0 if fault == "refuse" else 1)


def test_scope_and_bounds_are_told_and_kept_to(aws: Running, shell: Shell) -> None:
    (fault,) = shell.inject("throttling", "--service", "iam", "--operation", "ListRoles", "--skip", "1", "--count", "1")
    iam, ends = aws.client("iam"), []
    iam.list_users()
    for _ in range(3):
        try:
            ends.append(iam.list_roles()["ResponseMetadata"]["HTTPStatusCode"])
        except iam.exceptions.ClientError as error:
            ends.append(error.response["Error"]["Code"])
    assert ends == [200, "Throttling", 200]
    assert (fault["id"], fault["skip"], fault["count"]) == (fault["id"], 1, 1)
    assert shell.inject("--list") == []


def test_status_and_the_table_show_what_is_in_force(shell: Shell) -> None:
    shell.inject("throttling", "--service", "sagemaker", "--share", "30%", "--for", "1h")
    status = shell.sandbox("status", "--name", "test").stdout
    assert "throttling  sagemaker  30% of them  0" in status
    assert json.loads(shell.sandbox("status", "--name", "test", "-o", "json").stdout)["faults"][0]["share"] == 0.3
    assert "throttling" in shell.sandbox("inject", "--list", "--name", "test").stdout
    shell.inject("--clear")
    assert shell.sandbox("inject", "--list", "--name", "test").stderr == "no faults in sandbox test\n"


def test_faults_come_from_a_file_and_from_stdin(shell: Shell, tmp_path: Path) -> None:
    told = [{"fault": "reset", "count": 2}, {"fault": "slow", "latency_s": 0.01}]
    file = tmp_path / "faults.json"
    file.write_text(json.dumps(told))
    assert [row["fault"] for row in shell.inject("--file", str(file))] == ["reset", "slow"]
    (row,) = shell.inject("--file", "-", stdin='{"fault": "efa", "cluster": "none", "count": 1}')
    assert [row["fault"] for row in shell.inject("--list")] == ["reset", "slow", "efa"]
    assert row["id"] not in [each["id"] for each in shell.inject("--clear", row["id"])]
    assert len(shell.inject("--list")) == 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("trottling",), ExitCode.USAGE, "there is no fault `trottling`\n\nhint: did you mean `throttling`?"),
        (("throttling", "--group", "a"), ExitCode.USAGE, "`throttling` takes no `group`"),
        (("throttling", "--share", "130%"), ExitCode.USAGE, "a share cannot be `1.3`"),
        (("--count", "3"), ExitCode.USAGE, "no fault is named"),
        (("--list", "--clear"), ExitCode.USAGE, "`--list`, `--clear` and `--file` stand alone"),
        (("--file", "/nowhere"), ExitCode.USAGE, "`/nowhere` cannot be read: No such file or directory"),
        (("--clear", "f999"), ExitCode.NOT_FOUND, "no fault `f999` is in force"),
        (("throttling", "--name", "never"), ExitCode.NOT_FOUND, "sandbox `never` is not running"),
    ],
)
def test_what_cannot_be_is_refused(shell: Shell, words: tuple[str, ...], code: int, message: str) -> None:
    name = () if "--name" in words else ("--name", "test")
    done = shell.sandbox("inject", *words, *name)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr


def _ask(port: int, method: str, token: str | None, body: str = "", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=45)
    known = {} if token is None else {"X-Hpctl-Token": token}
    connection.request(method, "/.hpctl/faults", body, known | headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_the_switchboard_opens_to_its_token_alone(aws: Running, shell: Shell, token: str | None) -> None:
    for port in (aws.state.port, aws.state.side_port):
        for method in ("GET", "POST", "DELETE"):
            assert _ask(port, method, token, '{"fault": "stall"}').status == 403
    assert shell.inject("--list") == []


def test_the_switchboard_answers_on_the_sandboxs_own_port_and_lets_no_web_page_in(aws: Running, shell: Shell) -> None:
    told = _ask(aws.state.port, "POST", aws.state.token, '{"fault": "stall", "service": "logs"}')
    assert (told.status, len(shell.inject("--list"))) == (200, 1)
    asked = {"Origin": "https://example.com", "Access-Control-Request-Headers": "x-hpctl-token"}
    preflight = _ask(aws.state.port, "OPTIONS", None, **asked)
    assert preflight.status == 403
    assert not [name for name in preflight.headers if name.lower().startswith("access-control")]
    assert (Path(aws.state.home) / "sandbox.json").stat().st_mode & 0o777 == 0o600


def test_faults_and_what_is_left_of_their_bounds_outlive_a_kill_9(tmp_path: Path) -> None:
    with sandbox(tmp_path) as aws:
        shell = Shell({**os.environ, **aws.environ})
        shell.inject("throttling", "--operation", "ListClusters", "--skip", "1", "--count", "2", "--for", "1h")
        shell.inject("no-capacity", "--cluster", "poor", "--count", "3")
        client = aws.client("sagemaker")
        client.list_clusters()
        with pytest.raises(client.exceptions.ClientError):
            client.list_clusters()
        before = shell.inject("--list")
        assert [row.get("struck") for row in before] == [1, None]
        os.kill(aws.state.pid, signal.SIGKILL)
        until(lambda: control.status("test", environ=aws.environ).running, lambda running: not running)
        again = start(aws.environ, "test").client("sagemaker")
        assert shell.inject("--list") == before
        with pytest.raises(client.exceptions.ClientError):
            again.list_clusters()
        again.list_clusters()
        assert [row["fault"] for row in shell.inject("--list")] == ["no-capacity"]


def test_sandboxes_side_by_side_have_faults_of_their_own_and_go_down_together(tmp_path: Path) -> None:
    with sandbox(tmp_path, "one") as one, sandbox(tmp_path, "two") as two:
        shell = Shell({**os.environ, **one.environ})
        done = shell.sandbox("inject", "access-denied", "--name", "two", "-o", "name")
        assert (done.returncode, done.stdout) == (0, "f1\n")
        one.client("sagemaker").create_cluster(**one.on_slurm("only-here"))
        client = two.client("sagemaker")
        with pytest.raises(client.exceptions.ClientError, match="AccessDeniedException"):
            client.list_clusters()
        assert shell.sandbox("inject", "--clear", "--name", "two").returncode == 0
        assert client.list_clusters()["ClusterSummaries"] == []
        rows = json.loads(shell.sandbox("list", "-o", "json").stdout)["sandboxes"]
        assert [(row["name"], row["status"], row["endpoint"]) for row in rows] == [
            ("one", "running", one.state.endpoint),
            ("two", "running", two.state.endpoint),
        ]
        refused = shell.sandbox("down", "--all", "--name", "one")
        assert (refused.returncode, "do not go together" in refused.stderr) == (ExitCode.USAGE, True)
        assert shell.sandbox("down", "--all").stderr == "sandbox one is stopped\nsandbox two is stopped\n"
        assert shell.sandbox("list", "-o", "name").stdout == "one\ntwo\n"
        assert [found.running for found in control.every(environ=one.environ)] == [False, False]
        shell.sandbox("down", "--all", "--delete")
        assert shell.sandbox("list").stderr == "no sandboxes\n"


def test_a_stale_read_does_not_see_the_cluster_that_was_just_created(aws: Running, shell: Shell) -> None:
    shell.inject("stale-reads", "--operation", "DescribeCluster", "--lag-reads", "2")
    client = aws.client("sagemaker")
    client.create_cluster(**aws.on_slurm("just-now"))
    for _ in range(2):
        with pytest.raises(client.exceptions.ResourceNotFound):
            client.describe_cluster(ClusterName="just-now")
    assert client.describe_cluster(ClusterName="just-now")["ClusterName"] == "just-now"


def test_a_lost_response_has_taken_effect(aws: Running, shell: Shell, aws_cli: Path) -> None:
    shell.inject("lost-response", "--operation", "CreateCluster", "--count", "1")
    request = json.dumps(aws.on_slurm("lost"))
    done = shell.inside(aws.state, str(aws_cli), "sagemaker", "create-cluster", "--cli-input-json", request)
    assert done.returncode != 0
    assert "Connection was closed" in done.stderr
    names = [row["ClusterName"] for row in aws.client("sagemaker").list_clusters()["ClusterSummaries"]]
    assert "lost" in names
