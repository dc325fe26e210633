"""`hpctl gpus`, as people type it: on a cluster whose jobs hold some of its accelerators."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functional.job.cli.conftest import Jobs
from tests.functional.sandbox.running import until

pytestmark = [pytest.mark.functional, pytest.mark.slow]


@pytest.fixture
def holding(jobs: Jobs) -> Iterator[str]:
    """A job that holds four GPUs of one node."""
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--accelerators", "H100:4", "--", "echo up; sleep 600")
    yield name
    jobs.hpctl("job", "delete", name, "--yes")


def test_what_a_job_holds_is_not_free_and_comes_back(jobs: Jobs, holding: str) -> None:
    jobs.hpctl("job", "logs", holding, "--tail", "1")
    report = jobs.hpctl("gpus", "-o", "json").json()
    [row] = report["accelerators"]
    assert (row["accelerator"], row["requestable"], row["total"]) == ("H100", [1, 2, 4, 8], 16)
    assert row["free"] == 16 - row["used"]
    mine = jobs.hpctl("job", "describe", holding, "-o", "json").json()["pods"][0]["node"]
    [node] = [one for one in report["nodes"] if one["node"] == mine]
    assert node["used"] >= 4
    assert node["efa_free"] <= 16
    assert jobs.hpctl("gpus", "-o", "name").out == "H100\n"


@pytest.mark.scorecard(30)
def test_who_would_delete_the_cluster_is_told_of_the_job(jobs: Jobs, holding: str) -> None:
    jobs.hpctl("job", "logs", holding, "--tail", "1")
    ends = until(lambda: _ends(jobs), lambda rows: f"pytorchjob/{holding}" in rows)
    assert ends[f"pytorchjob/{holding}"] == ("default", "Running", 1)


def _ends(jobs: Jobs) -> dict[str, tuple[str, str, int]]:
    rows = jobs.hpctl("cluster", "delete", "demo-eks", "--dry-run", "-o", "json").json()["ends"]
    return {row["job"]: (row["owner"], row["state"], row["nodes"]) for row in rows}


def test_a_person_sees_a_table_of_kinds_and_one_of_nodes(jobs: Jobs) -> None:
    lines = jobs.hpctl("gpus").out.splitlines()
    assert lines[0].split("  ")[0] == "ACCELERATOR"
    assert lines[1].startswith("H100         1, 2, 4, 8")
    assert [line.split()[-1] for line in lines[4:]] == ["Healthy", "Healthy"]
