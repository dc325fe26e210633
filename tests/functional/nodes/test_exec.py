"""`hpctl node exec` and `hpctl node shell` on real machines behind Session Manager."""

from __future__ import annotations

import json
import signal
from uuid import uuid4

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli.screen import Screen
from tests.functional.nodes.commands import OnNodes, started
from tests.functional.sandbox.running import until

HARD_WORDS = ("$(touch /tmp/ran)", "`id`", "a b", "quote'\"", "line\nbreak", "comma,=;|&", "ünï\u2603", "")


def test_a_command_runs_on_every_node_with_its_lines_prefixed(node: OnNodes) -> None:
    told = node("exec", "--all", "--", "hostname")
    nodes = {str(one["InstanceId"]): one for group in ("controller", "workers") for one in node.cluster.nodes(group)}
    lines = {f"[{name}] ip-{one['PrivatePrimaryIp'].replace('.', '-')}" for name, one in nodes.items()}
    assert set(told.out.splitlines()) == lines
    assert told.err == "3 nodes: 3 succeeded\n"


def test_the_worst_exit_code_is_the_commands(node: OnNodes) -> None:
    script = f"case $(hostname) in {node.cluster.names()[0]}) exit 7;; *) exit 3;; esac"
    told = node("exec", "--group", "workers", "--", "sh", "-c", script, ends=7)
    assert sorted(told.err.splitlines()[1:]) == sorted(
        f"  {name}: exit code {code}" for name, code in zip(node.workers, (7, 3), strict=True)
    )


@pytest.mark.scorecard(52)
def test_words_reach_the_program_as_they_are(node: OnNodes) -> None:
    script = "import os, sys; os.write(1, b'\\0'.join(os.fsencode(word) for word in sys.argv[1:]))"
    done = node.bytes("exec", "workers/0", "--", "python3", "-c", script, *HARD_WORDS)
    assert done.stdout.split(b"\0") == [word.encode() for word in HARD_WORDS]
    assert node("exec", "--all", "--", "test", "!", "-e", "/tmp/ran").code == 0


def test_streams_of_one_node_are_bytes_and_apart(node: OnNodes) -> None:
    data = bytes(range(256)) * 2000
    done = node.bytes("exec", "-i", node.workers[0], "--", "sh", "-c", "cat; printf 'no end' >&2", stdin=data)
    assert (done.returncode, done.stdout == data, done.stderr) == (0, True, b"no end")


def test_json_holds_what_each_node_said(node: OnNodes) -> None:
    names = node.workers
    script = "printf 'caf\\351'; echo no >&2; exit 5"
    report = node("exec", *names, "-o", "json", "--", "sh", "-c", script, ends=5).json()
    assert (report["kind"], report["cluster"], report["exit_code"]) == ("NodeRunList", node.cluster.name, 5)
    assert [run["node"] for run in report["runs"]] == names
    for run in report["runs"]:
        assert (run["result"], run["exit_code"], run["error"]) == ("failed", 5, None)
        assert run["stdout"] == {"text": "caf\\xe9", "total_bytes": 4, "truncated": False}
        assert run["stderr"] == {"text": "no\n", "total_bytes": 3, "truncated": False}


def test_every_name_of_a_node_is_taken(node: OnNodes) -> None:
    one = node.cluster.nodes()[0]
    names = (one["InstanceId"], one["NodeLogicalId"], one["PrivateDnsHostname"], node.cluster.names()[0])
    place = sorted(node.workers).index(one["InstanceId"])
    report = node("exec", *names, f"workers/{place}", "-o", "json", "--", "true").json()
    assert [run["node"] for run in report["runs"]] == [one["InstanceId"]]


def test_an_unknown_node_is_named_with_the_nearest(node: OnNodes) -> None:
    told = node("exec", "worker/0", "--", "true", ends=ExitCode.NOT_FOUND)
    assert told.err.startswith(f"error: cluster `{node.cluster.name}` has no node `worker/0`\n")
    assert "hint: did you mean `workers/0`?" in told.err


def test_time_that_runs_out_ends_the_command_there(node: OnNodes) -> None:
    mark = f"/tmp/{uuid4().hex}"
    told = node("exec", "workers/0", "--timeout", "1s", "--", "tail", "-f", "/dev/null", mark, ends=ExitCode.TIMEOUT)
    assert "1 node: 1 ran out of time" in told.err
    until(lambda: _running(node, mark), lambda found: not found)


def test_ctrl_c_ends_the_command_on_every_node(node: OnNodes) -> None:
    mark = f"/tmp/{uuid4().hex}"
    with started(node.hpctl, "node", "exec", "--group", "workers", "--", "tail", "-f", "/dev/null", mark) as process:
        until(lambda: _running(node, mark), lambda found: len(found) == 2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "error: stopped; what hpctl had started on the nodes was ended" in err
    until(lambda: _running(node, mark), lambda found: not found)


def _running(node: OnNodes, mark: str) -> list[str]:
    """Return the nodes on which a program with this word runs."""
    done = node.bytes("exec", "--group", "workers", "-o", "json", "--", "pgrep", "-f", f"^tail.*{mark}")
    return [run["node"] for run in json.loads(done.stdout)["runs"] if run["exit_code"] == 0]


@pytest.mark.scorecard(48)
def test_a_shell_has_a_terminal_and_ends_with_its_exit_code(node: OnNodes) -> None:
    name = node.cluster.names()[0]
    with Screen(node.hpctl, "node", "shell", name) as screen:
        screen.type("stty size; hostname\r")
        screen.until("24 80")
        screen.until(f"\n{name}")
        screen.type("echo be''gun; sleep 600\r")
        screen.until("\nbegun")
        screen.type("\x03")
        screen.until("^C")
        screen.type("exit 9\r")
        assert screen.end() == 9


def test_a_shell_without_a_terminal_is_refused_with_what_does_it(node: OnNodes) -> None:
    told = node("shell", "workers/0", ends=ExitCode.UNCONFIRMED)
    assert told.err == (
        "error: a shell needs a terminal, and standard input or output is none\n\n"
        "hint: hpctl node exec workers/0 -- COMMAND\n"
    )
