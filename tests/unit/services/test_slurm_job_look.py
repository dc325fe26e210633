"""Jobs on Slurm: found, listed, described, ended, and commands beside their ranks."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from hpctl.errors import AccessError, ConflictError, NotFoundError, UsageError
from hpctl.facts.jobs import JobState
from hpctl.facts.slurm_jobs import STATES, SlurmJob
from hpctl.services.job.execute import Streams
from hpctl.services.slurm_job.ending import cancel, delete
from hpctl.services.slurm_job.execute import execute, execute_on_all
from hpctl.services.slurm_job.find import find
from hpctl.services.slurm_job.look import describe, list_jobs
from hpctl.services.slurm_job.why import waiting_for, why_not_running
from tests.unit.builders import NOW
from tests.unit.fakes import FakeAccount
from tests.unit.services.slurm_jobs import AT, FOLDER, a_job

REASONS = (
    *("Resources", "Priority", "ReqNodeNotAvail, UnavailableNodes:ip-10-1-0-5", "QOSMaxCpuPerUserLimit", "NodeDown"),
    *("PartitionTimeLimit", "BeginTime", "Dependency", "DependencyNeverSatisfied", "AssocGrpCpuLimit", "Licenses"),
    *("JobHeldUser", "JobHeldAdmin", "PartitionNodeLimit", "PartitionDown", "Reservation", "Prolog", "MaxMemPerLimit"),
    "BadConstraints",
)


def held(*jobs: object) -> FakeAccount:
    account = FakeAccount()
    account.slurm_jobs.known = list(jobs)  # type: ignore[arg-type]
    return account


def test_a_job_is_found_by_its_number_or_its_name() -> None:
    account = held(a_job(), a_job(id=8, name="other", user="ann"))
    assert find("7", AT, account.slurm_jobs).name == "train"
    assert find("train", AT, account.slurm_jobs).id == 7
    assert find("8", AT, account.slurm_jobs).user == "ann"


def test_a_living_job_comes_before_one_that_has_ended_and_the_newest_of_those_first() -> None:
    old = a_job(id=1, word="COMPLETED")
    newer = a_job(id=2, word="FAILED", submitted=NOW + timedelta(seconds=5))
    assert find("train", AT, held(old, newer).slurm_jobs).id == 2
    assert find("train", AT, held(a_job(id=0), old, newer).slurm_jobs).id == 0


def test_two_living_jobs_of_a_name_are_told_apart_by_number() -> None:
    with pytest.raises(ConflictError, match=r"2 jobs .* are called `train`") as told:
        find("train", AT, held(a_job(), a_job(id=9)).slurm_jobs)
    assert told.value.hint == "7 RUNNING\n9 RUNNING"


def test_a_job_that_is_not_there_brings_the_nearest_name_and_who_else_has_it() -> None:
    account = held(a_job(), a_job(id=9, name="traim", user="ann"))
    with pytest.raises(NotFoundError, match=r"no job `traim` of user `ubuntu`") as told:
        find("traim", AT, account.slurm_jobs)
    assert told.value.hint == "did you mean `train`?\nuser `ann` has one: --user ann"


def test_a_list_has_every_users_jobs_newest_first() -> None:
    pending = a_job(id=9, word="PENDING", reason="Resources", user="ann", submitted=NOW + timedelta(seconds=1))
    told = list_jobs(AT, held(a_job(), pending).ports)
    assert [(row.uid, row.user, row.reason) for row in told.jobs] == [("9", "ann", "Resources"), ("7", "ubuntu", None)]
    assert told.names() == ("9", "7")


def test_a_description_tells_what_failed_first() -> None:
    account = held(a_job(word="FAILED", exit_code=3, reason="NonZeroExitCode"))
    account.slurm_jobs.files = {
        f"{FOLDER}/logs/rank-0.log": b"fine\nConnectionError: peer gone\n",
        f"{FOLDER}/logs/rank-1.log": b"Traceback\nValueError: bad batch\n",
    }
    told = describe("train", AT, account.ports)
    assert told.first_failure is not None
    assert (told.first_failure.rank, told.first_failure.log[-1]) == (1, "ValueError: bad batch")
    assert told.diagnoses[0].cause == "its output says `ValueError: bad batch`"
    assert [(pod.rank, pod.node) for pod in told.pods] == [(0, "ip-10-1-0-1"), (1, "ip-10-1-0-2")]
    assert told.next_steps[-1] == "hpctl job delete 7 --cluster ml-cluster"


def test_a_script_whose_steps_write_a_file_a_rank_tells_which_failed_with_what() -> None:
    job = a_job(word="FAILED", exit_code=1, reason="NonZeroExitCode", work_dir="/fsx/work", stdout="/fsx/work/7.out")
    account = held(job)
    account.slurm_jobs.files = {
        f"{FOLDER}/script": b"#!/bin/bash\nsrun --output=%x-%2t.out --error=%x-%2t.err python3 train.py\n",
        "/fsx/work/7.out": b"srun: error: ip-10-1-0-2: task 1: Exited with exit code 1\n",
        "/fsx/work/train-00.out": b"epoch 1\n",
        "/fsx/work/train-01.out": b"epoch 1\n",
        "/fsx/work/train-01.err": b"Traceback\nModuleNotFoundError: No module named 'tracker'\n",
    }
    told = describe("train", AT, account.ports)
    assert told.first_failure is not None
    assert (told.first_failure.rank, told.first_failure.pod) == (1, "rank 1")
    assert told.first_failure.log == ("epoch 1", "Traceback", "ModuleNotFoundError: No module named 'tracker'")
    assert told.diagnoses[0].failure == "job-python-module"


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_said_in_words(reason: str) -> None:
    job = a_job(word="PENDING", reason=reason, hosts=())
    (told,) = why_not_running(job, AT)
    assert told.message.endswith(f"({reason})")
    assert not waiting_for(job).startswith("it waits: ")
    assert "{" not in (told.remedy or "")


def test_a_reason_that_nobody_knows_speaks_for_itself() -> None:
    (told,) = why_not_running(a_job(word="PENDING", reason="BrandNew", hosts=()), AT)
    assert told.message == "it waits: BrandNew (BrandNew)"


@pytest.mark.parametrize("word", [*STATES])
def test_every_state_is_told_without_a_failure_of_our_own(word: str) -> None:
    told = describe("7", AT, held(a_job(word=word)).ports)
    assert told.word == word
    assert bool(told.diagnoses) == (told.state not in (JobState.RUNNING, JobState.SUCCEEDED))


def test_cancelling_again_changes_nothing() -> None:
    account = held(a_job())
    assert cancel(a_job(), AT, account.ports).result == "cancelled"
    told = cancel(a_job(word="CANCELLED"), AT, account.ports)
    assert (told.result, told.state) == ("unchanged", JobState.CANCELLED)
    assert len([call for call in account.calls.made if call[0] == "slurm_jobs.cancel"]) == 1


def test_deleting_another_ones_job_says_what_stays() -> None:
    account = held(a_job())
    assert delete(a_job(), AT, account.ports).result == "deleted"
    told = delete(a_job(comment="", word="COMPLETED"), AT, account.ports)
    assert told.result == "unchanged"
    assert "its output stays" in told.notes[0]


def test_what_is_another_users_is_looked_at_alone() -> None:
    account, foreign = held(a_job(user="ann")), a_job(user="ann")
    assert describe("7", AT, account.ports).user == "ann"
    for act in (
        lambda: cancel(foreign, AT, account.ports),
        lambda: delete(foreign, AT, account.ports),
        lambda: execute(foreign, 0, ("true",), AT, account.ports, streams()),
    ):
        with pytest.raises(AccessError, match=r"job 7 .* is of user `ann`") as told:
            act()
        assert told.value.hint == "as that user: --user ann"
    assert {call[0] for call in account.calls.made} == {"slurm_jobs.jobs", "slurm_jobs.job"}


def an_array(*words: str) -> SlurmJob:
    tasks = tuple(
        a_job(
            id=20 + number, array_task=f"7_{number}", word=word, exit_code=3 if word == "FAILED" else None, hosts=("n",)
        )
        for number, word in enumerate(words)
    )
    return a_job(word=words[-1], tasks=tasks, hosts=(), exit_code=tasks[-1].exit_code)


def test_an_array_is_listed_as_one_job_and_described_task_by_task() -> None:
    account = held(an_array("COMPLETED", "FAILED", "FAILED"))
    (row,) = list_jobs(AT, account.ports).jobs
    assert (row.uid, row.state, row.reason) == ("7", JobState.FAILED, "3 tasks: 1 COMPLETED, 2 FAILED")
    told = describe("train", AT, account.ports)
    assert [(pod.pod, pod.rank, pod.status) for pod in told.pods][:2] == [
        ("7_0", None, "COMPLETED"),
        ("7_1", None, "FAILED"),
    ]
    assert told.diagnoses[0].message == "2 of 3 tasks failed; 7_1 ended with exit code 3"


@pytest.mark.parametrize("reference", ["7_1", "21"])
def test_a_part_of_a_job_is_found_by_its_own_number(reference: str) -> None:
    assert find(reference, AT, held(an_array("RUNNING", "RUNNING")).slurm_jobs).reference == "7_1"


def test_a_part_is_not_deleted_apart_from_the_job_whose_folder_it_shares() -> None:
    account = held(an_array("RUNNING", "COMPLETED"))
    (running, over) = account.slurm_jobs.known[0].tasks
    with pytest.raises(UsageError, match="7_0 is a part of job 7, and is not deleted") as told:
        delete(running, AT, account.ports)
    assert told.value.hint is not None
    assert "hpctl job cancel 7_0 --cluster ml-cluster" in told.value.hint
    with pytest.raises(UsageError) as told:
        delete(over, AT, account.ports)
    assert told.value.hint == "hpctl job delete 7 --cluster ml-cluster"
    assert account.calls.made == []


def test_a_command_beside_an_array_needs_the_task() -> None:
    account = held(an_array("COMPLETED", "RUNNING"))
    with pytest.raises(UsageError, match="has 2 tasks: name one that runs") as told:
        execute(account.slurm_jobs.known[0], 0, ("true",), AT, account.ports, streams())
    assert told.value.hint == "hpctl job exec 7_1 --cluster ml-cluster -- COMMAND"


def test_a_job_that_slurm_has_forgotten_is_not_said_to_have_failed() -> None:
    told = describe("7", AT, held(a_job(word="FORGOTTEN")).ports)
    assert (told.state, told.first_failure) == (JobState.UNKNOWN, None)
    assert told.diagnoses[0].message == "nobody knows how it ended"


def test_an_accounting_that_does_not_answer_is_told_beside_what_is_missing() -> None:
    account = held(a_job())
    account.slurm_jobs.unaccounted = ["Problem talking to the database: Connection refused"]
    (note,) = list_jobs(AT, account.ports).notes
    assert note.startswith("jobs that Slurm's controller has forgotten are missing here: Slurm's accounting does not ")
    assert note.endswith("answer: Problem talking to the database: Connection refused")
    with pytest.raises(NotFoundError) as told:
        find("99", AT, account.slurm_jobs)
    assert told.value.hint is not None
    assert "it may be an older one: Slurm's accounting does not answer" in told.value.hint


def streams() -> Streams:
    return Streams(None, io.BytesIO(), io.BytesIO())


def test_a_command_runs_where_the_rank_is() -> None:
    account = held(a_job())
    account.slurm_jobs.codes = {"ip-10-1-0-2": 7}
    assert execute(a_job(), 1, ("nvidia-smi",), AT, account.ports, streams()) == 7
    assert account.slurm_jobs.ran == [("ip-10-1-0-2", ("nvidia-smi",))]


def test_a_command_on_all_ranks_ends_as_the_lowest_that_failed() -> None:
    account = held(a_job())
    account.slurm_jobs.codes = {"ip-10-1-0-2": 7}
    assert execute_on_all(a_job(), ("true",), AT, account.ports, lambda _: streams()) == 7
    assert sorted(host for host, _ in account.slurm_jobs.ran) == ["ip-10-1-0-1", "ip-10-1-0-2"]


def test_a_command_needs_a_rank_that_runs() -> None:
    account = held(a_job())
    with pytest.raises(NotFoundError, match="no rank 2: it has ranks 0 to 1"):
        execute(a_job(), 2, ("true",), AT, account.ports, streams())
    with pytest.raises(ConflictError, match="does not run: it is PENDING"):
        execute(a_job(word="PENDING", hosts=()), 0, ("true",), AT, account.ports, streams())
    with pytest.raises(UsageError, match="no command"):
        execute(a_job(), 0, (), AT, account.ports, streams())
    assert account.slurm_jobs.ran == []
