"""What Slurm 20.11.4 and 24.11.5 said on a machine of two CPUs, recorded and read.

Debian 11 and 13 have these releases; the files hold the answers to the very commands that hpctl sends, with `|` and `^`
for the separators of its own. Ten jobs: exit 3, a signal, a comment, running, blocked, cancelled while it waited, held,
after another, in a partition that is down, an array, and one for a node that is not there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from hpctl.adapters.slurm.folders import with_paths
from hpctl.adapters.slurm.reading import nodes_of, partitions_of, runs_of
from hpctl.adapters.slurm.told import jobs_of
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.services.slurm_job.why import waiting_for

RECORDED: Final = Path(__file__).parent / "recorded"
RELEASES: Final = ("20.11.4", "24.11.5")
pytestmark = pytest.mark.parametrize("release", RELEASES)


def said(release: str, what: str) -> str:
    """Return what one command of a release said."""
    text = (RECORDED / f"slurm-{release}.txt").read_text(encoding="utf-8")
    return text.partition(f"=== {what}\n")[2].partition("\n=== ")[0]


def jobs(release: str) -> dict[str, SlurmJob]:
    """Return the jobs of a release's queue by state and reason."""
    text = said(release, "queue").replace("|", "\x1f").replace("^", "\x1e")
    return {f"{job.word} {job.reason}".strip(): job for job in jobs_of({"queue": text})}


def test_no_job_of_the_queue_is_left_out(release: str) -> None:
    text = said(release, "queue").replace("|", "\x1f").replace("^", "\x1e")
    rows = {int(row.lstrip("\n").partition("\x1f")[0]) for row in text.split("\x1e")[:-1]}
    # An array's tasks are in it.
    assert {one.id for job in jobs_of({"queue": text}) for one in job.tasks or (job,)} == rows
    assert len(rows) >= 10


def test_ends_tell_exit_codes_and_signals(release: str) -> None:
    told = [job for job in jobs(release).values() if job.word in {"FAILED", "CANCELLED"}]
    ends = {(job.word, job.exit_code, job.signal, job.started is None, job.hosts) for job in told}
    assert ends == {("FAILED", 3, 0, False, ("vm",)), ("FAILED", 0, 15, False, ("vm",)), ("CANCELLED", 0, 0, True, ())}


def test_a_job_that_runs_knows_its_output(release: str) -> None:
    job = jobs(release)["RUNNING"]
    assert (job.name, job.hosts, job.exit_code, job.ended) == ("a b", ("vm",), None, None)
    shown = with_paths(job, said("24.11.5", "shown"))
    assert (shown.stdout, shown.stderr) == ("/my logs/4.out", "/my logs/a b-4.err")


def test_every_reason_for_waiting_has_words(release: str) -> None:
    waiting = {job.reason: waiting_for(job) for job in jobs(release).values() if job.word == "PENDING"}
    assert waiting["PartitionDown"] == "its partition is down"
    # The one that was held is the one that was cancelled in the newer recording.
    assert waiting.get("JobHeldUser", "it is held by its user") == "it is held by its user"
    (unavailable,) = (words for reason, words in waiting.items() if reason.startswith("ReqNodeNotAvail"))
    assert unavailable.startswith("nodes that it needs are not available")
    assert not {reason for reason, words in waiting.items() if reason in words}


def test_nodes_and_partitions(release: str) -> None:
    third, fourth, here = nodes_of(said(release, "nodes"))
    assert [third.has("NOT_RESPONDING"), fourth.has("NOT_RESPONDING"), here.has("DRAIN")] == [True, True, True]
    (again,) = nodes_of(said(release, "nodes2"))
    assert (again.version, again.gres, again.gres_used, again.instance_type) == (
        release,
        "gpu:1",
        "gpu:1",
        "ml.p5.48xlarge",
    )
    assert (again.reason, again.reason_by, again.reason_at is not None) == ("Action:Replace me", "root", True)
    dev, gone = partitions_of(said(release, "partitions"))
    assert (dev.is_default, dev.node_count, gone.state) == (True, 3, "DOWN")


def test_jobs_that_hold_nodes(release: str) -> None:
    (run,) = runs_of(said(release, "runs"))
    assert (run.name, run.nodes, run.state) == ("a b", ("vm",), "RUNNING")
