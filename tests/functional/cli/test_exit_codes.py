"""Every exit code of the reference is reached by a command that a user could type, and no other comes out."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import EXECUTABLE, PATIENCE_S, Ended, Hpctl
from tests.functional.cli.proxy import Answer, Proxy

CAPTIVE_PORTAL = Answer(200, b"<html>Sign in to the guest network</html>", {"Content-Type": "text/html"})


@dataclass(frozen=True)
class Case:
    """What a scenario may use: the command behind a proxy, the account, a free name."""

    hpctl: Hpctl
    proxy: Proxy
    account: Account
    name: str

    def run(self, ends: int, *words: str) -> Ended:
        """Run a command that must end so."""
        return self.hpctl(*words, ends=ends)

    def spec(self, ends: int, verb: str, *words: str, **members: object) -> Ended:
        """Run a command on a spec that is sound but for `members`."""
        file = specs.write(self.hpctl.folder, specs.slurm(self.name, **members))
        return self.hpctl("cluster", verb, "-f", file, *words, ends=ends)


@pytest.fixture
def case(watched: Hpctl, proxy: Proxy, account: Account, name: str) -> Case:
    return Case(watched, proxy, account, name)


def _ok(case: Case) -> int:
    return case.run(0, "cluster", "list").code


def _usage(case: Case) -> int:
    return case.run(2, "cluster", "describe").code


def _not_found(case: Case) -> int:
    return case.run(3, "cluster", "describe", case.name).code


def _access(case: Case) -> int:
    case.proxy.deny("sagemaker:ListClusters")
    told = case.run(4, "cluster", "list")
    assert "the caller needs the IAM action `sagemaker:ListClusters`" in told.err
    return told.code


def _timeout(case: Case) -> int:
    return case.spec(5, "create", "--yes", "--timeout", "0.1s").code


def _conflict(case: Case) -> int:
    case.account.create(case.name)
    return case.spec(6, "create", "--yes").code


def _unavailable(case: Case) -> int:
    case.proxy.answer("sagemaker:ListClusters", CAPTIVE_PORTAL)
    return case.run(7, "cluster", "list").code


def _unconfirmed(case: Case) -> int:
    return case.spec(8, "create").code


def _changes(case: Case) -> int:
    return case.spec(10, "plan", "--detailed-exitcode").code


def _checks_failed(case: Case) -> int:
    twice = [specs.group("a", "ml.m5.large", slurm={"node_type": "Controller"})] * 2
    return case.spec(20, "plan", instance_groups=twice).code


def _checks_unknown(case: Case) -> int:
    case.proxy.deny("ec2:DescribeSubnets")
    return case.spec(21, "plan").code


def _interrupted(case: Case) -> int:
    return _ended_in_a_call(case, signal.SIGINT)


def _terminated(case: Case) -> int:
    return _ended_in_a_call(case, signal.SIGTERM)


def _ended_in_a_call(case: Case, number: signal.Signals) -> int:
    arrived = case.proxy.hold("sagemaker:ListClusters")
    running = case.hpctl.start("cluster", "list")
    assert arrived.wait(PATIENCE_S)
    running.send_signal(number)
    assert running.communicate(timeout=PATIENCE_S) == ("", "")
    return running.returncode


def _closed_pipe(case: Case) -> int:
    return _into_a_closed_pipe(case.hpctl, "instances", "list")


FULL = Path("/dev/full")

SCENARIOS: dict[ExitCode, Callable[[Case], int]] = {
    ExitCode.OK: _ok,
    ExitCode.USAGE: _usage,
    ExitCode.NOT_FOUND: _not_found,
    ExitCode.ACCESS: _access,
    ExitCode.TIMEOUT: _timeout,
    ExitCode.CONFLICT: _conflict,
    ExitCode.UNAVAILABLE: _unavailable,
    ExitCode.UNCONFIRMED: _unconfirmed,
    ExitCode.CHANGES: _changes,
    ExitCode.CHECKS_FAILED: _checks_failed,
    ExitCode.CHECKS_UNKNOWN: _checks_unknown,
    ExitCode.INTERRUPTED: _interrupted,
    ExitCode.CLOSED_PIPE: _closed_pipe,
    ExitCode.TERMINATED: _terminated,
}


OF_JOBS = {ExitCode.JOB_FAILED, ExitCode.JOB_UNFINISHED, ExitCode.JOB_CANCELLED, ExitCode.NO_PROGRAM}
"""Those that need a cluster with nodes: `test_job_exit_codes.py` and `test_cli_manage.py` of the jobs."""


@pytest.mark.scorecard(7)
def test_every_documented_code_has_a_scenario() -> None:
    assert set(SCENARIOS) == set(ExitCode) - {ExitCode.BUG} - OF_JOBS


@pytest.mark.scorecard(7)
@pytest.mark.parametrize("code", SCENARIOS, ids=lambda code: code.name.lower())
def test_a_command_ends_with_the_documented_code(code: ExitCode, case: Case) -> None:
    assert SCENARIOS[code](case) == code


WRONG_LINES = (
    ("nonsense",),
    ("cluster", "nonsense"),
    ("cluster", "create"),
    ("cluster", "create", "-f"),
    ("job", "nonsense"),
    ("job", "submit"),
    ("job", "submit", "a.yaml", "--", "true"),
    ("job", "submit", "no-such-file.yaml"),
    ("job", "submit", "--nodes", "0", "--", "true"),
    ("job", "submit", "--env", "NO_SUCH_VARIABLE", "--", "true"),
    ("job", "wait"),
    ("job", "logs", "a", "-o", "json"),
    ("job", "logs", "a", "--timezone", "Nowhere"),
    ("job", "list", "-A", "-n", "team"),
    ("cluster", "create", "-f", "no-such-file.yaml", "--yes"),
    ("cluster", "create", "-f", "."),
    ("cluster", "create", "-f", "-", "--yes"),
    ("cluster", "create", "-f", "-", "--set", "NAME"),
    ("cluster", "create", "-f", "-", "--timeout", "soon"),
    ("cluster", "create", "-f", "-", "--timeout", "-1s"),
    ("cluster", "list", "-o", "xml"),
    ("cluster", "list", "-o", "name", "--query", "clusters[].name"),
    ("cluster", "list", "-o", "json", "--query", "clusters[?"),
    ("cluster", "list", "--profile", "nobody"),
    ("cluster", "list", "--region", "not a region"),
    ("instances", "list", "--accelerator", "abacus"),
    ("node", "list", "--cluster"),
    ("sandbox", "up", "--name", "../escape"),
    ("sandbox", "run", "--name", "cli", "--", "no-such-program"),
)


@pytest.mark.parametrize("words", WRONG_LINES, ids=" ".join)
def test_a_wrong_line_is_usage_and_says_why(words: tuple[str, ...], hpctl: Hpctl) -> None:
    ended = hpctl(*words, ends=ExitCode.USAGE)
    assert ended.out == ""
    assert ended.err.strip()


@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("--help",),
        ("cluster", "list", "-o", "json"),
        ("cluster", "schema"),
        ("instances", "list"),
        ("sandbox", "env", "--name", "cli"),
        ("sandbox", "status", "--name", "cli"),
    ],
    ids=" ".join,
)
def test_a_closed_pipe_is_silent(words: tuple[str, ...], hpctl: Hpctl) -> None:
    assert _into_a_closed_pipe(hpctl, *words) == ExitCode.CLOSED_PIPE


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_told_and_no_bug(hpctl: Hpctl) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [EXECUTABLE, "instances", "list"],
            env=hpctl.env,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.decode().startswith("error: the output cannot be written: No space left on device")


def _into_a_closed_pipe(hpctl: Hpctl, *words: str) -> int:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [EXECUTABLE, *words], env=hpctl.env, stdout=writing, stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False
        )
    finally:
        os.close(writing)
    assert done.stderr == b""
    return done.returncode


def test_head_takes_its_line_and_nobody_complains(hpctl: Hpctl) -> None:
    script = f'"{EXECUTABLE}" instances list -o json | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        env=hpctl.env,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "{"
    assert done.stdout.splitlines()[-1] == str(int(ExitCode.CLOSED_PIPE))


@pytest.mark.parametrize("words", [("--version",), ("instances", "list"), ("cluster", "list")], ids=" ".join)
def test_streams_that_were_closed_before_the_start_do_no_harm(words: tuple[str, ...], hpctl: Hpctl) -> None:
    script = f'"{EXECUTABLE}" {" ".join(words)} >&- 2>&- <&-'
    done = subprocess.run(["/bin/sh", "-c", script], env=hpctl.env, timeout=PATIENCE_S, check=False)
    assert done.returncode == ExitCode.OK


def test_credentials_that_are_missing_are_named(hpctl: Hpctl, tmp_path: Path) -> None:
    lost = hpctl.with_env(AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"), AWS_CONFIG_FILE=str(tmp_path / "none"))
    told = lost("cluster", "list", ends=ExitCode.ACCESS)
    assert told.err.startswith("error: there are no valid credentials for `sagemaker:ListClusters`")
    assert "aws configure" in told.err


def test_credentials_that_expired_are_named(watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path) -> None:
    proxy.say("sts:GetCallerIdentity", "ExpiredToken", "The security token included in the request is expired", 403)
    told = watched("cluster", "create", "-f", specs.write(tmp_path, specs.eks(name)), "--yes", ends=ExitCode.ACCESS)
    assert "AWS did not accept the credentials of `sts:GetCallerIdentity` (`ExpiredToken`)" in told.err
    assert "hint: run `aws configure`" in told.err
    assert proxy.calls == ["sts:GetCallerIdentity"]


def test_an_endpoint_where_nobody_listens_is_unavailable_after_all_tries(hpctl: Hpctl) -> None:
    told = hpctl.with_env(AWS_ENDPOINT_URL="http://127.0.0.1:9")("cluster", "list", ends=ExitCode.UNAVAILABLE)
    assert told.err.startswith("error: `sagemaker:ListClusters` could not connect to `http://127.0.0.1:9`")
    assert "AWS_ENDPOINT_URL" in told.err


@pytest.mark.scorecard(22)
def test_the_same_spec_again_is_unchanged_and_another_one_is_a_conflict(
    watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    file = specs.write(tmp_path, specs.slurm(name))
    watched("cluster", "create", "-f", file, "--yes")
    proxy.calls.clear()
    again = watched("cluster", "create", "-f", file, "--yes", "-o", "json").json()
    assert again["result"] == "unchanged"
    assert watched("cluster", "plan", "-f", file, "--detailed-exitcode").code == ExitCode.OK

    other = specs.write(tmp_path, specs.slurm(name, node_recovery="None"))
    told = watched("cluster", "create", "-f", other, "--yes", ends=ExitCode.CONFLICT)
    assert f"error: a cluster named `{name}` exists and is not what this spec asks for" in told.err
    assert f"hpctl cluster describe {name}" in told.err
    assert proxy.mutations == []


@pytest.mark.scorecard(36)
@pytest.mark.parametrize(
    ("guard", "words"),
    [
        ({"account": "999999999999"}, "the spec is for account `999999999999`, the credentials are for `123456789012`"),
        ({"region": "eu-west-1"}, "the spec is for Region `eu-west-1`, the credentials are for `us-west-2`"),
    ],
    ids=["account", "region"],
)
def test_a_spec_for_elsewhere_asks_who_calls_and_nothing_more(
    guard: dict[str, str], words: str, watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    file = specs.write(tmp_path, specs.eks(name, **guard))
    told = watched("cluster", "create", "-f", file, "--yes", "--region", "us-west-2", ends=ExitCode.CONFLICT)
    assert words in told.err
    assert proxy.calls == ["sts:GetCallerIdentity"]


@pytest.mark.scorecard(9)
def test_deleting_what_is_not_there_is_not_found(watched: Hpctl, proxy: Proxy, name: str) -> None:
    told = watched("cluster", "delete", name, "--yes", ends=ExitCode.NOT_FOUND)
    assert f"`{name}`" in told.err
    assert proxy.mutations == []


def test_a_bug_is_said_to_be_one_and_its_report_is_private(hpctl: Hpctl, tmp_path: Path) -> None:
    # A broken installation stands for the bug: every import of a library that hpctl needs raises.
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "jmespath.py").write_text("raise RuntimeError('[/boom] \\x1b[31m')", encoding="utf-8")
    env = dict(hpctl.env) | {"PYTHONPATH": str(tmp_path / "broken"), "HPCTL_STATE_HOME": str(tmp_path / "state")}
    words = [str(EXECUTABLE), "instances", "list", "-o", "json", "--query", "x"]
    done = subprocess.run(words, env=env, capture_output=True, encoding="utf-8", timeout=PATIENCE_S, check=False)
    assert done.returncode == ExitCode.BUG
    assert done.stdout == ""
    [report] = (tmp_path / "state" / "crashes").iterdir()
    assert done.stderr.startswith("error: this is a bug in hpctl: RuntimeError: [/boom] \\x1b[31m\n")
    assert str(report) in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in report.read_text(encoding="utf-8")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
