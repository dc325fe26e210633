"""Facts as JSON and back: each comes back as exactly what it was, and nothing else comes in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.errors import AccessError, HpctlError, RefusedError, UsageError
from hpctl.facts.job_model import JobModel, ModelAnswer, Origin
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import ObjectKind
from hpctl.facts.kubernetes import ClusterOnEks, Contact, Stage
from hpctl.facts.live_targets import LiveCluster, LiveNode
from hpctl.facts.notation import decode, encode
from hpctl.facts.placement import Placement
from hpctl.facts.records import Machine
from hpctl.spec.job import Accelerator, Choice, Contract
from hpctl.terms import Outcome
from tests.unit.builders import a_group, a_role, a_slurm_spec, a_spec, a_training_plan

JOB = JobInCluster(
    name="train",
    live=ClusterOnEks("a", "b"),
    run_id="r",
    kind=ObjectKind("kubeflow.org", "v1", "pytorchjobs", "PyTorchJob"),
    job={"spec": {"replicas": [1, None, "x"]}},
    contract=Contract.SKYPILOT,
    placement=Placement(Choice(accelerator=Accelerator(name="H100", count=8)), "ml.p5.48xlarge"),
    model=JobModel("Qwen3-8B", Origin.SAID, "the job", answers=(ModelAnswer("train", Outcome.WARN, ("slow",)),)),
    scripts={"run": "true"},
)


def there_and_back(value: object) -> object:
    return decode(json.loads(json.dumps(encode(value))))


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.just(UTC), allow_imaginary=False).map(lambda time: time.replace(fold=0))
    | st.sampled_from(Outcome)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.tuples(st.text()), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(VALUES)
def test_any_value_comes_back_as_it_was(value: object) -> None:
    back = there_and_back(value)
    assert (back, repr(back)) == (value, repr(value))


@pytest.mark.parametrize(
    "value",
    [
        a_role(),
        a_training_plan(start_at=datetime(2026, 1, 2, tzinfo=UTC)),
        Contact(Stage.REFUSED, "no"),
        frozenset({"a", "b"}),
        frozenset({ObjectKind("", "v1", "pods", "Pod")}),
        Machine("3.12.1", "1.44.5"),
        LiveCluster("a"),
        LiveNode("a", "i-1"),
        ClusterOnEks("a", "b", "c"),
        JOB,
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_fact_comes_back_as_it_was(value: object) -> None:
    back = there_and_back(value)
    assert (type(back), back) == (type(value), value)


@pytest.mark.parametrize(
    "spec",
    [a_spec(), a_spec(a_group(deep_health_checks=["InstanceStress"]), tags={"a": "b"}), a_slurm_spec()],
    ids=["eks", "full", "slurm"],
)
def test_a_spec_comes_back_as_it_was_with_what_was_said_and_what_was_not(spec: object) -> None:
    assert there_and_back(spec) == spec


@pytest.mark.parametrize(
    "error",
    [
        AccessError("denied", action="eks:Look", hint="allow it"),
        RefusedError("no", aws_code="Validation", cause="behind it"),
    ],
    ids=["access", "refused"],
)
def test_an_error_comes_back_with_all_that_it_says(error: HpctlError) -> None:
    back = there_and_back(error)
    assert type(back) is type(error)
    assert vars(back) == vars(error)
    assert str(back) == str(error)


def test_what_no_fact_is_made_of_is_refused() -> None:
    with pytest.raises(TypeError, match="no fact is a PosixPath"):
        encode(Path("/"))


@pytest.mark.parametrize(
    "data",
    [
        {"row": ["subprocess.Popen", {"args": "true"}]},
        {"row": ["records.Machine", {"python": "3"}]},
        {"row": ["records.Machine", 7]},
        {"error": ["Problem", {"map": []}]},
        {"error": ["UsageError", {"map": []}]},
        {"error": ["Problem", {"map": [["message", "x"]]}]},
        {"enum": ["terms.Outcome", "maybe"]},
        {"time": "yesterday"},
        {"text": 7},
        {"unheard": 1},
        {"spec": ["cluster.ClusterSpec", {"name": "x", "unheard": 1}]},
        {"spec": ["records.Machine", {"python": "3"}]},
        {},
        {"text": "a", "time": "b"},
    ],
    ids=repr,
)
def test_what_is_no_fact_is_wrong_usage_and_loads_nothing(data: object) -> None:
    with pytest.raises(UsageError, match="a fact in the bundle cannot be read"):
        decode(data)
