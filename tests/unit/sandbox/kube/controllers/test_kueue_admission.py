"""Admission holds quotas, borrows only what is lent, lets in what fits, and keeps turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube.controllers.kueue_admission import Queue, Quota, Wish, admitted, fits, used

_LIMIT = st.none() | st.integers(0, 8)
_QUOTA = st.builds(Quota, st.integers(0, 8), _LIMIT, _LIMIT)
_GPU = "nvidia.com/gpu"


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[Queue], list[Wish]]:
    cohort = draw(st.sampled_from(["", "all"]))
    queues = [Queue(name, {_GPU: draw(_QUOTA)}, cohort) for name in ("a", "b", "c")]
    rows = draw(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 6), st.integers(0, 2)), max_size=10))
    return queues, [Wish(str(at), row[0], {_GPU: row[1]}, row[2], float(at)) for at, row in enumerate(rows)]


@given(_cases())
def test_never_more_is_in_use_than_is_owned_and_may_be_borrowed(case: tuple[list[Queue], list[Wish]]) -> None:
    queues, wishes = case
    runs = admitted(queues, [], wishes)
    for queue in queues:
        quota, held = queue.quotas[_GPU], used(runs, queue.name, _GPU)
        if not queue.cohort:
            assert held <= quota.nominal
        elif quota.borrowing is not None:
            assert held <= quota.nominal + quota.borrowing
    assert sum(used(runs, each.name, _GPU) for each in queues) <= sum(each.quotas[_GPU].nominal for each in queues)


@given(_cases())
def test_nothing_that_fits_is_left_waiting(case: tuple[list[Queue], list[Wish]]) -> None:
    queues, wishes = case
    runs = admitted(queues, [], wishes)
    assert not [wish for wish in wishes if wish not in runs and fits(queues, runs, wish)]


def test_the_urgent_go_first_then_who_came_first() -> None:
    queue = Queue("a", {_GPU: Quota(2)})
    wishes = [
        Wish("late", "a", {_GPU: 1}, 0, 2),
        Wish("early", "a", {_GPU: 1}, 0, 1),
        Wish("now", "a", {_GPU: 1}, 9, 3),
    ]
    assert [wish.name for wish in admitted([queue], [], wishes)] == ["now", "early"]


def test_a_strict_queue_lets_nobody_pass_who_stands_behind() -> None:
    wishes = [Wish("big", "a", {_GPU: 4}, 0, 1), Wish("small", "a", {_GPU: 1}, 0, 2)]
    quotas = {_GPU: Quota(2)}
    assert admitted([Queue("a", quotas, strict=True)], [], wishes) == []
    assert [wish.name for wish in admitted([Queue("a", quotas)], [], wishes)] == ["small"]


def test_what_is_not_lent_is_not_borrowed() -> None:
    queues = [Queue("a", {_GPU: Quota(2)}, "all"), Queue("b", {_GPU: Quota(4, lending=1)}, "all")]
    assert admitted(queues, [], [Wish("four", "a", {_GPU: 4})]) == []
    assert [wish.name for wish in admitted(queues, [], [Wish("three", "a", {_GPU: 3})])] == ["three"]
