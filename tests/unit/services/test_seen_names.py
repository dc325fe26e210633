"""Which names reports tell, and which they tell the end of."""

from __future__ import annotations

import pytest

from hpctl.report.base import Report
from hpctl.report.cluster import ClusterListReport, NodeListReport, OutcomeReport
from hpctl.report.job import JobListReport, JobOutcomeReport
from hpctl.services.seen_names import TELLING, Seen, names_gone, names_in
from tests.unit.render import job_samples, samples


def told(report: Report) -> tuple[set[Seen], set[Seen]]:
    return set(names_in(report)), set(names_gone(report))


def outcome(verb: str) -> OutcomeReport:
    return OutcomeReport.model_validate({"cluster": "a", "verb": verb, "result": "done"})


def of_job(verb: str, result: str) -> JobOutcomeReport:
    return JobOutcomeReport.model_validate(
        {"verb": verb, "result": result, "cluster": "c", "namespace": "team", "job": "pytorchjob/train", "uid": "u"}
    )


def test_a_cluster_that_is_made_is_seen_and_one_that_is_deleted_is_gone() -> None:
    assert told(outcome("create")) == ({("clusters", "", "a")}, set())
    assert told(outcome("delete")) == (set(), {("clusters", "", "a")})


def test_a_job_is_known_by_its_name_without_its_kind() -> None:
    seen: set[Seen] = {("jobs", "c", "train"), ("namespaces", "c", "team")}
    assert told(of_job("submit", "submitted")) == (seen, set())
    assert told(of_job("delete", "deleted")) == (set(), {("jobs", "c", "train")})


@pytest.mark.parametrize("kind", [ClusterListReport, NodeListReport, JobListReport])
def test_a_list_tells_the_names_of_its_rows(kind: type[Report]) -> None:
    found = [one for one in (*vars(samples).values(), *vars(job_samples).values()) if isinstance(one, kind)]
    assert found
    for report in found:
        names = {name for of, _, name in names_in(report) if of != "namespaces"}
        assert names == {name.rpartition("/")[2] for name in report.names()}
        assert report.kind in TELLING
