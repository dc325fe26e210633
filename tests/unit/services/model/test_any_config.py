"""Whatever a `config.json` holds: an answer, or an error that says what is wrong with which file; never a bug."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpctl.errors import ExitCode, HpctlError
from hpctl.estimate.parameters import known_model_types
from hpctl.estimate.training import Task
from hpctl.facts.model_ports import EMPTY_HUB
from hpctl.report.model import ModelReport
from hpctl.services.model.answer import Detail, Network, answer
from hpctl.services.model.question import Question
from tests.unit.services.model.configs import GRANITE_8B, QWEN3_8B, QWEN3_MOE

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 40),
    st.sampled_from((2**31, 2**70, 10**400, 1.5, 1e300, "", "x", "64", [], {}, [1], {"a": 1})),
    st.floats(allow_nan=False),
    st.text(max_size=3),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
KEYS = sorted({*QWEN3_8B, *QWEN3_MOE, "text_config", "vision_config", "quantization_config", "layer_types", "name"})
whole = st.sampled_from((QWEN3_8B, QWEN3_MOE, GRANITE_8B))
changes = st.dictionaries(st.sampled_from(KEYS), scalars | anything, max_size=3)
types = st.sampled_from(known_model_types())
once = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


def judged(folder: Path, text: str, task: Task = Task.FINETUNE) -> ModelReport | None:
    """The report, or None after an error that a person can act upon."""
    (folder / "config.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    question = Question(task, ("trn1.32xlarge", "p5.48xlarge"))
    try:
        report = answer(str(folder), question, EMPTY_HUB, Network.OFF, Detail.FORMULAS)
    except HpctlError as error:
        if error.exit_code not in (ExitCode.USAGE, ExitCode.CHECKS_FAILED):
            raise
        return None
    assert isinstance(report, ModelReport)
    assert report.model.parameters > 0
    return report


@given(value=anything)
@once
def test_any_json_is_answered(folder: Path, value: Any) -> None:
    judged(folder, json.dumps(value))


@given(config=whole, changed=changes, task=st.sampled_from(Task))
@once
def test_a_configuration_with_wrong_parts_is_answered(
    folder: Path, config: dict[str, Any], changed: dict[str, Any], task: Task
) -> None:
    judged(folder, json.dumps(config | changed), task)


@given(config=whole, changed=changes, model_type=types)
@once
def test_one_types_sizes_under_anothers_name_are_answered(
    folder: Path, config: dict[str, Any], changed: dict[str, Any], model_type: str
) -> None:
    judged(folder, json.dumps(config | changed | {"model_type": model_type}))


@given(text=st.text(max_size=40))
@once
def test_any_text_is_answered(folder: Path, text: str) -> None:
    assert judged(folder, text) is None
