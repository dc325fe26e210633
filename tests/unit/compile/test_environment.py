from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hpctl.compile.environment import LONGEST, MOST, environment, escaped
from hpctl.errors import UsageError
from hpctl.sandbox.kube.kubelet.expansion import expanded
from tests.unit.compile.wishes import a_payload, a_wish

# All but NUL and halves of surrogate pairs, which no environment holds.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
KEEN = st.text(alphabet="$(){}A\n'\"`\\,= é", max_size=40)


@given(TEXTS | KEEN)
@example("$(A)")
@example("$$(A)")
@example("$$$(A)$")
@example("a,b\n'c' \"d\" `e` $(f) ${g} \\ = ")
def test_any_text_arrives_exactly(value: str) -> None:
    (_, row) = environment(a_wish(env={"NAME": value}), a_payload(), ())
    assert row["name"] == "NAME"
    assert expanded(row["value"], {"A": "1", "f": "2", "": "3", "NAME": "4"}) == value


def test_text_that_nobody_touches_is_left_readable() -> None:
    assert escaped("cost: 5$ ${HOME} $1") == "cost: 5$ ${HOME} $1"
    assert escaped("$(date)") == "$$(date)"


def test_secrets_are_given_by_reference_alone() -> None:
    wish = a_wish(secrets=("TOKEN",), env={"TOKEN": "shown", "A": "b"})
    rows = environment(wish, a_payload(secrets={"TOKEN": "hidden", "MORE": "also"}), ())
    assert [row["name"] for row in rows] == ["HPCTL_POD_IP", "A", "TOKEN", "MORE"]
    assert rows[2]["valueFrom"] == {"secretKeyRef": {"name": "train-secrets", "key": "TOKEN"}}
    assert "hidden" not in str(rows)
    assert "shown" not in str(rows)


def test_pods_learn_where_they_are_and_who_the_others_are() -> None:
    rows = environment(a_wish(), a_payload(), ("train-0.train", "train-1.train"))
    assert rows == [
        {"name": "HPCTL_POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "HPCTL_HOSTS", "value": "train-0.train train-1.train"},
    ]


def test_a_secret_without_a_value_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        environment(a_wish(secrets=("TOKEN",)), a_payload(), ())
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
        environment(a_wish(env={name: value}), a_payload(), ())
    with pytest.raises(UsageError) as secret:
        environment(a_wish(), a_payload(secrets={name: value}), ())
    assert plain.value.message == secret.value.message == message
    assert plain.value.hint == "write long or binary values to a file of `workdir`"


def test_the_longest_value_that_a_program_takes_is_taken() -> None:
    value = "x" * (LONGEST - 2)
    assert environment(a_wish(env={"A": value}), a_payload(), ())[1]["value"] == value


def test_more_than_an_object_holds_is_refused() -> None:
    many = {f"V{number}": "x" * 100_000 for number in range(6)}
    with pytest.raises(UsageError, match=f"the variables of the job are 600024 bytes together, above {MOST}"):
        environment(a_wish(env=many), a_payload(), ())
