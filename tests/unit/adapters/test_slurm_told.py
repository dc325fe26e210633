"""What Slurm tells of jobs, read: samples of releases from 20.11 to 24.11, and what nobody promised."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.adapters.slurm.folders import with_paths
from hpctl.adapters.slurm.told import jobs_of
from hpctl.facts.jobs import JobState
from hpctl.facts.slurm_jobs import STATES, SlurmJob, marked

UNIT, RECORD = "\x1f", "\x1e"
RUNNING = (
    *("8", "8", "RUNNING", "ubuntu", "dev", "None", "2", "ip-10-1-0-[1-2]", "1795379914", "1795379915", "NONE"),
    *("(null)", "/fsx/ubuntu", "0", "0", "/fsx/ubuntu/slurm-8.out", "/fsx/ubuntu/slurm-8.out", "train"),
)
SHOWN_22_05 = (
    "JobId=8 JobName=train UserId=ubuntu(1000) GroupId=ubuntu(1000) MCS_label=N/A Priority=1 Nice=0 Account=(null) "
    "QOS=(null) JobState=RUNNING Reason=None Requeue=1 Restarts=0 BatchFlag=1 ExitCode=0:0 Partition=dev "
    "Command=/fsx/ubuntu/a.sh WorkDir=/fsx/ubuntu Comment=a StdErr=/x y  StdErr=/fsx/my logs/8.err StdIn=/dev/null "
    "StdOut=/fsx/my logs/8.out Power= "
)
SHOWN_24_11 = (
    "JobId=8 JobName=train UserId=ubuntu(1000) WorkDir=/fsx/ubuntu StdErr=/fsx/8.err StdIn=/dev/null "
    "StdOut=/fsx/8.out TresPerNode=gres/gpu:8 TresPerTask=cpu=4"
)


def queue(*jobs: tuple[str, ...]) -> str:
    """The answer of squeue: `jobs` have all fields but the comment is `(null)` where it is left out."""
    return "".join(UNIT.join((*job, "(null)") if len(job) == len(RUNNING) else job) + RECORD + "\n" for job in jobs)


def told(text: str = "", *, accounted: str = "", kept: tuple[dict[str, Any], ...] = ()) -> tuple[SlurmJob, ...]:
    return jobs_of({"queue": text, "accounted": accounted, "kept": list(kept)})


def with_(**changes: str) -> tuple[str, ...]:
    names = "id array word user partition reason nodes hosts submitted start end qos folder code restarts out err name"
    return tuple(changes.get(name, value) for name, value in zip(names.split(), RUNNING, strict=True))


def test_a_running_job_is_read_whole() -> None:
    (job,) = told(queue(RUNNING))
    assert job == SlurmJob(
        id=8,
        name="train",
        user="ubuntu",
        partition="dev",
        word="RUNNING",
        nodes=2,
        submitted=datetime.fromtimestamp(1795379914, UTC),
        started=datetime.fromtimestamp(1795379915, UTC),
        hosts=("ip-10-1-0-1", "ip-10-1-0-2"),
        work_dir="/fsx/ubuntu",
        stdout="/fsx/ubuntu/slurm-8.out",
        stderr="/fsx/ubuntu/slurm-8.out",
    )
    assert job.state is JobState.RUNNING


@pytest.mark.parametrize(("code", "exit_code", "signal"), [("768", 3, 0), ("15", 0, 15), ("0", 0, 0)])
def test_an_end_tells_exit_code_and_signal(code: str, exit_code: int, signal: int) -> None:
    (job,) = told(queue(with_(word="FAILED", code=code, end="1795379999")))
    assert (job.exit_code, job.signal) == (exit_code, signal)
    assert job.ended == datetime.fromtimestamp(1795379999, UTC)


def test_a_job_that_waits_has_not_started_whatever_is_planned() -> None:
    (job,) = told(queue(with_(word="PENDING", reason="Resources", start="1795999999", hosts="")))
    assert (job.started, job.reason, job.hosts) == (None, "Resources", ())


def test_times_of_a_release_that_does_not_know_seconds_are_utc() -> None:
    (job,) = told(queue(with_(submitted="2026-11-22T20:30:12", start="N/A")))
    assert (job.submitted, job.started) == (datetime(2026, 11, 22, 20, 30, 12, tzinfo=UTC), None)


def test_states_with_company_are_read() -> None:
    words = [
        job.word for job in told(queue(with_(word="CANCELLED by 1000"), with_(id="9", array="9", word="RUNNING*")))
    ]
    assert words == ["CANCELLED", "RUNNING"]


@pytest.mark.parametrize("word", [*STATES, "BRAND_NEW"])
def test_every_state_keeps_its_word(word: str) -> None:
    (job,) = told(queue(with_(word=word)))
    assert job.word == word
    assert job.state is STATES.get(word, JobState.RUNNING)


def test_a_job_that_waits_again_is_restarting() -> None:
    (job,) = told(queue(with_(word="PENDING", restarts="2")))
    assert job.state is JobState.RESTARTING


def test_names_may_hold_what_separates_values() -> None:
    (job,) = told(queue((*with_(name=f"na{UNIT}me\n JobState=FAILED"), "a comment")))
    assert (job.name, job.word) == (f"na{UNIT}me\n JobState=FAILED", "RUNNING")


def test_the_mark_of_hpctl_is_found_in_the_comment() -> None:
    (job,) = told(queue((*RUNNING, marked("r1", "/fsx/ubuntu/.hpctl/jobs/train-r1", "for comment=Ann"))))
    assert (job.run_id, job.folder) == ("r1", "/fsx/ubuntu/.hpctl/jobs/train-r1")
    assert job.remark == "for comment=Ann"


def test_a_task_of_an_array_has_its_own_reference() -> None:
    (job,) = told(queue(with_(id="9", array="7_3")))
    assert (job.reference, [task.reference for task in job.tasks]) == ("7", ["7_3"])


@given(st.lists(st.text() | st.from_regex(r"[0-9]{1,20}") | st.sampled_from(RUNNING), min_size=14, max_size=20))
def test_no_text_breaks_the_reading_or_hides_another_job(cells: list[str]) -> None:
    strange = UNIT.join(cells)
    text = f"{strange}{RECORD}\n{queue(RUNNING)}"
    kept = {**a_folder(), "id": strange, "submitted": strange}
    jobs = jobs_of({"queue": text, "accounted": f"{strange}\n{strange}", "kept": [kept, {}]})
    assert told(queue(RUNNING))[0] in jobs


@pytest.mark.parametrize("beyond", ["9" * 20, "inf", "nan", "2026-13-40"])
def test_a_time_that_no_clock_tells_leaves_out_its_job_alone(beyond: str) -> None:
    other = with_(id="9", array="9", submitted=beyond)
    folder = a_folder(id=10, submitted=beyond)
    assert [job.id for job in told(queue(other, RUNNING), kept=(folder,))] == [8]


def test_accounting_tells_of_jobs_that_the_queue_has_forgotten() -> None:
    cells = ("7", "7", "TIMEOUT", "ubuntu", "dev", "1", "ip-10-1-0-1", "1795379000", "1795379001", "1795379100")
    line = UNIT.join((*cells, "normal", "/fsx", "0:15", "old", "", "sbatch old.sh"))
    (job,) = told(accounted=f"{line}\nnonsense\n")
    assert (job.id, job.word, job.signal, job.state) == (7, "TIMEOUT", 15, JobState.FAILED)


RECORDED = """
1|1|COMPLETED|root|dev|1|vm|2026-11-23T00:23:59|2026-11-23T00:24:01|2026-11-23T00:24:01|normal|/fsx|0:0|wrap|hpctl run=x
2|2|FAILED|root|dev|1|vm|2026-11-23T00:23:59|2026-11-23T00:24:04|2026-11-23T00:24:04|normal|/fsx|3:0|wrap|
3|3|FAILED|root|dev|1|vm|2026-11-23T00:23:59|2026-11-23T00:24:07|2026-11-23T00:24:07|normal|/fsx|0:9|wrap|
4|4|CANCELLED by 0|root|dev|1|None assigned|2026-11-23T00:24:03|None|2026-11-23T00:24:05|normal|/fsx|0:0|a b|
6|6|PENDING|root|dev|5|None assigned|2026-11-23T00:24:05|Unknown|Unknown|normal|/fsx|0:0|wrap|
8|5_1|COMPLETED|root|dev|1|vm|2026-11-23T00:24:05|2026-11-23T00:24:10|2026-11-23T00:24:10|normal|/fsx|0:0|wrap|
5|5_2|PENDING|root|dev|1|None assigned|2026-11-23T00:24:05|Unknown|Unknown|normal|/fsx|0:0|wrap|
"""
"""What sacct of Slurm 22.05.8 said over slurmdbd and MariaDB 10.11, the separator made visible."""


def accounted() -> str:
    return "".join(f"{line}|sbatch a.sh\n" for line in RECORDED.strip().splitlines()).replace("|", UNIT)


def test_accounting_is_read_as_a_real_slurmdbd_has_it() -> None:
    jobs = told(accounted=accounted())
    assert [(job.id, job.word, job.exit_code, job.signal, job.hosts) for job in jobs] == [
        (1, "COMPLETED", 0, 0, ("vm",)),
        (2, "FAILED", 3, 0, ("vm",)),
        (3, "FAILED", 0, 9, ("vm",)),
        (4, "CANCELLED", 0, 0, ()),
        (5, "COMPLETED", 0, 0, ()),
    ]
    assert [job.started is None for job in jobs] == [False, False, False, True, False]
    assert (jobs[0].comment, jobs[3].name) == ("hpctl run=x", "a b")
    assert [(task.reference, task.hosts) for task in jobs[4].tasks] == [("5_1", ("vm",))]


def test_what_has_not_ended_is_in_the_queue_whatever_accounting_says() -> None:
    late = "7|7|RUNNING|ubuntu|dev|2|n[1-2]|1795379000|1795379001|Unknown|normal|/fsx|0:0|train||sbatch a.sh\n"
    assert told(accounted=late.replace("|", UNIT)) == ()
    (job,) = told(accounted=late.replace("|", UNIT).replace("7", "8", 2), kept=(a_folder(ended="exit=0\nat=1.0\n"),))
    assert (job.id, job.word, job.run_id) == (8, "COMPLETED", "r1")


def test_a_job_that_was_put_into_the_queue_again_is_accounted_once_as_it_ended() -> None:
    first = "7|7|REQUEUED|ubuntu|dev|1|n1|1795379000|1795379001|1795379002|normal|/fsx|0:0|train||sbatch a.sh"
    again = first.replace("REQUEUED", "COMPLETED").replace("1795379000", "1795379010")
    (job,) = told(accounted=f"{first}\n{again}\n".replace("|", UNIT))
    assert (job.word, job.restarts, job.submitted) == ("COMPLETED", 1, datetime.fromtimestamp(1795379010, UTC))


FOLDER = "/fsx/an ann/.hpctl/jobs/train-r1"


@pytest.mark.parametrize(
    ("line", "run_id", "folder"),
    [
        (f"sbatch --parsable --comment=hpctl run-id=r1 folder={FOLDER} {FOLDER}/script", "r1", FOLDER),
        (
            f"sbatch --parsable --comment=hpctl run-id=r1 folder={FOLDER} comment=x y --job-name=a b {FOLDER}/script",
            "r1",
            FOLDER,
        ),
        (f"sbatch --comment=hpctl run-id=r1 folder={FOLDER} /elsewhere/script", "", ""),
        ("sbatch a.sh", "", ""),
        ("", "", ""),
    ],
)
def test_a_job_is_recognised_by_the_line_that_submitted_it(line: str, run_id: str, folder: str) -> None:
    row = "7|7|FAILED|ubuntu|dev|1|n1|1795379000|1795379001|1795379002|normal|/fsx|3:0|train||".replace("|", UNIT)
    (job,) = told(accounted=row + line)
    assert (job.run_id, job.folder, job.name) == (run_id, folder, "train")


def test_accounting_without_comments_recognises_a_job_by_its_folder() -> None:
    cells = ("8", "8", "FAILED", "ubuntu", "dev", "2", "n[1-2]", "1795379000", "1795379001", "1795379100")
    line = UNIT.join((*cells, "normal", "/fsx", "3:0", "train", "", ""))  # before Slurm 21.08: the comment again
    (job,) = told(accounted=line, kept=(a_folder(ended="exit=3\nat=1.0\nrank=1\nphase=run\n"),))
    assert (job.run_id, job.hosts, job.failed_rank) == ("r1", ("n1", "n2"), 1)
    (other,) = told(accounted=line, kept=(a_folder(name="other"),))
    assert (other.run_id, other.name) == ("", "train")


def a_folder(**changes: Any) -> dict[str, Any]:
    own = {"run_id": "r1", "name": "train", "user": "ubuntu", "nodes": 2, "id": 8, "submitted": 1795379914.5}
    return {**own, "folder": "/fsx/ubuntu/.hpctl/jobs/train-r1", "ended": None, "cancelled": None, **changes}


@pytest.mark.parametrize(
    ("ended", "cancelled", "word", "state"),
    [
        ("exit=0\nat=1795380000.5\n", None, "COMPLETED", JobState.SUCCEEDED),
        ("exit=3\nat=1795380000.5\nrank=1\nphase=run\n", None, "FAILED", JobState.FAILED),
        (None, "at=1795380000.5\n", "CANCELLED", JobState.CANCELLED),
        (None, None, "FORGOTTEN", JobState.UNKNOWN),
    ],
)
def test_a_folder_tells_how_a_forgotten_job_ended(
    ended: str | None, cancelled: str | None, word: str, state: JobState
) -> None:
    (job,) = told(kept=(a_folder(ended=ended, cancelled=cancelled, shown=SHOWN_24_11),))
    assert (job.word, job.state, job.run_id) == (word, state, "r1")
    assert (job.work_dir, job.stdout) == ("/fsx/ubuntu", "/fsx/8.out")


def test_a_job_whose_scripts_would_have_written_its_end_down_was_ended_by_force() -> None:
    own = SHOWN_24_11.replace("/fsx/8.out", f"{a_folder()['folder']}/logs/batch.log")
    (job,) = told(kept=(a_folder(shown=own),))
    assert (job.word, job.state) == ("LOST", JobState.FAILED)


def test_a_folder_tells_which_rank_failed() -> None:
    mark = marked("r1", "/fsx/ubuntu/.hpctl/jobs/train-r1")
    kept = (a_folder(ended="exit=3\nat=1.0\nrank=1\nphase=setup\n"),)
    (job,) = told(queue((*with_(word="FAILED", code="768"), mark)), kept=kept)
    assert (job.failed_rank, job.failed_phase, job.exit_code) == (1, "setup", 3)


def test_the_folder_of_another_run_tells_nothing() -> None:
    mark = marked("other", "/fsx/ubuntu/.hpctl/jobs/train-other")
    (job,) = told(queue((*with_(word="FAILED", code="768"), mark)), kept=(a_folder(cancelled="at=1.0\n"),))
    assert job.word == "FAILED"


@pytest.mark.parametrize(
    ("shown", "out", "err"),
    [
        (SHOWN_22_05, "/fsx/my logs/8.out", "/fsx/my logs/8.err"),
        (SHOWN_24_11, "/fsx/8.out", "/fsx/8.err"),
        ("", "/fsx/ubuntu/slurm-8.out", "/fsx/ubuntu/slurm-8.out"),
    ],
)
def test_paths_of_the_output_come_from_scontrol(shown: str, out: str, err: str) -> None:
    (job,) = told(queue(RUNNING))
    found = with_paths(job, shown)
    assert (found.stdout, found.stderr) == (out, err)
