"""One stage in each test process: a sandbox in shared time, and a zygote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.process import zygote
from tests.crash.sharedtime import SharedTime
from tests.crash.stories import Stage
from tests.faults.inside import inside
from tests.functional.cli import specs


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("crash")
    shared = SharedTime(folder / "time")
    with inside(folder, shared) as sandbox:
        specs.write(folder, specs.eks("warm"), "warm.yaml")
        with zygote(folder, sandbox.environ, shared) as started:
            yield Stage(sandbox, shared, started, folder)
