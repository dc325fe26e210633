"""Names that Kubernetes takes, and the one that any text gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.spec.kubernetes_names import (
    is_job_name,
    is_label_name,
    is_qualified,
    is_subdomain,
    is_variable,
    job_name,
    label_problems,
)


@given(st.text(max_size=200))
def test_any_text_gets_a_job_name_and_keeps_it(text: str) -> None:
    name = job_name(text)
    assert is_job_name(name)
    assert job_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("train", "train"),
        ("My_Task.v2", "my-task-v2"),
        ("--a--b--", "a-b"),
        ("a" * 50, "a" * 50),
        ("a" * 51, "a" * 43 + "-bfc5fe"),
        ("7b-sft", "job-7b-sft"),
        ("7" * 46, "job-" + "7" * 46),
        ("", "job-e3b0c4"),
        ("日本", "job-cf2abf"),
    ],
)
def test_a_name_looks_like_its_text(text: str, name: str) -> None:
    assert job_name(text) == name


@pytest.mark.parametrize("name", ["7b", "-a", "a-", "A", "a.b", "", "a" * 51])
def test_what_services_cannot_be_called_is_no_job_name(name: str) -> None:
    assert not is_job_name(name)


def test_long_texts_that_begin_alike_get_different_names() -> None:
    assert job_name("a" * 60 + "1") != job_name("a" * 60 + "2")
    assert job_name("東") != job_name("西")


@pytest.mark.parametrize(
    ("text", "label", "subdomain", "qualified", "variable"),
    [
        ("a", True, True, True, True),
        ("a-b", True, True, True, False),
        ("a.b", False, True, True, False),
        ("A", False, False, True, True),
        ("-a", False, False, False, False),
        ("a/b", False, False, True, False),
        ("a/b/c", False, False, False, False),
        ("_a1", False, False, False, True),
        ("1a", True, True, True, False),
        ("é", False, False, False, False),
        ("a\n", False, False, False, False),
        ("", False, False, False, False),
        ("a" * 64, False, True, False, True),
        ("a" * 254, False, False, False, True),
    ],
)
def test_names_are_told_apart(text: str, label: bool, subdomain: bool, qualified: bool, variable: bool) -> None:
    assert (is_label_name(text), is_subdomain(text), is_qualified(text), is_variable(text)) == (
        label, subdomain, qualified, variable
    )  # fmt: skip


def test_labels_are_judged_by_key_and_value() -> None:
    labels = {"ok/a": "", "b": "x" * 64, "c d": "e", "f": "-g", "h": "i.j_k-l"}
    assert [key for key, _ in label_problems(labels)] == ["b", "c d", "f"]
