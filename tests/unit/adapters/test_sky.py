"""SkyPilot on this machine: how it comes there, what of it is hpctl's, and how its verdict is read."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hpctl.adapters.local.sky import SkyPilotOnDisk
from hpctl.adapters.local.sky_probe import MARK, verdict_of
from hpctl.errors import ConflictError, UnavailableError
from hpctl.facts.sky import VERSION, FileChange, SkyVerdict

PIP = ("pip", "install", "--quiet", "--disable-pip-version-check")


class FakeRun:
    """Programs that end as told, with what they were run with."""

    def __init__(self, *, code: int = 0, out: str = "", err: str = "") -> None:
        self.code, self.out, self.err = code, out, err
        self.ran: list[tuple[Sequence[str], dict[str, str]]] = []

    def __call__(self, command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        self.ran.append((command, options["env"]))
        if "venv" in command:
            Path(command[-1], "bin").mkdir(parents=True)
        return subprocess.CompletedProcess(command, self.code, self.out, self.err)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> FakeRun:
    fake = FakeRun()
    monkeypatch.setattr(subprocess, "run", fake)
    return fake


def on_disk(place: Path, **env: str) -> SkyPilotOnDisk:
    usual = {"HPCTL_STATE_HOME": str(place / "state"), "SKYPILOT_GLOBAL_CONFIG": str(place / "sky" / "config.yaml")}
    return SkyPilotOnDisk({"PATH": str(place / "bin")} | usual | env)


def a_program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_it_comes_into_an_environment_of_its_own_with_pip(tmp_path: Path, run: FakeRun) -> None:
    sky = on_disk(tmp_path, PIP_INDEX_URL="https://index.example/simple", PYTHONPATH="/mine", VIRTUAL_ENV="/mine")
    sky.install()
    folder = str(tmp_path / "state" / "sky" / VERSION)
    assert [list(command) for command, _ in run.ran] == [
        [sys.executable, "-m", "venv", folder],
        [f"{folder}/bin/python", "-m", *PIP, f"skypilot[kubernetes]=={VERSION}"],
    ]
    assert all(env["PIP_INDEX_URL"] == "https://index.example/simple" for _, env in run.ran)
    assert not any({"PYTHONPATH", "VIRTUAL_ENV"} & env.keys() for _, env in run.ran)
    assert (sky.environment, sky.installed) == (folder, True)


def test_uv_is_taken_where_it_is(tmp_path: Path, run: FakeRun) -> None:
    uv = a_program(tmp_path / "bin" / "uv")
    on_disk(tmp_path).install()
    assert [command[0] for command, _ in run.ran] == [uv, uv]


def test_an_installation_that_failed_is_told_and_made_anew(tmp_path: Path, run: FakeRun) -> None:
    sky = on_disk(tmp_path)
    run.code, run.err = 1, "\n".join(f"line {number}" for number in range(9))
    with pytest.raises(UnavailableError) as caught:
        sky.install()
    assert caught.value.cause == "line 4\nline 5\nline 6\nline 7\nline 8"
    assert not sky.installed
    Path(sky.environment, "half").mkdir(parents=True, exist_ok=True)
    run.code = 0
    sky.install()
    assert sky.installed
    assert not Path(sky.environment, "half").exists()


def test_files_are_private_and_written_only_over_what_was_shown(tmp_path: Path) -> None:
    sky = on_disk(tmp_path)
    change = sky.allowed("here", None, 60)
    sky.write(change)
    config = tmp_path / "sky" / "config.yaml"
    assert config.read_text().startswith("kubernetes:\n  allowed_contexts:\n    - here\n")
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    with pytest.raises(ConflictError, match="has been changed meanwhile"):
        sky.write(change)
    other = sky.beside("a.yaml", "b: 1\n")
    assert other == FileChange(str(tmp_path / "sky" / "hpctl" / "a.yaml"), "", "b: 1\n")
    sky.write(other)
    assert sky.beside("a.yaml", "b: 1\n").before == "b: 1\n"


def test_a_configuration_that_is_a_link_stays_one(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "sky.yaml"
    real.parent.mkdir()
    real.write_text("{}\n")
    link = tmp_path / "sky" / "config.yaml"
    link.parent.mkdir()
    link.symlink_to(real)
    sky = on_disk(tmp_path)
    sky.write(sky.allowed("here", None, 60))
    assert link.is_symlink()
    assert "here" in real.read_text()


def test_the_check_runs_in_its_own_python_and_reports_to_nobody(tmp_path: Path, run: FakeRun) -> None:
    run.out = "noise\n" + MARK + json.dumps({"usable": False, "told": "`nc` is required\n  sudo apt install netcat"})
    sky = on_disk(tmp_path, KUBECONFIG="/k")
    assert sky.check("ctx") == SkyVerdict(reason="`nc` is required sudo apt install netcat")
    [(command, env)] = run.ran
    assert (command[0], command[1], command[-1]) == (f"{sky.environment}/bin/python", "-I", "ctx")
    assert (env["SKYPILOT_DISABLE_USAGE_COLLECTION"], env["KUBECONFIG"]) == ("1", "/k")


def test_a_check_that_does_not_get_so_far_is_no_verdict(tmp_path: Path, run: FakeRun) -> None:
    run.code, run.err = 1, "ModuleNotFoundError: No module named 'sky'"
    with pytest.raises(UnavailableError) as caught:
        on_disk(tmp_path).check("ctx")
    assert caught.value.cause == "ModuleNotFoundError: No module named 'sky'"
    assert caught.value.hint == "make its environment anew: hpctl sky setup --reinstall"


def test_verdicts_as_the_release_words_them() -> None:
    told = {
        "a": "\x1b[32menabled.\x1b[0m",
        "b": "\x1b[32menabled.\x1b[0m\x1b[2m Note: Cluster has 2 nodes with accelerators that are not labeled.\x1b[0m",
        "c": "\x1b[91mdisabled.\x1b[0m\x1b[2m Reason: Failed to communicate with the cluster\x1b[0m",
        "d": "\x1b[91mboom\x1b[0m",
    }
    found = verdict_of(MARK + json.dumps({"usable": True, "told": told, "accelerators": {"H100": [16, 12]}}))
    assert found is not None
    assert dict(found.contexts) == {
        "a": (True, ""),
        "b": (True, "Cluster has 2 nodes with accelerators that are not labeled."),
        "c": (False, "Failed to communicate with the cluster"),
        "d": (False, "boom"),
    }
    assert (found.reason, dict(found.accelerators)) == ("", {"H100": (16, 12)})
    assert verdict_of("nothing of hpctl's\n") is None
