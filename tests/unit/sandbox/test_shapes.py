"""Requests are held to the service model, in AWS's words."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import DenormalizedStructureBuilder, Shape

from hpctl.sandbox.shapes import SerializationError, validation_message

STRING = {"type": "string"}
FAILED = "failed to satisfy constraint: Member must"


def _shape(**members: Any) -> Shape:
    shape: Shape = DenormalizedStructureBuilder().with_members(members).build_model()
    return shape


def _one(kind: dict[str, Any], value: Any) -> str | None:
    return validation_message(_shape(Name=kind), {"Name": value})


@pytest.mark.parametrize(
    ("kind", "good", "bad", "words"),
    [
        ({**STRING, "enum": ["a", "b"]}, "b", "c", f"Value 'c' at 'name' {FAILED} satisfy enum value set: [a, b]"),
        ({**STRING, "max": 2}, "ab", "abc", f"{FAILED} have length less than or equal to 2"),
        ({**STRING, "min": 1}, "a", "", f"Value '' at 'name' {FAILED} have length greater than or equal to 1"),
        ({**STRING, "pattern": "[a-z]+"}, "ab", "ab1", f"{FAILED} satisfy regular expression pattern: [a-z]+"),
        ({**STRING, "pattern": r"([\p{L}\p{Z}\p{N}_.]*)"}, "ä 1_.", "ä!", "regular expression pattern"),
        ({"type": "integer", "max": 5}, 5, 6, f"Value '6' at 'name' {FAILED} have value less than or equal to 5"),
        ({"type": "integer", "min": 0}, 0, -1, f"{FAILED} have value greater than or equal to 0"),
        (
            {"type": "list", "member": STRING, "max": 1},
            ["a"],
            ["a", "b"],
            f"{FAILED} have length less than or equal to 1",
        ),
        (
            {"type": "list", "member": {**STRING, "enum": ["a"]}},
            ["a"],
            ["a", "x"],
            "Value 'x' at 'name.2.member' failed",
        ),
        (
            {"type": "map", "key": {**STRING, "max": 1}, "value": {**STRING, "max": 1}},
            {"a": "b"},
            {"a": "long"},
            "Value 'long' at 'name.a.member' failed",
        ),
        (
            {"type": "structure", "members": {"Inner": {"type": "integer", "max": 1}}},
            {"Inner": 1},
            {"Inner": 2},
            "at 'name.inner' failed",
        ),
    ],
)
def test_a_value_outside_its_shape_is_named(kind: dict[str, Any], good: Any, bad: Any, words: str) -> None:
    assert _one(kind, good) is None
    message = _one(kind, bad)
    assert message is not None
    assert message.startswith("1 validation error detected: ")
    assert words in message


def test_all_violations_are_told_at_once() -> None:
    shape = _shape(A={"type": "string", "max": 1}, B={"type": "integer", "max": 1})
    message = validation_message(shape, {"A": "aa", "B": 2})
    assert message is not None
    assert message.startswith("2 validation errors detected: Value 'aa' at 'a' ")
    assert "; Value '2' at 'b' " in message


def test_a_member_that_is_not_known_is_named() -> None:
    message = validation_message(_shape(A=STRING), {"B": "x"})
    assert message == "1 validation error detected: Value at 'b' failed to satisfy constraint: Member is not known"


@pytest.mark.parametrize("given", [{}, {"ClusterName": None}])
def test_a_required_member_must_be_there(given: dict[str, None]) -> None:
    import botocore.session

    shape = botocore.session.Session().get_service_model("sagemaker").operation_model("DeleteCluster").input_shape
    assert shape is not None
    assert validation_message(shape, given) == (
        "1 validation error detected: Value null at 'clusterName' failed to satisfy constraint: Member must not be null"
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (STRING, 1),
        ({"type": "integer"}, "1"),
        ({"type": "integer"}, True),
        ({"type": "boolean"}, 1),
        ({"type": "list", "member": STRING}, {}),
        ({"type": "structure", "members": {}}, []),
    ],
)
def test_a_value_of_another_type_cannot_be_read(kind: dict[str, Any], value: Any) -> None:
    with pytest.raises(SerializationError, match=r"at 'name' cannot be converted to "):
        _one(kind, value)
