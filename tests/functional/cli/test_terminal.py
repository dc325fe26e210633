"""On a terminal of 80 by 24: questions and their answers, progress that redraws, Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl
from tests.functional.cli.conftest import Sandbox
from tests.functional.cli.proxy import Proxy
from tests.functional.cli.screen import COLUMNS, Screen

CTRL_C, CTRL_D, ENTER = "\x03", "\x04", "\r"


def test_create_asks_and_takes_yes(hpctl: Hpctl, account: Account, name: str, tmp_path: Path) -> None:
    with Screen(hpctl, "cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name))) as screen:
        shown = screen.until("[y/N]")
        assert shown.startswith("account 123456789012, region us-west-2, user/hpctl-sandbox\n")
        assert f"+ create cluster {name} (Slurm)" in shown
        assert f"create cluster `{name}` in account 123456789012? [y/N]" in shown
        assert name not in account.statuses()
        screen.type(f"y{ENTER}")
        assert screen.end() == ExitCode.OK
        assert f"cluster `{name}` is in service" in screen.text
    assert account.statuses()[name] == "InService"


@pytest.mark.parametrize("answer", [ENTER, f"n{ENTER}", f"yep{ENTER}", CTRL_D], ids=repr)
def test_create_takes_everything_else_for_no(
    answer: str, watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    with Screen(watched, "cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name))) as screen:
        screen.until("[y/N]")
        screen.type(answer)
        assert screen.end() == ExitCode.UNCONFIRMED
        assert "error: no" in screen.text
    assert proxy.mutations == []


def test_ctrl_c_at_the_question_changes_nothing(watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path) -> None:
    with Screen(watched, "cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name))) as screen:
        screen.until("[y/N]")
        screen.type(CTRL_C)
        assert screen.end() == ExitCode.INTERRUPTED
        assert "Traceback" not in screen.text
    assert proxy.mutations == []


@pytest.mark.scorecard(29)
@pytest.mark.parametrize("typed", ["y", "yes", "looked-a", "LOOKED-AT", ""], ids=repr)
def test_delete_wants_the_name_and_nothing_else(typed: str, watched: Hpctl, proxy: Proxy, cpu_cluster: str) -> None:
    with Screen(watched, "cluster", "delete", cpu_cluster) as screen:
        shown = screen.until("type the name of the cluster to delete it")
        assert "goes:" in shown
        assert "stays:" in shown
        screen.type(f"{typed}{ENTER}")
        assert screen.end() == ExitCode.UNCONFIRMED
        assert "error: the name does not match; nothing was deleted" in screen.text
    assert set(proxy.mutations) <= {"ssm:StartSession"}  # how jobs of Slurm are looked at


@pytest.mark.scorecard(29)
def test_delete_takes_the_name(hpctl: Hpctl, account: Account, name: str) -> None:
    account.create(name)
    account.settle(name)
    with Screen(hpctl, "cluster", "delete", name) as screen:
        screen.until("type the name of the cluster to delete it")
        screen.type(f"{name}{ENTER}")
        assert screen.end() == ExitCode.OK
        assert f"cluster `{name}` is gone" in screen.text
    assert name not in account.statuses()


@pytest.mark.parametrize("said", ["CI=1", "CI=true", "CI=TRUE", "CI=yes", "HPCTL_NO_INPUT=1", "TERM=dumb"])
def test_a_terminal_that_says_so_is_not_asked(said: str, watched: Hpctl, proxy: Proxy, cpu_cluster: str) -> None:
    variable, _, value = said.partition("=")
    with Screen(watched.with_env(**{variable: value}), "cluster", "delete", cpu_cluster) as screen:
        assert screen.end() == ExitCode.UNCONFIRMED
        assert "hint: add --yes" in screen.text
    assert proxy.calls == []


@pytest.mark.scorecard(25)
def test_progress_redraws_and_leaves_a_clean_screen(hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    spec = specs.slurm(name)
    with Screen(hpctl, "cluster", "create", "-f", specs.write(tmp_path, spec), "--yes") as screen:
        screen.until("waiting for nodes of `controller` 0/1, `workers` 0/2")
        assert screen.end() == ExitCode.OK
        assert screen.cursor_is_shown
        lines = screen.lines
    assert b"\x1b[?25l" in screen.raw  # the cursor was hidden: it did redraw
    assert [line for line in lines if "waiting for" in line or "\u2501" in line] == []
    assert len([line for line in lines if line.startswith(f"cluster `{name}` is in service, after ")]) == 1
    assert f"Cluster {name} creation started successfully" in " ".join(screen.text.split())
    assert max(map(len, lines)) <= COLUMNS


def test_ctrl_c_during_progress_says_how_to_go_on(slow: Sandbox, name: str, tmp_path: Path) -> None:
    file = specs.write(tmp_path, specs.slurm(name))
    with Screen(slow.hpctl, "cluster", "create", "-f", file, "--yes") as screen:
        screen.until("waiting for nodes of")
        screen.type(CTRL_C)
        assert screen.end() == ExitCode.INTERRUPTED
        assert screen.cursor_is_shown
        assert "error: stopped waiting; AWS goes on working" in screen.text
        assert f"hint: to go on waiting: hpctl cluster create -f {file} --yes" in screen.text
        assert "Traceback" not in screen.text
    assert slow.account.statuses()[name] == "Creating"


def test_a_delete_that_runs_already_is_followed_without_a_question(slow: Sandbox, name: str) -> None:
    slow.account.create(name, NodeProvisioningMode="Continuous")
    slow.hpctl("cluster", "delete", name, "--yes", "--no-wait")
    with Screen(slow.hpctl, "cluster", "delete", name) as screen:
        shown = screen.until("waiting for ")
        assert "type the name" not in shown
        screen.type(CTRL_C)
        assert screen.end() == ExitCode.INTERRUPTED


@pytest.mark.scorecard(11)
def test_colour_is_for_terminals_that_want_it(hpctl: Hpctl, cpu_cluster: str) -> None:
    with Screen(hpctl, "cluster", "describe", cpu_cluster) as screen:
        assert screen.end() == ExitCode.OK
    assert b"\x1b[" in screen.raw
    with Screen(hpctl.with_env(NO_COLOR="1"), "cluster", "describe", cpu_cluster) as plain:
        assert plain.end() == ExitCode.OK
    assert b"\x1b" not in plain.raw
    assert plain.text == screen.text


def test_json_is_the_same_on_a_terminal_and_in_a_pipe(hpctl: Hpctl, cpu_cluster: str) -> None:
    words = ("cluster", "describe", cpu_cluster, "-o", "json")
    with Screen(hpctl, *words) as screen:
        assert screen.end() == ExitCode.OK
    assert screen.raw.decode().replace("\r\n", "\n") == hpctl(*words).out
