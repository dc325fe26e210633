"""What tests on nodes share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.cli.command import Hpctl
from tests.functional.nodes.commands import OnNodes, environment
from tests.functional.slurm.ready import SlurmCluster


@pytest.fixture
def node(ready_slurm: SlurmCluster, tmp_path: Path) -> OnNodes:
    """`hpctl node` on the Slurm cluster of this process, in a folder of this test."""
    return OnNodes(Hpctl(environment(ready_slurm, tmp_path), tmp_path), ready_slurm)
