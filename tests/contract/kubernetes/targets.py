"""The clusters that the suite is run against: the sandbox's always, and those that `HPCTL_TEST_KUBECONFIG` names.

A test never asks which of them it has. What one cannot do is found out from the cluster itself (`capabilities`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.contract.kubernetes import eks
from tests.contract.kubernetes.connection import Cluster
from tests.contract.kubernetes.somebody import Somebody, service_account
from tests.contract.kubernetes.space import Space, spaced

SANDBOX, NAMED = "sandbox", "HPCTL_TEST_KUBECONFIG"

Reach = Callable[[], tuple[Path, Callable[[Space], Somebody]]]
"""Returns a kubeconfig that is good for a while, and how users are made."""

_ways: dict[Cluster, Callable[[Space], Somebody]] = {}


def targets() -> tuple[str, ...]:
    """Return the sandbox, and the kubeconfig files that the environment names."""
    return (SANDBOX, *filter(None, os.environ.get(NAMED, "").split(os.pathsep)))


@pytest.fixture(scope="session", params=targets(), ids=lambda target: Path(target).name)
def reach(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reach]:
    """How a target is reached, now: the kubeconfig of a sandbox holds a token that is good for minutes."""
    if request.param == SANDBOX:
        folder = tmp_path_factory.mktemp("kubernetes")
        with eks.running(folder) as aws:
            yield lambda: (eks.kubeconfig(aws, folder / "kubeconfig"), partial(eks.user, aws))
    else:
        yield lambda: (Path(request.param), service_account)


@pytest.fixture(scope="module")
def cluster(reach: Reach) -> Iterator[Cluster]:
    """A cluster with nodes that pods run on."""
    kubeconfig, somebody = reach()
    reached = Cluster(kubeconfig)
    _ways[reached] = somebody
    yield reached
    reached.close()


@pytest.fixture
def somebody(space: Space) -> Somebody:
    """Somebody who may do nothing yet, made as this cluster makes users."""
    return _ways[space.cluster](space)


@pytest.fixture
def space(cluster: Cluster) -> Iterator[Space]:
    """A namespace of the test's own."""
    with spaced(cluster) as made:
        yield made


@pytest.fixture(scope="module")
def room(cluster: Cluster) -> Iterator[Space]:
    """A namespace that the tests of a file share: for what is slow to make and that none of them changes."""
    with spaced(cluster) as made:
        yield made
