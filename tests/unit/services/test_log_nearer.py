"""How many last lines are asked for: halved between too few and too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hpctl.services.job.log_nearer import Nearer


@given(st.integers(1, 3_000_000), st.integers(2, 5_000))
def test_a_number_that_serves_is_found_soon_whatever_it_is(unseen: int, carried: int) -> None:
    nearer = Nearer()
    nearer.begin()
    for _ in range(40):
        assert nearer.lines is not None
        if nearer.lines <= unseen:
            nearer.lacked()
        elif nearer.lines >= unseen + carried:
            nearer.broke()
        else:
            break
    assert nearer.lines is not None
    assert unseen < nearer.lines < unseen + carried


def test_where_no_number_serves_it_is_given_up_until_something_new_came() -> None:
    nearer = Nearer()
    nearer.begin()
    while nearer.lines is not None:
        nearer.broke()
    nearer.begin()
    assert (nearer.lines, nearer.in_vain) == (None, True)
    nearer.served()
    nearer.begin()
    assert nearer.lines == 256


def test_more_lines_than_a_log_has_are_not_asked_for_without_end() -> None:
    nearer = Nearer()
    nearer.begin()
    asked = []
    while nearer.lines is not None:
        asked.append(nearer.lines)
        nearer.lacked()
    assert asked == [*(256 * 4**power for power in range(7)), 4_000_000]
