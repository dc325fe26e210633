from __future__ import annotations

import pytest

from hpctl.spec.document import compose
from hpctl.spec.nodes import ScalarNode
from hpctl.spec.substitute import Substitution, substitute

VALUES = {"A": "1", "LONG_NAME": "x: [y", "EMPTY": ""}


def filled(text: str) -> Substitution:
    root, _ = compose("file", f"'{text}'")
    return substitute("file", root, VALUES)


@pytest.mark.parametrize(
    ("written", "text", "may_be_a_number"),
    [
        ("${A}", "1", True),
        ("$A", "1", True),
        ("a-${A}-$A", "a-1-1", False),
        ("$LONG_NAME", "x: [y", True),
        ("<${EMPTY}>", "<>", False),
        ("$$A", "$A", False),
        ("$${A}", "${A}", False),
        ("$$$A", "$1", False),
        ("5$", "5$", False),
        ("$5", "$5", False),
        ("no", "no", False),
    ],
)
def test_variables_are_filled_in_and_two_dollars_are_one(written: str, text: str, may_be_a_number: bool) -> None:
    result = filled(written)
    assert result.problems == ()
    assert isinstance(result.root, ScalarNode)
    assert (result.root.text, result.root.plain) == (text, may_be_a_number)


def test_what_was_written_is_kept_only_where_a_variable_was_filled_in() -> None:
    written = [filled(text).root for text in ("x-${A}", "$$A", "x")]
    assert [node.written for node in written if isinstance(node, ScalarNode)] == ["x-${A}", None, None]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("${NO}", "the variable `NO` has no value; set it in the environment or with `--set NO=…`"),
        ("x$NO", "the variable `NO` has no value; set it in the environment or with `--set NO=…`"),
        ("${A:-b}", "`${A:-b}` is not a variable; write `${NAME}`, or `$$` for a dollar sign"),
        ("${}", "`${}` is not a variable; write `${NAME}`, or `$$` for a dollar sign"),
    ],
)
def test_what_cannot_be_filled_in_is_a_problem(written: str, message: str) -> None:
    assert [problem.message for problem in filled(written).problems] == [message]


def test_the_names_that_were_used_are_told() -> None:
    assert filled("$A ${LONG_NAME} $NO").used == {"A", "LONG_NAME"}
