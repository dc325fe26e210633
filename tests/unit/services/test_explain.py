"""A text or a log is explained with its line; what nobody knows is said, with what comes near."""

from __future__ import annotations

import pytest

from hpctl.catalog.failures import known_failures
from hpctl.errors import NotFoundError
from hpctl.report.explanation import Evidence
from hpctl.services.explain import (
    demand_known,
    explain_failure,
    explain_log,
    explain_text,
    list_failures,
    names_cluster,
)
from hpctl.services.explain_check import explain_check

OOM = "torch.OutOfMemoryError: CUDA out of memory."
WATCHDOG = "Watchdog caught collective operation timeout"


def test_a_text_is_explained_with_its_line_and_the_cause_comes_first() -> None:
    report = explain_text(f"{WATCHDOG}\nstep\n  {OOM}")
    assert report.names() == ("job-device-memory", "job-collective-timeout")
    assert report.explanations[0].evidence == (Evidence(place="line 3", text=OOM),)
    assert report.nearest == ()
    known = report.explanations[0].known
    assert known is not None
    assert known.page == "docs/reference/failures/job-device-memory.md"
    demand_known(report)


def test_words_that_nobody_knows_come_with_the_nearest_and_no_cause() -> None:
    report = explain_text("the health checks of EFA were not successful")
    assert report.explanations == ()
    assert "efa-health-check" in [one.failure for one in report.nearest]
    with pytest.raises(NotFoundError, match="no known failure has the words of the text"):
        demand_known(report)


def test_a_long_log_is_read_to_its_end() -> None:
    report = explain_log([b"step 1\n" * 5000, f"{WATCHDOG}\n".encode(), b"x\n" * 9, OOM.encode()], "train.log")
    assert report.names() == ("job-device-memory", "job-collective-timeout")
    assert [one.evidence[0].place for one in report.explanations] == ["line 5011", "line 5001"]
    assert (report.subject, report.lines) == ("train.log", 5011)


def test_a_short_log_may_be_a_message_that_was_broken_into_lines() -> None:
    report = explain_log([b"EFA health checks did\nnot run ", b"successfully\n"], "stdin")
    assert (report.names(), report.lines) == (("efa-health-check",), 2)


def test_the_nearest_to_a_long_log_are_those_of_its_last_lines() -> None:
    report = explain_log([b"step 1\n" * 5000, b"the health checks of EFA were not successful\n"], "x.log")
    assert "efa-health-check" in [one.failure for one in report.nearest]


def test_a_failure_is_told_of_by_its_id_and_a_wrong_id_by_its_neighbours() -> None:
    assert explain_failure("threads-halved").names() == ("threads-halved",)
    with pytest.raises(NotFoundError, match="there is no known failure `efa-health-chek`") as caught:
        explain_failure("efa-health-chek")
    assert (caught.value.hint or "").splitlines()[0] == "hpctl explain --id efa-health-check"


def test_every_failure_is_listed_and_those_without_words_say_so() -> None:
    rows = list_failures().failures
    assert [row.failure for row in rows] == [row.id for row in known_failures()]
    assert {row.failure for row in rows if not row.told_by_words} >= {"creation-slow", "lifecycle-silent"}
    assert all(row.example for row in rows)


@pytest.mark.parametrize(
    ("what", "cluster"),
    [
        ("ml-cluster", True),
        ("OOMKilled", True),
        ("arn:aws:sagemaker:us-west-2:111122223333:cluster/abcdef012345", True),
        ("two words", False),
        ("-", False),
        ("", False),
        ("ml_cluster", False),
        ("a" * 64, False),
        ("-f", False),
        ("job-", False),
    ],
)
def test_one_word_that_is_a_legal_name_is_a_cluster_and_anything_else_a_text(what: str, cluster: bool) -> None:
    assert names_cluster(what) is cluster


def test_a_check_tells_why_it_is_there_and_what_it_sees_beforehand() -> None:
    told = explain_check("network-sg-self-ref")
    assert told.judges == "spec"
    assert told.text.startswith("Nodes of a cluster talk to each other over EFA")
    assert "efa-health-check" in told.failures
    assert told.page == "docs/reference/checks/network-sg-self-ref.md"


def test_a_check_that_nobody_has_names_the_nearest() -> None:
    with pytest.raises(NotFoundError, match="there is no check `network-sg-selfref`") as refused:
        explain_check("network-sg-selfref")
    assert (refused.value.hint or "").startswith("hpctl explain --check network-sg-self-ref")
