"""TAB in a real shell: the script that hpctl prints is valid there, and completes what there is to type."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.functional.cli.command import EXECUTABLE, PATIENCE_S, Hpctl, bare_environment
from tests.functional.cli.screen import Screen

VERBS = (
    "check",
    "connect",
    "create",
    "delete",
    "describe",
    "events",
    "export",
    "list",
    "plan",
    "schema",
    "update",
    "update-software",
)
TAB = "\t"


def _shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: `apt-get install {name}`")
    return found


@pytest.fixture
def beside(tmp_path: Path) -> Hpctl:
    """The command where a shell finds it by its name; nothing else is needed to complete."""
    env = bare_environment()
    return Hpctl(env | {"PATH": f"{EXECUTABLE.parent}:{env['PATH']}"}, tmp_path)


def _script(shell: str, beside: Hpctl) -> str:
    # Two commands, so that the shell stays the parent that hpctl recognises instead of becoming it.
    return _told(shell, "hpctl --show-completion; true", beside)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_is_valid_in_its_shell(name: str, beside: Hpctl, tmp_path: Path) -> None:
    shell = _shell(name)
    script = tmp_path / f"completion.{name}"
    script.write_text(_script(shell, beside), encoding="utf-8")
    assert "hpctl" in script.read_text(encoding="utf-8")
    subprocess.run([shell, "-n", str(script)], env=beside.env, timeout=PATIENCE_S, check=True)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("hpctl cluster ", VERBS),
        ("hpctl ", ("cluster", "instances", "job", "node", "quickstart", "sandbox")),
        ("hpctl cluster list --o", ("--output",)),
        ("hpctl cluster list -o ", ("json", "jsonl", "name", "table", "wide", "yaml")),
    ],
    ids=repr,
)
def test_bash_offers_what_may_come_next(typed: str, offered: tuple[str, ...], beside: Hpctl) -> None:
    with Screen(beside, "--norc", "--noprofile", "-i", program=_shell("bash")) as screen:
        screen.type(
            "PS1='ready> '; bind 'set show-all-if-ambiguous on'; eval \"$(hpctl --show-completion)\"; echo lo''aded\r"
        )
        screen.until("loaded")
        screen.type(f"clear\r{typed}{TAB}")
        for word in offered:
            screen.until(word)


def test_fish_offers_the_same(beside: Hpctl) -> None:
    told = _told(_shell("fish"), f"{_script(_shell('fish'), beside)}\ncomplete -C 'hpctl cluster '", beside)
    assert tuple(line.partition("\t")[0] for line in told.splitlines()) == VERBS


def test_zsh_is_given_the_same(beside: Hpctl) -> None:
    asked = beside.with_env(_HPCTL_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="hpctl cluster ")
    told = _told(_shell("zsh"), "hpctl; true", asked)
    assert [verb for verb in VERBS if f'"{verb}":"' not in told] == []


def _told(shell: str, script: str, beside: Hpctl) -> str:
    done = subprocess.run(
        [shell, "-c", script], env=beside.env, capture_output=True, encoding="utf-8", timeout=PATIENCE_S, check=True
    )
    assert done.stderr == ""
    return done.stdout
