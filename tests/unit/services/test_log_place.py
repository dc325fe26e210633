"""The place in a log is found again among what a later connection repeats."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hpctl.services.job.log_lines import Lines
from hpctl.services.job.log_place import Place, Sought

SECOND = 10**9


def lines(*times_ns: int) -> Lines:
    return Lines(list(times_ns), [b""] * len(times_ns))


def place(*times_ns: int) -> Place:
    found = Place()
    found.passed(list(times_ns))
    return found


def test_nothing_seen_means_that_everything_is_new() -> None:
    search = Place().search()
    assert search.state is Sought.FOUND
    assert search.new_from(lines(5, 6)) == 0


def test_the_server_repeats_from_a_little_before_the_last_line() -> None:
    assert Place().since_ns is None
    assert place(3 * SECOND).since_ns == 3 * SECOND - 100_000_000


def test_new_is_what_follows_the_last_line() -> None:
    search = place(1, 2, 3).search()
    assert (search.new_from(lines(1, 2)), search.state) == (2, Sought.SOUGHT)
    assert (search.new_from(lines(3, 4, 5)), search.state) == (1, Sought.FOUND)


def test_lines_of_one_time_are_counted_also_over_blocks() -> None:
    seen = place(1, 2, 2)
    seen.passed([2])
    assert seen.search().new_from(lines(1, 2, 2, 2, 2, 3)) == 4


def test_a_later_line_before_the_last_one_means_that_it_is_lost() -> None:
    search = place(1, 2, 3).search()
    assert search.new_from(lines(2, 7, 8)) == 3
    assert search.state is Sought.LOST


def test_a_line_in_disorder_does_not_hide_the_place() -> None:
    search = place(1, 9, 3).search()
    assert search.new_from(lines(1, 9, 3, 10)) == 3


def test_when_rotation_took_some_lines_of_the_last_time_the_rest_is_new() -> None:
    search = place(5, 5, 5).search()
    assert search.new_from(lines(5, 6, 7)) == 1
    assert search.state is Sought.FOUND


def test_who_gives_up_takes_all() -> None:
    search = place(1, 2).search()
    search.give_up()
    assert search.new_from(lines(7)) == 0


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=40).map(sorted),
    st.integers(0, 39),
    st.integers(1, 7),
)
def test_a_repetition_from_anywhere_before_tells_each_line_once(times: list[int], seen: int, block: int) -> None:
    seen = min(seen, len(times) - 1) + 1
    last = times[seen - 1]
    repeated = [time for time in times if time >= last]  # as the server filters
    search = place(*times[:seen]).search()
    new: list[int] = []
    for at in range(0, len(repeated), block):
        part = repeated[at : at + block]
        new += part[search.new_from(lines(*part)) :]
    assert new == times[seen:]
