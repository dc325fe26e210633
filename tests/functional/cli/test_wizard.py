"""`hpctl init` in a terminal of 80 by 24: a file that makes a cluster, back, Ctrl-C at every question, no account."""

from __future__ import annotations

import shlex
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl
from tests.functional.cli.proxy import Proxy
from tests.functional.cli.screen import COLUMNS, Screen

CTRL_C, CTRL_U, DOWN, ENTER, ESCAPE = "\x03", "\x15", "\x1b[B", "\r", "\x1b"
AT_A_TERMINAL = {"PROMPT_TOOLKIT_NO_CPR": "1"}  # the screen of the tests does not tell where its cursor is


def at(screen: Screen, question: str) -> str:
    """Wait for a question and what can be done there, and return the screen."""
    return screen.until(f"? {question}")


STEPS: tuple[tuple[str, str, str], ...] = (
    ("? Which EKS cluster do the nodes join?", "- hpctl-sandbox-old-version (Kubernetes 1.29 is not", ENTER),
    ("? Which instance type?", "8 x NVIDIA H100, ", f"p5.48{ENTER}"),
    ("? How many of them?", "Nodes of one kind", f"{CTRL_U}99{ENTER}"),
    ("? Keep it all the same?", "are needed (quota-instance-type)", ENTER),
    ("? How many of them?", "Nodes of one kind", f"{CTRL_U}2{ENTER}"),
    ("? In which subnets?", "(has 11 free addresses, and the nodes need 162)", ESCAPE),
    ("? How many of them?", "\n  2", ENTER),
    ("? In which subnets?", "(has 11 free addresses, and the nodes need 162)", f" {ENTER}"),
    ("? Which security groups do the nodes get?", "» ● sg-", ENTER),
    ("? Which role do the nodes assume?", "trusts ec2.amazonaws.com, not sagemaker.amazonaws.com", ENTER),
    ("? In which S3 folder", "no lifecycle scripts", ENTER),
    ("? How large is each node's volume", "500", ENTER),
    ("? Is each new node put under stress", "yes", ENTER),
    ("? Where is the spec written to?", "cluster.yaml", ENTER),
    ("? What now?", "write cluster.yaml", ENTER),
)
"""Questions, what must stand there as well, and what is typed: back once, and too much asked for once.

How many are needed in all depends on the clusters that other tests have in the account.
"""


@pytest.mark.scorecard(59, 60, 61)
def test_answers_become_a_file_that_makes_a_cluster(
    watched: Hpctl, hpctl: Hpctl, account: Account, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    flags = ("--region", "us-west-2", "--orchestrator", "eks", "--name", name, "--on-create", "on_create.sh")
    with Screen(watched.with_env(**AT_A_TERMINAL), "init", "--no-resume", *flags) as screen:
        for question, beside, keys in STEPS:
            screen.asks(question, beside)
            assert not (tmp_path / "cluster.yaml").exists()
            screen.type(keys)
        assert screen.end() == ExitCode.OK
        assert screen.cursor_is_shown
        told = screen.text
    assert f"cluster/{name}: nothing wrong" in told
    assert told.endswith("next:\n  hpctl doctor -f cluster.yaml\n  hpctl cluster create -f cluster.yaml")
    assert proxy.mutations == []
    text = (tmp_path / "cluster.yaml").read_text(encoding="utf-8")
    (tmp_path / "cluster.yaml").unlink()
    hpctl(*_command_in(told))
    assert (tmp_path / "cluster.yaml").read_text(encoding="utf-8") == text
    hpctl("cluster", "create", "-f", "cluster.yaml", "--yes")
    assert account.statuses()[name] == "InService"


def _command_in(told: str) -> list[str]:
    """Return the words after `hpctl` of the equivalent command, which the screen has cut into lines."""
    lines = told.partition("the same without questions:\n")[2].partition("\n\nnext:")[0].split("\n")
    whole = "".join(line.ljust(COLUMNS) for line in lines[:-1]) + lines[-1]
    return shlex.split(whole)[1:]


ANSWERS = (
    ("In which Region?", ENTER),
    ("Who schedules the work?", f"{DOWN}{ENTER}"),
    ("What is the cluster called?", ENTER),
    ("Which instance type?", f"trn1.32{ENTER}"),
    ("How many of them?", ENTER),
    ("On which instance type does Slurm's controller run?", ENTER),
    ("In which VPC?", f"{DOWN}{ENTER}"),
    ("In which subnets?", f" {ENTER}"),
    ("Which security groups do the nodes get?", ENTER),
    ("Which role do the nodes assume?", ENTER),
    ("In which S3 folder", ENTER),
    ("Which of the scripts runs", ENTER),
    ("How large is each node's volume", ENTER),
    ("Which FSx for Lustre", ENTER),
    ("Where is the spec written to?", ENTER),
    ("What now?", ""),
)


AGAIN = """
import os, signal, sys
import hpctl.cli.commands.init, hpctl.cli.wizard.prompts, hpctl.services.wizard.cluster_form, questionary
from hpctl.cli.main import main

signal.signal(signal.SIGINT, signal.SIG_IGN)
for number in range(int(sys.argv[1])):
    print(f"run {number}:", flush=True)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["hpctl", "init", "--resume" if number else "--no-resume"]
        main()
    print("ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Starts the command again and again in one terminal, each time in a process of its own, and loads it once."""


@pytest.mark.scorecard(62)
def test_whoever_leaves_at_any_question_goes_on_there_and_changes_nothing(
    watched: Hpctl, proxy: Proxy, tmp_path: Path
) -> None:
    person = watched.with_env(HPCTL_STATE_HOME=str(tmp_path / "records"), **AT_A_TERMINAL)
    runs = len(ANSWERS) - 1
    with Screen(person, "-c", AGAIN, str(runs), program=sys.executable) as screen:
        for number, ((question, answer), (following, _answer)) in enumerate(pairwise(ANSWERS)):
            screen.until(f"? {question}", after=f"run {number}:")
            screen.type(answer)
            screen.until(f"? {following}", after=f"run {number}:")
            screen.type(CTRL_C)
            screen.until(f"ended with {int(ExitCode.INTERRUPTED)}", after=f"run {number}:")
            assert screen.cursor_is_shown
        assert screen.end() == ExitCode.OK
        assert screen.text.count("error: nothing was written; your answers are kept") == runs
        assert screen.text.count("to go on where you were: hpctl init --resume") == runs
    assert proxy.mutations == []
    assert [path.name for path in tmp_path.iterdir()] == ["records"]


def test_without_credentials_ids_are_typed_and_what_is_not_verified_is_said(hpctl: Hpctl, tmp_path: Path) -> None:
    nobody = hpctl.with_env(
        AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"),
        AWS_CONFIG_FILE=str(tmp_path / "none"),
        HPCTL_STATE_HOME=str(tmp_path / "records"),
        **AT_A_TERMINAL,
    )
    known = ("--orchestrator", "slurm", "--instance-type", "ml.p5.48xlarge", "--controller-type", "ml.m5.2xlarge")
    more = (
        "--count",
        "2",
        "--scripts",
        "none",
        "--volume-gb",
        "500",
        "--fsx",
        "none",
        "--file",
        "cluster.yaml",
        "--name",
        "typed",
    )
    with Screen(nobody, "init", *known, *more, "--subnet", "subnet-0a", "--region", "us-west-2") as screen:
        shown = at(screen, "Which security groups do the nodes get?")
        assert "nothing can be offered" in shown
        screen.type(f"sg-0a sg-0b{ENTER}")
        at(screen, "Which role do the nodes assume?")
        screen.type(f"arn:aws:iam::123456789012:role/nodes{ENTER}")
        at(screen, "What now?")
        screen.type(ENTER)
        assert screen.end() == ExitCode.OK
        assert "note: not verified, for AWS could not be asked: " in screen.text
        assert "network-free-ips" in screen.text.replace("\n", "")
    assert "- sg-0b" in (tmp_path / "cluster.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("init",), ("job", "init")], ids=" ".join)
def test_nobody_is_asked_in_ci_and_all_that_is_missing_is_named(words: tuple[str, ...], hpctl: Hpctl) -> None:
    with Screen(hpctl.with_env(CI="true", **AT_A_TERMINAL), *words) as screen:
        assert screen.end() == ExitCode.UNCONFIRMED
        assert "answers are missing, and nobody is asked" in screen.text
        assert "--instance-type" in screen.text
        assert b"\x1b[?25l" not in screen.raw
