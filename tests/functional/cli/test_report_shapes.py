"""What scripts rely on: every key of every answer. A change here is a change for everybody who reads the JSON.

To change it on purpose: `pytest tests/functional/cli/test_report_shapes.py --snapshot-update`.
"""

from __future__ import annotations

import pytest
from pydantic import BaseModel
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from hpctl.report.cluster import OutcomeReport
from tests.functional.cli.shapes import STEPS, broken_promises, promised, reports


@pytest.mark.parametrize("kind", sorted(reports()))
def test_a_report_keeps_its_keys_and_types(kind: str, snapshot: SnapshotAssertion) -> None:
    assert promised(reports()[kind]) == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_of_progress_keeps_its_keys_and_types(step: type[BaseModel], snapshot: SnapshotAssertion) -> None:
    assert promised(step) == snapshot(extension_class=JSONSnapshotExtension)


def test_an_answer_that_breaks_a_promise_is_told() -> None:
    shape = promised(OutcomeReport)
    kept = OutcomeReport(cluster="a", verb="create", result="done", next_steps=("b",)).model_dump(mode="json")
    assert broken_promises(kept, shape) == []
    without = {key: value for key, value in kept.items() if key != "arn"}
    broken = without | {"verb": "paint", "cluster": None, "next_steps": [1], "new": 1}
    assert broken_promises(broken, shape) == [
        "$.arn is not there",
        "$.cluster is null, not string",
        "$.new is integer, not nothing",
        "$.next_steps[] is integer, not string",
        '$.verb is string, not "create" or "delete" or "reboot" or "replace" or "update" or "update-software"',
    ]
