"""The demo tells its whole story: its commands end as it says, a model is trained, and the rank that fails is named."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hpctl.cli.commands.sandbox.slurm import slurm_missing
from tests.conftest import present
from tests.functional.cli.command import EXECUTABLE, bare_environment

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_demo_trains_on_two_nodes_and_explains_a_rank_that_fails(tmp_path: Path) -> None:
    present(EXECUTABLE, "the command `hpctl`", "run `make test`")
    env = bare_environment() | {"HPCTL_SANDBOX_HOME": str(tmp_path / "s"), "HPCTL_STATE_HOME": str(tmp_path / "t")}
    done = subprocess.run(
        [EXECUTABLE, "quickstart", "--pace", "0.5"],
        env=env,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    lines = done.stdout.splitlines()
    without = slurm_missing()
    for rank in (0, 1):
        assert lines.count(f"[rank {rank}] done") == (1 if without else 2)
    told = f"# Jobs on Slurm are left out of this story: {without}" if without else "Slurm's state:  COMPLETED"
    assert told in lines
    assert "  ! pytorchjob/tiny-broken: rank 1 `run` ended with exit code 1" in lines
    assert "  | ValueError: the loss is not a number at step 14: look at shard 1 of the data" in lines
    assert list((tmp_path / "s").iterdir()) == []
