"""Real kubectl in a namespace of the test's own, on every cluster that the contract suite is run against."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import present
from tests.contract.kubernetes.space import Space
from tests.contract.kubernetes.targets import cluster, reach, room, space
from tests.functional.kubectl.command import EXECUTABLE, Kubectl

__all__ = ["cluster", "kubectl", "reach", "room", "shared_kubectl", "space"]


@pytest.fixture
def kubectl(space: Space, tmp_path: Path) -> Kubectl:
    """Return kubectl in the test's namespace."""
    return _kubectl(space, tmp_path)


@pytest.fixture(scope="module")
def shared_kubectl(room: Space, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """Return kubectl in the namespace that the tests of a file share."""
    return _kubectl(room, tmp_path_factory.mktemp("kubectl"))


def _kubectl(space: Space, folder: Path) -> Kubectl:
    present(EXECUTABLE, "kubectl", "run `make test`")
    return Kubectl(space, folder)
