from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hpctl.compile.environment import LONGEST, MOST, environment, escaped
from hpctl.compile.making import Making
from hpctl.errors import UsageError
from hpctl.facts.placement import Placement
from hpctl.sandbox.kube.kubelet.expansion import expanded
from hpctl.spec.job import JobSpec
from tests.unit.compile.wishes import a_choice, a_payload, a_wish

# All but NUL and halves of surrogate pairs, which no environment holds.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
KEEN = st.text(alphabet="$(){}A\n'\"`\\,= é", max_size=40)


def rows_of(wish: JobSpec, *hosts: str, devices: int = 8, **payload: Any) -> list[dict[str, Any]]:
    placement = Placement(a_choice(), None, devices=devices)
    return environment(Making(wish, placement, a_payload(**payload)), hosts)


@given(TEXTS | KEEN)
@example("$(A)")
@example("a$$b")
@example("$$(A)")
@example("$$$(A)$")
@example("a,b\n'c' \"d\" `e` $(f) ${g} \\ = ")
def test_any_text_arrives_exactly(value: str) -> None:
    (_, row) = rows_of(a_wish(env={"NAME": value}))
    assert row["name"] == "NAME"
    assert expanded(row["value"], {"A": "1", "f": "2", "": "3", "NAME": "4"}) == value


def test_text_that_nobody_touches_is_left_readable() -> None:
    assert escaped("cost: 5$ ${HOME} $1") == "cost: 5$ ${HOME} $1"
    assert escaped("$(date)") == "$$(date)"


def test_secrets_are_given_by_reference_alone() -> None:
    wish = a_wish(secrets=("TOKEN",), env={"TOKEN": "shown", "A": "b"})
    rows = rows_of(wish, secrets={"TOKEN": "hidden", "MORE": "also"})
    assert [row["name"] for row in rows] == ["HPCTL_POD_IP", "A", "TOKEN", "MORE"]
    assert rows[2]["valueFrom"] == {"secretKeyRef": {"name": "train-secrets", "key": "TOKEN"}}
    assert "hidden" not in str(rows)
    assert "shown" not in str(rows)


def test_pods_learn_where_they_are_and_who_the_others_are() -> None:
    rows = rows_of(a_wish(), "train-0.train", "train-1.train")
    assert rows == [
        {"name": "HPCTL_POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "HPCTL_HOSTS", "value": "train-0.train train-1.train"},
    ]


def test_more_ranks_than_one_variable_names_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        rows_of(a_wish(), *("x" * 100 for _ in range(2000)))
    assert caught.value.message == "the names of 2000 nodes are too long to be told to each"
    assert caught.value.hint == "a shorter `name`"


def test_a_job_without_accelerators_is_kept_from_those_of_its_node() -> None:
    assert rows_of(a_wish(), devices=0)[1:] == [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "none"}]
    own = {"NVIDIA_VISIBLE_DEVICES": "all"}
    assert rows_of(a_wish(env=own), devices=0)[1:] == [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]


def test_a_secret_without_a_value_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        rows_of(a_wish(secrets=("TOKEN",)))
    assert caught.value.message == "the secret `TOKEN` has no value"
    assert caught.value.hint == "set it in the environment and say `--secret TOKEN`, or `--secret TOKEN=@FILE`"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("A", "a\0b", "the variable `A` holds what no environment can: a NUL, or half a surrogate pair"),
        ("A", "\ud800", "the variable `A` holds what no environment can: a NUL, or half a surrogate pair"),
        ("A", "x" * (LONGEST - 1), f"the variable `A` is longer than {LONGEST} bytes"),
        ("A", "é" * (LONGEST // 2), f"the variable `A` is longer than {LONGEST} bytes"),
        ("HPCTL_POD_IP", "x", "the variable `HPCTL_POD_IP` begins with `HPCTL_`, as those of hpctl do"),
    ],
)
def test_what_cannot_travel_is_refused_without_showing_it(name: str, value: str, message: str) -> None:
    with pytest.raises(UsageError) as plain:
        rows_of(a_wish(env={name: value}))
    with pytest.raises(UsageError) as secret:
        rows_of(a_wish(), secrets={name: value})
    assert plain.value.message == secret.value.message == message
    assert plain.value.hint == "write long or binary values to a file of `workdir`"


def test_the_longest_value_that_a_program_takes_is_taken() -> None:
    value = "x" * (LONGEST - 2)
    assert rows_of(a_wish(env={"A": value}))[1]["value"] == value


def test_more_than_an_object_holds_is_refused() -> None:
    many = {f"V{number}": "x" * 100_000 for number in range(6)}
    with pytest.raises(UsageError, match=f"the variables of the job are 600024 bytes together, above {MOST}"):
        rows_of(a_wish(env=many))
