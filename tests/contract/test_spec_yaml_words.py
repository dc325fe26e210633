"""Plain words of YAML are read as SkyPilot reads them, whose reader is PyYAML's safe loader."""

from __future__ import annotations

import math
from datetime import date

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.spec.nodes import ScalarNode
from hpctl.spec.positions import Place
from hpctl.spec.yaml_values import as_python_text, scalar

pytestmark = pytest.mark.contract

WORDS = [
    *(
        "yes",
        "No",
        "ON",
        "off",
        "true",
        "TRUE",
        "y",
        "n",
        "null",
        "~",
        "Null",
        "none",
        "010",
        "08",
        "0o17",
        "0x1F",
        "0b11",
    ),
    *(
        "1_000",
        "1__0",
        "12:30:45",
        "-1:30",
        "1:30.5",
        "1.10",
        "1.",
        ".5",
        "-.5",
        "1e3",
        "1.5e3",
        "1.5e+3",
        "1e-5",
        "+7",
    ),
    *("+7", "-0", "0", "00", "0_", ".inf", "-.Inf", ".nan", "2024-01-01", "1,000", "0x", "0b", "_1", "1_", "8.0"),
    "9" * 30,
]


def read_by_pyyaml(word: str) -> object:
    value = yaml.safe_load(word)
    return word if isinstance(value, date) else value


def same(ours: object, theirs: object) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float) and math.isnan(ours):
        return math.isnan(theirs)
    return type(ours) is type(theirs) and ours == theirs


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_read_as_pyyaml_reads_it(word: str) -> None:
    assert same(scalar(word), read_by_pyyaml(word)), (scalar(word), read_by_pyyaml(word))


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789_.:eE+-xobafnutrlsy", min_size=1, max_size=8))
def test_any_word_of_digits_and_signs_is_read_as_pyyaml_reads_it(word: str) -> None:
    try:
        theirs = read_by_pyyaml(word)
    except (yaml.YAMLError, ValueError):
        return  # no plain word, or a number that PyYAML itself stumbles over
    if isinstance(theirs, dict | list):
        return
    assert same(scalar(word), theirs), (scalar(word), theirs)


@pytest.mark.parametrize("word", [word for word in WORDS if word not in {"null", "~", "Null", "2024-01-01"}])
def test_a_variable_reaches_as_the_text_that_skypilot_makes_of_it(word: str) -> None:
    assert as_python_text(ScalarNode(Place(1, 1, ""), word, plain=True)) == str(yaml.safe_load(word))
