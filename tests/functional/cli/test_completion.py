"""TAB in a real shell: the script that hpctl prints is valid there, and completes what there is to type."""

from __future__ import annotations

import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.benchmarks.measure import Command, cpu_seconds
from tests.functional.cli.account import Account
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
TAB_CPU_S = 0.375
"""The target is 0.25 s; a busy machine gets half as much again."""


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


@pytest.mark.scorecard(14)
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


@pytest.mark.scorecard(14)
def test_fish_offers_the_same(beside: Hpctl) -> None:
    told = _told(_shell("fish"), f"{_script(_shell('fish'), beside)}\ncomplete -C 'hpctl cluster '", beside)
    assert tuple(line.partition("\t")[0] for line in told.splitlines()) == VERBS


@pytest.mark.scorecard(14)
def test_zsh_is_given_the_same(beside: Hpctl) -> None:
    asked = beside.with_env(_HPCTL_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="hpctl cluster ")
    told = _told(_shell("zsh"), "hpctl; true", asked)
    assert [verb for verb in VERBS if f'"{verb}":"' not in told] == []


@pytest.fixture
def three(account: Account, hpctl: Hpctl, tmp_path: Path) -> Hpctl:
    """The command, found by its name, after it has listed three clusters and the nodes of one of them."""
    for name in ("tab-one", "tab-two", "tab-three"):
        if name not in account.statuses():
            account.create(name)
    account.settle("tab-one")
    here = hpctl.with_env(PATH=f"{EXECUTABLE.parent}:{hpctl.env['PATH']}", XDG_CACHE_HOME=str(tmp_path / "cache"))
    here("cluster", "list")
    here("node", "list", "--cluster", "tab-one")
    return here


def _offered(words: str, hpctl: Hpctl) -> list[str]:
    """Return what bash would offer after `words`, by the function that the script gives it."""
    line = shlex.split(words) + ([""] if words.endswith(" ") else [])
    script = (
        'eval "$(hpctl --show-completion)"; '
        f"COMP_WORDS=({shlex.join(line)}); COMP_CWORD={len(line) - 1}; COMP_LINE={shlex.quote(words)}; "
        '_hpctl_completion hpctl; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return [one for one in _told(_shell("bash"), script, hpctl).splitlines() if one]


@pytest.mark.scorecard(15)
def test_names_that_commands_have_told_are_offered_without_asking_aws(three: Hpctl) -> None:
    nobody = three.with_env(AWS_CONFIG_FILE="/dev/null")
    assert {"tab-one", "tab-two", "tab-three"} <= set(_offered("hpctl cluster describe ", nobody))
    assert sorted(_offered("hpctl cluster describe tab-t", nobody)) == ["tab-three", "tab-two"]
    assert set(_offered("hpctl node list --cluster tab-", nobody)) == {"tab-one", "tab-two", "tab-three"}
    (node,) = {
        one.rpartition("/")[2] for one in three("node", "list", "--cluster", "tab-one", "-o", "name").out.split()
    }
    assert _offered("hpctl node describe --cluster tab-one ", nobody) == [node]
    assert _offered("hpctl node describe --cluster tab-two ", nobody) == []
    elsewhere = three.with_env(AWS_REGION="eu-west-1")
    assert _offered("hpctl cluster describe tab-", elsewhere) == []


@pytest.mark.scorecard(15)
def test_a_tab_takes_little_time_and_a_spoilt_cache_is_silence(three: Hpctl) -> None:
    asked = three.with_env(
        _HPCTL_COMPLETE="complete_bash", COMP_WORDS="hpctl cluster describe ", COMP_CWORD="3", PYTHONPATH=""
    )
    told = asked()
    assert (sorted(one for one in told.out.split() if one.startswith("tab-")), told.err) == (
        ["tab-one", "tab-three", "tab-two"],
        "",
    )
    tab = Command("tab", (str(EXECUTABLE),), dict(asked.env))
    assert min(cpu_seconds(tab) for _ in range(3)) < TAB_CPU_S
    cache = Path(three.env["XDG_CACHE_HOME"]) / "hpctl" / "names.json"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    for spoilt in ("", "{", "[]", '{"a": {"clusters": {"": {"x": "then"}}}}'):
        cache.write_text(spoilt, encoding="utf-8")
        assert _offered("hpctl cluster describe ", three) == []
    three("cluster", "list")
    assert "tab-one" in _offered("hpctl cluster describe ", three)


def test_a_cache_that_cannot_be_written_is_no_matter(hpctl: Hpctl, cpu_cluster: str) -> None:
    nowhere = hpctl.with_env(XDG_CACHE_HOME="/dev/null")
    told = nowhere("cluster", "list")
    assert cpu_cluster in told.out
    assert told.err == ""


def _told(shell: str, script: str, beside: Hpctl) -> str:
    done = subprocess.run(
        [shell, "-c", script], env=beside.env, capture_output=True, encoding="utf-8", timeout=PATIENCE_S, check=True
    )
    assert done.stderr == ""
    return done.stdout
