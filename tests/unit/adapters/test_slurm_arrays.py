"""Arrays and heterogeneous jobs: their parts as Slurm 22.05.8 told them, and the one job that they are."""

from __future__ import annotations

import pytest

from hpctl.adapters.slurm.arrays import tasks_in
from hpctl.adapters.slurm.folders import with_paths
from hpctl.facts.jobs import JobState
from tests.unit.adapters.test_slurm_told import UNIT, a_folder, queue, told, with_


def words(*states: str) -> tuple[tuple[str, ...], ...]:
    return tuple(
        with_(id=str(20 + number), array=f"7_{number}", word=word, hosts="" if word == "PENDING" else f"n{number}")
        for number, word in enumerate(states)
    )


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        (("COMPLETED", "FAILED", "RUNNING", "PENDING"), JobState.RUNNING),
        (("COMPLETED", "FAILED", "PENDING"), JobState.PENDING),
        (("COMPLETED", "CANCELLED", "TIMEOUT"), JobState.FAILED),
        (("COMPLETED", "CANCELLED"), JobState.CANCELLED),
        (("COMPLETED", "COMPLETED"), JobState.SUCCEEDED),
    ],
)
def test_an_array_is_one_job_whose_state_is_its_tasks_together(states: tuple[str, ...], whole: JobState) -> None:
    (job,) = told(queue(*words(*states)))
    assert (job.id, job.reference, job.state, job.hosts) == (7, "7", whole, ())
    assert [(task.reference, task.word) for task in job.tasks] == [(f"7_{n}", word) for n, word in enumerate(states)]


def test_an_array_is_over_when_its_last_task_is() -> None:
    first, second = words("COMPLETED", "COMPLETED")
    early = tuple("1795379920" if value == "NONE" else value for value in first)
    late = tuple("1795379990" if value == "NONE" else value for value in second)
    (job,) = told(queue(late, early))
    assert job.ended is not None
    assert job.ended.timestamp() == 1795379990
    (still,) = told(queue(early, *words("COMPLETED", "RUNNING")[1:]))
    assert still.ended is None


def test_tasks_that_wait_are_told_one_by_one() -> None:
    (job,) = told(queue(with_(id="7", array="7_[3-5,9%2]", word="PENDING", hosts="", reason="JobArrayTaskLimit")))
    assert [task.reference for task in job.tasks] == ["7_3", "7_4", "7_5", "7_9"]
    assert (job.state, job.reason) == (JobState.PENDING, "JobArrayTaskLimit")


def test_a_row_that_slurm_cut_short_stays_one() -> None:
    (job,) = told(queue(with_(id="7", array="7_[1,3,5,...]", word="PENDING", hosts="")))
    assert [task.reference for task in job.tasks] == ["7_[1,3,5,...]"]


def test_the_folder_of_an_array_is_no_job_beside_it() -> None:
    """Its script writes no end down: it was said to have failed while all of its tasks ran."""
    jobs = told(queue(*words("RUNNING", "RUNNING")), kept=(a_folder(id=7),))
    assert [(job.reference, job.state) for job in jobs] == [("7", JobState.RUNNING)]


def test_the_components_of_a_heterogeneous_job_are_one_job() -> None:
    (job,) = told(queue(with_(id="44", array="44+0", hosts="n1"), with_(id="45", array="44+1", hosts="n2")))
    assert (job.reference, job.state, job.parts) == ("44", JobState.RUNNING, "components")
    assert [(part.reference, part.id, part.hosts) for part in job.tasks] == [
        ("44+0", 44, ("n1",)),
        ("44+1", 45, ("n2",)),
    ]


def test_tasks_of_the_accounting_have_the_paths_that_were_told_when_it_was_submitted() -> None:
    row = "21|7_1|FAILED|ubuntu|dev|1|n1|1795379000|1795379001|1795379002|normal|/fsx|3:0|train||sbatch a.sh"
    rows = "\n".join((row, row.replace("21|7_1", "7|7_2"))).replace("|", UNIT)
    path = "/fsx/slurm-7_4294967294.out"
    shown = f"JobId=7 ArrayJobId=7 JobName=train StdErr={path} StdIn=/dev/null StdOut={path} Power="
    (job,) = told(accounted=rows, kept=(a_folder(id=7, shown=shown),))
    assert [(task.stdout, task.stderr) for task in job.tasks] == [(f"/fsx/slurm-7_{n}.out",) * 2 for n in (1, 2)]


def test_paths_are_those_of_the_jobs_own_record() -> None:
    (first, second) = (f"JobId={n} A=b StdErr=/fsx/{n}.err StdIn=/dev/null StdOut=/fsx/{n}.out" for n in (44, 45))
    (job,) = told(queue(with_(id="44", array="44")))
    assert with_paths(job, f"{first}\n{second}\n").stdout == "/fsx/44.out"
    assert with_paths(job, f"{second}\n{first}\n").stderr == "/fsx/44.err"


@pytest.mark.parametrize("array", ["x_1", "_1", "", "7e+1_2"])
def test_what_is_no_number_hides_no_other_job(array: str) -> None:
    assert [job.id for job in told(queue(with_(id="9", array=array), with_()))] == [8]


@pytest.mark.parametrize(
    ("last", "state"),
    [("RUNNING", JobState.RUNNING), ("COMPLETED", JobState.UNKNOWN), ("FAILED", JobState.FAILED)],
)
def test_a_task_that_slurm_has_forgotten_is_not_said_to_have_succeeded(last: str, state: JobState) -> None:
    """Slurm forgets each task some minutes after its own end, while others still run."""
    kept = a_folder(id=7, shown="JobId=7 ArrayJobId=7 ArrayTaskId=0-2%1 JobName=train ")
    (job,) = told(queue(*words("RUNNING", "RUNNING", last)[2:]), kept=(kept,))
    assert [(task.reference, task.word) for task in job.tasks] == [
        ("7_0", "FORGOTTEN"),
        ("7_1", "FORGOTTEN"),
        ("7_2", last),
    ]
    assert (job.reference, job.state) == ("7", state)


def test_an_array_that_is_wholly_forgotten_is_there_by_its_folder() -> None:
    (job,) = told(kept=(a_folder(id=7, shown="JobId=7 ArrayJobId=7 ArrayTaskId=0-2 JobName=train "),))
    assert (job.reference, job.state, len(job.tasks), job.run_id) == ("7", JobState.UNKNOWN, 3, "r1")


@pytest.mark.parametrize(
    ("shown", "tasks"),
    [
        ("JobId=7 ArrayJobId=7 ArrayTaskId=0-2%1 JobName=x", "0-2"),
        ("JobId=7 ArrayJobId=7 ArrayTaskId=2 X=y\nJobId=8 ArrayJobId=7 ArrayTaskId=0 X=y", "2,0"),
        ("JobId=7 ArrayJobId=7 ArrayTaskId=1,3,5,... X=y", ""),
        ("JobId=7 JobName=x", ""),
        ("", ""),
    ],
)
def test_the_tasks_of_an_array_are_told_when_it_is_submitted(shown: str, tasks: str) -> None:
    assert tasks_in(shown) == tasks


SEEN = {"State": "FAILED", "exit_code": "768", "StartTime": "1795379914", "EndTime": "1795379999", "NodeList": "n[1-2]"}


def test_what_somebody_saw_of_parts_is_told_of_them() -> None:
    kept = a_folder(id=7, shown="JobId=7 ArrayJobId=7 ArrayTaskId=0-1 JobName=train ", seen={"7_1": SEEN, "8_9": SEEN})
    (job,) = told(kept=(kept,))
    assert [(task.reference, task.word, task.exit_code) for task in job.tasks] == [
        ("7_0", "FORGOTTEN", None),
        ("7_1", "FAILED", 3),
    ]
    assert (job.state, job.tasks[1].hosts) == (JobState.FAILED, ("n1", "n2"))


def test_what_somebody_saw_of_a_script_is_told_of_it_and_a_script_that_wrote_its_end_knows_better() -> None:
    (job,) = told(kept=(a_folder(seen={"8": {**SEEN, "State": "TIMEOUT"}}),))
    assert (job.word, job.exit_code, job.state) == ("TIMEOUT", 3, JobState.FAILED)
    (own,) = told(kept=(a_folder(seen={"8": SEEN}, ended="exit=0\nat=1.0\n"),))
    assert own.word == "COMPLETED"


@pytest.mark.parametrize("seen", [{"x_1": SEEN}, {"7_1": {}}, {"7_1": 3}, [1], "text"])
def test_what_cannot_be_read_of_one_job_hides_no_other(seen: object) -> None:
    assert 8 in [job.id for job in told(kept=(a_folder(id=7, seen=seen), a_folder()))]


def test_a_task_that_failed_before_its_array_was_cancelled_has_failed() -> None:
    shown = "JobId=7 ArrayJobId=7 ArrayTaskId=0-1 JobName=train "
    (job,) = told(kept=(a_folder(id=7, shown=shown, cancelled="at=1795380000.5\n", seen={"7_1": SEEN}),))
    assert [(task.reference, task.word) for task in job.tasks] == [("7_0", "CANCELLED"), ("7_1", "FAILED")]
