"""What a cluster can do, found out from the cluster itself: a test that needs more is skipped, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.contract.kubernetes.connection import Cluster
from tests.contract.kubernetes.space import GROUPS


@cache
def served(cluster: Cluster) -> dict[str, frozenset[str]]:
    """Return the verbs of each resource and subresource that the suite knows, as discovery tells them."""
    return {row["name"]: frozenset(row["verbs"]) for root in GROUPS for row in _resources(cluster, root)}


def _resources(cluster: Cluster, root: str) -> Iterator[dict[str, Any]]:
    answer = cluster.get(f"/{root}")
    if answer.code != 404:
        yield from answer.good()["resources"]


def made_here(cluster: Cluster, collection: str, body: dict[str, Any]) -> None:
    """Skip the test where such objects are served but not made, because nobody would act on them."""
    tried = cluster.post(collection, body, dryRun="All")
    if tried.code == 501:
        pytest.skip(tried.message)


def needs(cluster: Cluster, *resources: str) -> None:
    """Skip the test where a resource is not served."""
    missing = sorted({*resources} - {*served(cluster)})
    if missing:
        pytest.skip(f"this cluster does not serve {', '.join(missing)}")
