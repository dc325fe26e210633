"""Where nobody can answer, nothing asks: the command ends at once, names the flag and has called nobody."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.command import Hpctl
from tests.functional.cli.proxy import Proxy

PLACES: dict[str, dict[str, str]] = {
    "pipe": {},
    "CI=1": {"CI": "1"},
    "CI=true": {"CI": "true"},
    "CI=TRUE": {"CI": "TRUE"},
    "GITHUB_ACTIONS": {"CI": "true", "GITHUB_ACTIONS": "true"},
    "HPCTL_NO_INPUT": {"HPCTL_NO_INPUT": "1"},
}


@pytest.mark.scorecard(12)
@pytest.mark.parametrize("place", PLACES)
def test_create_ends_at_once_and_names_the_flag(
    place: str, watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    file = specs.write(tmp_path, specs.slurm(name))
    _refuses(watched.with_env(**PLACES[place]), "cluster", "create", "-f", file)
    assert proxy.calls == []


@pytest.mark.scorecard(12)
@pytest.mark.parametrize("place", PLACES)
def test_delete_ends_at_once_and_names_the_flag(place: str, watched: Hpctl, proxy: Proxy, cpu_cluster: str) -> None:
    _refuses(watched.with_env(**PLACES[place]), "cluster", "delete", cpu_cluster)
    assert proxy.calls == []


def _refuses(hpctl: Hpctl, *words: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = hpctl(*words, ends=ExitCode.UNCONFIRMED, stdin="y\n")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert told.out == ""
    assert told.err == "error: this asks for confirmation, and there is nobody to ask\n\nhint: add --yes\n"
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


def test_the_refusal_is_an_object_for_machines(hpctl: Hpctl, cpu_cluster: str) -> None:
    told = hpctl("cluster", "delete", cpu_cluster, "-o", "json", ends=ExitCode.UNCONFIRMED)
    assert told.error() == {
        "code": "unconfirmed",
        "exit_code": 8,
        "message": "this asks for confirmation, and there is nobody to ask",
        "hint": "add --yes",
    } | dict.fromkeys(told.error().keys() - {"code", "exit_code", "message", "hint"})


LOUD_CI = {"CI": "true", "CLICOLOR_FORCE": "1", "FORCE_COLOR": "1", "GITHUB_ACTIONS": "true"}


@pytest.mark.scorecard(11)
@pytest.mark.slow
@pytest.mark.timeout(180)  # a dozen commands, on a machine that may be busy
@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, LOUD_CI], ids=["NO_COLOR", "a CI that wants colour"])
def test_no_escape_reaches_a_pipe(env: dict[str, str], hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    run = hpctl.with_env(**env, TERM="xterm-256color")
    file = specs.write(tmp_path, specs.slurm(name))
    split = specs.write(
        tmp_path, specs.eks(name, network=specs.network("${SUBNET_ID}", "${OTHER_SUBNET_ID}")), "split.yaml"
    )
    ended = [
        run("--help"),
        run("cluster", "create", "--help"),
        run("nonsense", ends=ExitCode.USAGE),
        run("cluster", "plan", "-f", split, ends=ExitCode.CHECKS_FAILED),
        run("cluster", "create", "-f", file, "--yes"),
        run("cluster", "describe", name),
        run("cluster", "events", name, "-o", "wide"),
        run("node", "list", "--cluster", name),
        run("cluster", "delete", name, "--yes"),
        run("cluster", "describe", name, ends=ExitCode.NOT_FOUND),
    ]
    assert [one.words for one in ended if "\x1b" in one.out + one.err] == []
