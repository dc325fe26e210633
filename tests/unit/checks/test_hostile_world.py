"""Whatever the account answers, or does not: the checks neither break nor let pass what they could not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from hpctl.checks.catalogue import CHECKS
from hpctl.checks.declare import Target
from hpctl.checks.engine import run_checks
from hpctl.errors import ChecksFailedError, ChecksUnknownError
from hpctl.facts.live_targets import ClusterOnSlurm, LiveCluster, LiveNode, NodeInside, NodeOnEks
from hpctl.facts.records import Machine
from hpctl.facts.slurm_site import SlurmSite
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.services.create import demand_passed
from hpctl.terms import Outcome
from tests.unit.builders import a_node, a_slurm_spec, a_spec
from tests.unit.checks.job_rows import LIVE, a_target, job_account
from tests.unit.hostile import BLIND, Trouble, Troubled, Witness, everywhere, troubled

TARGETS: dict[str, Callable[[], Target]] = {
    "machine": lambda: Machine(python="3.12.1", botocore="1.44.5"),
    "eks": a_spec,
    "slurm": a_slurm_spec,
    "live": lambda: LiveCluster("ml-cluster"),
    "node": lambda: LiveNode("ml-cluster", a_node().node_id),
    "on-slurm": lambda: ClusterOnSlurm("ml-cluster"),
    "inside": lambda: NodeInside("ml-cluster", a_node().node_id),
    "node-on-eks": lambda: NodeOnEks("ml-cluster", a_node().node_id, LIVE.eks_cluster),
    "kubernetes": lambda: LIVE,
    "job": a_target,
    "job-on-slurm": lambda: JobOnSlurm("train", SlurmSite("/fsx/ubuntu/.hpctl/jobs/train", "ml-cluster")),
}
CLEAR = (Outcome.PASS, Outcome.WARN)
each_target = pytest.mark.parametrize("target", TARGETS)
few = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def examined(name: str, world: Troubled) -> tuple[CheckReport, Witness]:
    """Return what the checks of a kind of target say of a world, and who in it got no answer."""
    witness = Witness(World(world.ports(job_account().ports)))
    report = run_checks(witness.over(CHECKS), (TARGETS[name](),), cast("World", witness))
    return report, witness


def blindly_passed(report: CheckReport, witness: Witness) -> set[str]:
    return {one.id for one in report.results if one.outcome in CLEAR and one.id in witness.blind}


def test_every_kind_of_target_is_examined() -> None:
    assert {type(make()) for make in TARGETS.values()} == {one.target for one in CHECKS}


@each_target
@pytest.mark.parametrize("trouble", BLIND, ids=lambda trouble: trouble.name.lower())
def test_nothing_that_is_to_be_looked_at_passes_where_every_call_fails(target: str, trouble: Trouble) -> None:
    report, witness = examined(target, everywhere(trouble))
    assert blindly_passed(report, witness) == set()
    if any(one.blocking for one in report.results if one.id in witness.blind):
        with pytest.raises((ChecksFailedError, ChecksUnknownError)):
            demand_passed(report)


@each_target
@few
@given(world=troubled())
def test_some_troubles_break_no_check_and_let_none_pass_that_met_them(target: str, world: Troubled) -> None:
    report, witness = examined(target, world)
    assert blindly_passed(report, witness) == set()


@each_target
@pytest.mark.parametrize("trouble", [Trouble.EMPTY, Trouble.MISSING, Trouble.BREAKS], ids=lambda one: one.name.lower())
def test_an_account_without_anything_breaks_no_check_and_is_not_well(target: str, trouble: Trouble) -> None:
    report, witness = examined(target, everywhere(trouble))
    assert blindly_passed(report, witness) == set()
    if target in ("eks", "slurm", "kubernetes", "job"):
        with pytest.raises((ChecksFailedError, ChecksUnknownError)):
            demand_passed(report)
