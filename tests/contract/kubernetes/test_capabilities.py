"""What the sandbox does not have it says, and everything else of the suite is run against it."""

from __future__ import annotations

import pytest

from hpctl.sandbox.kube.builtins import ELSEWHERE, SUBRESOURCES_ELSEWHERE
from tests.contract.kubernetes.capabilities import served
from tests.contract.kubernetes.connection import Cluster
from tests.contract.kubernetes.kinds import INSIDE, OUTSIDE
from tests.contract.kubernetes.space import GROUPS, Space, path
from tests.contract.kubernetes.targets import SANDBOX

ROOTS = {plural: root for root, plurals in GROUPS.items() for plural in plurals.split()}
ABSENT = sorted({plural for _, plural in ELSEWHERE} & {*ROOTS})
# Served, empty, and not made: their controllers are not there.
NOT_MADE = ("cronjobs", "statefulsets")
only_the_sandbox = pytest.mark.parametrize("reach", [SANDBOX], indirect=True, scope="session")


@only_the_sandbox
def test_all_that_is_not_declared_absent_is_served(cluster: Cluster) -> None:
    wanted = {*INSIDE, *OUTSIDE, "pytorchjobs", "pods/exec", "pods/log", "pods/portforward"}
    assert sorted(wanted - {*served(cluster)}) == sorted((wanted & {*ABSENT}) - {*served(cluster)})


@only_the_sandbox
@pytest.mark.parametrize("plural", ABSENT)
def test_what_the_sandbox_does_not_have_it_says(cluster: Cluster, plural: str) -> None:
    answer = cluster.get(path(plural))
    assert answer.refusal == (501, "NotImplemented")
    assert answer.message.endswith(": the hpctl sandbox does not have this part of Kubernetes")


@only_the_sandbox
@pytest.mark.parametrize("plural", sorted({*INSIDE} - {*ABSENT}))
def test_what_nobody_would_act_on_is_not_made(space: Space, plural: str) -> None:
    answer = space.cluster.post(space.path(plural), INSIDE[plural], dryRun="All")
    assert (answer.code == 501) == (plural in NOT_MADE)


@only_the_sandbox
@pytest.mark.parametrize(("plural", "sub"), sorted(SUBRESOURCES_ELSEWHERE))
def test_beside_objects_too(cluster: Cluster, plural: str, sub: str) -> None:
    inside = "" if plural == "nodes" else "default"
    answer = cluster.get(path(plural, "one", inside=inside, sub=sub))
    assert answer.refusal == (501, "NotImplemented")
