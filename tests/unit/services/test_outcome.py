"""The witness: it passes steps on and says what they amounted to."""

from __future__ import annotations

from typing import Literal

import pytest

from hpctl.plan.delete import plan_delete
from hpctl.report.cluster import OutcomeReport
from hpctl.report.progress import Finished, Observed, Progress, Started
from hpctl.services.outcome import Witness
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, an_identity

PLAN = plan_delete(a_cluster(), an_identity(), run_id="run-1")
STARTED = Started(time=NOW, verb="create", cluster="ml-cluster", arn=CLUSTER_ARN)
OBSERVED = Observed(time=NOW, elapsed_s=1, cluster="ml-cluster", status="Creating", groups=(), waiting_for="x")
FINISHED = Finished(time=NOW, elapsed_s=61.5, cluster="ml-cluster", status="InService")


def outcome(*steps: Progress, verb: Literal["create", "delete"] = "create") -> OutcomeReport:
    witness = Witness(steps)
    assert list(witness) == list(steps)
    return witness.outcome(PLAN, verb)


def test_a_create_that_finished_is_done() -> None:
    assert outcome(STARTED, OBSERVED, FINISHED) == OutcomeReport(
        cluster="ml-cluster",
        verb="create",
        result="done",
        arn=CLUSTER_ARN,
        elapsed_s=61.5,
        next_steps=("hpctl cluster describe ml-cluster",),
    )


@pytest.mark.parametrize(
    ("steps", "result", "elapsed_s"),
    [
        ((STARTED,), "started", None),
        ((STARTED, OBSERVED), "started", None),
        ((), "unchanged", None),
        ((OBSERVED, FINISHED), "unchanged", 61.5),
    ],
)
def test_the_result_says_what_hpctl_did(steps: tuple[Progress, ...], result: str, elapsed_s: float | None) -> None:
    report = outcome(*steps)
    assert (report.result, report.elapsed_s) == (result, elapsed_s)


def test_after_a_delete_there_is_nothing_to_describe() -> None:
    assert outcome(STARTED, FINISHED, verb="delete").next_steps == ()


def test_a_delete_that_somebody_else_began_is_done_once_it_is_gone() -> None:
    assert outcome(OBSERVED, FINISHED, verb="delete").result == "done"
    assert outcome(OBSERVED, verb="delete").result == "unchanged"


def test_after_an_update_there_is_something_to_look_at() -> None:
    witness = Witness(())
    assert witness.outcome(PLAN, "update").next_steps == ("hpctl cluster describe ml-cluster",)


def test_what_existed_before_is_named_by_its_arn() -> None:
    assert outcome(OBSERVED, FINISHED).arn == PLAN.arn == a_cluster().arn


def test_steps_pass_one_by_one() -> None:
    witness = Witness(iter((STARTED, FINISHED)))
    steps = iter(witness)
    assert next(steps) == STARTED
    assert witness.outcome(PLAN, "create").result == "started"
    assert next(steps) == FINISHED
    assert witness.outcome(PLAN, "create").result == "done"
