"""What is said where Slurm, or what its plugin is built with, is not installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hpctl.sandbox.slurm import installed, stand_ins


@pytest.fixture(autouse=True)
def _as_root_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "namespaced", lambda: True)


def _have(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *programs: str, header: bool = True) -> None:
    for name in programs:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setattr(installed, "SEARCHED", str(tmp_path))
    monkeypatch.setattr(installed, "_HEADER", tmp_path if header else tmp_path / "spank.h")


def test_nothing_lacks_where_all_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _have(monkeypatch, tmp_path, "slurmctld", "slurmd", "srun", "munged", "gcc")
    assert (installed.why_not(), installed.lacking()) == (None, None)


def test_each_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _have(monkeypatch, tmp_path, "slurmctld", "srun")
    command = "sudo apt-get install --no-install-recommends slurmd munge"
    assert installed.why_not() == f"nodes have no Slurm: it is not installed here ({command})"
    assert installed.lacking() == installed.why_not()


def test_without_a_compiler_srun_has_fewer_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _have(monkeypatch, tmp_path, "slurmctld", "slurmd", "srun", "munged", header=False)
    assert installed.why_not() is None
    assert "install --no-install-recommends gcc libc6-dev libslurm-dev)" in str(installed.lacking())
    assert "srun takes neither --auto-resume" in str(installed.lacking())


def test_elsewhere_than_as_root_on_linux_nodes_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "namespaced", lambda: False)
    assert str(installed.why_not()).startswith("nodes have no Slurm here: it needs Linux")


def test_the_programs_that_stand_in_say_why_and_fail(tmp_path: Path) -> None:
    text = stand_ins.instead("it's not here")["/usr/local/bin/sinfo"]
    (tmp_path / "sinfo").write_text(text)
    done = subprocess.run(["/bin/sh", tmp_path / "sinfo", "-N"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (127, "", "sinfo: it's not here\n")
