"""Events come in the order in which they were written, whatever that of the list: their times are whole seconds."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.adapters.kube import jobs
from hpctl.adapters.kube.errors import Deed
from hpctl.adapters.kube.reading import revision_of
from hpctl.errors import UnavailableError
from hpctl.facts.records import EksCluster
from tests.unit.builders import an_eks_cluster


def an_event(reason: str, version: object) -> dict[str, Any]:
    return {"metadata": {"namespace": "team", "resourceVersion": version}, "reason": reason, "lastTimestamp": None}


class NamingApi:
    """Says what is asked, as an API does; asks nobody."""

    def deed(self, verb: str, resource: str, cluster: EksCluster, namespace: str, name: str) -> Deed:
        return Deed(verb, resource, cluster.name, "us-west-2", namespace, name)


@pytest.fixture
def cluster() -> EksCluster:
    return an_eks_cluster()


def test_events_of_one_second_come_as_they_were_written(monkeypatch: pytest.MonkeyPatch, cluster: EksCluster) -> None:
    listed = [an_event("Started", "1012"), an_event("Scheduled", "998"), an_event("Created", "1003")]
    monkeypatch.setattr(jobs, "rows", lambda *_words, **_selectors: iter(listed))
    found = jobs.EksJobs(NamingApi()).events(cluster, "team")  # type: ignore[arg-type]
    assert [event.reason for event in found] == ["Scheduled", "Created", "Started"]


@pytest.mark.parametrize(("version", "revision"), [("12", 12), ("", 0), (None, 0), ("abc", 0), ("\u0663", 0), (7, 7)])
def test_a_version_that_is_no_number_says_nothing(version: object, revision: int) -> None:
    assert revision_of(an_event("x", version)) == revision


def test_an_event_without_metadata_is_an_answer_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, cluster: EksCluster
) -> None:
    monkeypatch.setattr(jobs, "rows", lambda *_words, **_selectors: iter([{"reason": "x"}]))
    with pytest.raises(UnavailableError):
        list(jobs.EksJobs(NamingApi()).events(cluster, "team"))  # type: ignore[arg-type]
