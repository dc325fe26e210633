from __future__ import annotations

from hpctl.catalog.failures import known_failures
from hpctl.catalog.likeness import nearest_failures


def ids(text: str) -> list[str]:
    return [one.failure.id for one in nearest_failures(text)]


def test_a_text_in_other_words_comes_near_to_its_failure() -> None:
    assert ids("the lustre mount of /fsx timed out")[0] in {"lustre-mount-timeout", "lustre-client-missing"}
    assert "efa-health-check" in ids("EFA health check of the node was not successful, check security groups")


def test_scores_go_down_and_stay_between_nought_and_one() -> None:
    scores = [one.score for one in nearest_failures("Failed to mount the Lustre file system: connection timed out")]
    assert scores == sorted(scores, reverse=True)
    assert all(0.2 <= score <= 1 for score in scores)
    assert len(scores) <= 3


def test_what_is_like_nothing_has_no_neighbours() -> None:
    assert ids("") == []
    assert ids("qwertz uiop asdfgh") == []


def test_the_words_of_a_sample_are_nearest_to_itself() -> None:
    for row in known_failures()[::40]:
        if row.samples and len(row.samples[0].split()) > 4:
            best, *_ = nearest_failures(row.samples[0])
            assert best.score >= 0.99, row.id
