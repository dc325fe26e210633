"""Which rank failed first, with what, and what its last words mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.errors import UnavailableError
from hpctl.facts.jobs import ContainerState, JobState, Pod
from hpctl.report.job import FirstFailure
from hpctl.services.job.failing import SHOWN, explained, first_failure
from tests.unit.builders import NOW
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job, a_pod, ended

JOB = a_job(state=JobState.FAILED)
STAMP = b"2026-11-22T05:00:00.000000001Z "


def failed(rank: int, *args: object, **members: object) -> Pod:
    return a_pod(rank, "Failed", ended(*args, **members))  # type: ignore[arg-type]


def first(account: FakeAccount, *pods: Pod) -> tuple[FirstFailure, str]:
    found = first_failure(JOB, pods, AT, account.streams)
    assert found is not None
    return found


def test_the_rank_whose_container_ended_first_is_it() -> None:
    failure, _ = first(FakeAccount(), failed(0, 1, 9), failed(1, 3, 4), a_pod(2))
    assert (failure.rank, failure.exit_code, failure.pod) == (1, 3, "train-1")


@pytest.mark.parametrize("collateral", [137, 143])
def test_of_one_second_a_rank_that_was_ended_by_a_signal_is_not_first(collateral: int) -> None:
    failure, _ = first(FakeAccount(), failed(0, collateral, 4), failed(1, 1, 4))
    assert failure.rank == 1
    failure, _ = first(FakeAccount(), failed(0, 1, 4), failed(1, 137, 4, "OOMKilled"))
    assert failure.rank == 0
    failure, _ = first(FakeAccount(), failed(0, 137, 4), failed(1, 137, 4, "OOMKilled"))
    assert failure.rank == 1


def test_what_the_scripts_wrote_down_counts_more_than_times() -> None:
    told = "warming up\nhpctl: first failure: rank=2 phase=setup exit=7\n"
    pods = (failed(0, 137, 1, message=told), failed(1, 137, 2), failed(2, 7, 9, message=told))
    failure, _ = first(FakeAccount(), *pods)
    assert (failure.rank, failure.phase, failure.exit_code, failure.pod) == (2, "setup", 7, "train-2")


def told(rank: int, at_s: float, own: int | None = None, code: int = 1) -> Pod:
    """A pod of rank `own` that holds `rank` for the first, so long after NOW; `own` itself where that is not said."""
    message = f"hpctl: first failure: rank={rank} phase=run exit={code}\nat={NOW.timestamp() + at_s:.6f}\n"
    ended_by_others = own is not None and own != rank
    before = f"hpctl: ended because rank {rank} failed\n" if ended_by_others else ""
    return failed(rank if own is None else own, 137 if ended_by_others else code, int(at_s), message=before + message)


def says(account: FakeAccount, rank: int, *lines: str) -> None:
    account.streams.logs[f"train-{rank}", "pytorch"] = [STAMP + line.encode() + b"\n" for line in lines]


PEER_GONE = "[rank0]: RuntimeError: [pair.cc:553] Connection closed by peer [10.0.0.1]:31132"


def test_of_ranks_that_each_tell_of_themselves_the_earliest_counts() -> None:
    failure, _ = first(FakeAccount(), told(0, 4.25), told(1, 4.02))
    assert (failure.rank, failure.pod, failure.together) == (1, "train-1", ())


def test_ranks_that_were_ended_for_another_are_not_it_whatever_their_clocks_say() -> None:
    failure, _ = first(FakeAccount(), told(1, 0.5, own=0), told(1, 9), told(1, 0.6, own=2))
    assert (failure.rank, failure.pod, failure.exit_code) == (1, "train-1", 1)


def test_a_rank_that_only_lost_another_comes_second_although_it_ended_first() -> None:
    """torchrun may end a node that failed after one that only lost it."""
    account = FakeAccount()
    says(account, 0, PEER_GONE)
    says(account, 1, "[rank3]: ValueError: bad data")
    failure, text = first(account, told(0, 4.0), told(1, 4.1))
    assert (failure.rank, failure.together, text) == (1, (), "[rank3]: ValueError: bad data")
    assert explained(failure, text, AT, JOB).cause == "its log says `ValueError: bad data`"


def test_a_rank_that_only_lost_another_is_it_where_the_other_failed_much_later() -> None:
    account = FakeAccount()
    says(account, 0, PEER_GONE)
    failure, _ = first(account, told(0, 4), told(1, 40))
    assert failure.rank == 0
    assert [call[1] for call in account.calls.of("streams.log")] == ["train-0"]


def test_ends_too_close_to_tell_them_apart_are_told_together() -> None:
    account = FakeAccount()
    says(account, 2, PEER_GONE)
    failure, text = first(account, told(0, 4.02), told(1, 4.0), told(2, 4.01), told(3, 4.3))
    assert (failure.rank, failure.together) == (1, (0,))
    assert explained(failure, text, AT, JOB).message == (
        "rank 1 `run` ended with exit code 1 (at about the same time: ranks 0, 1)"
    )


def test_a_rank_that_died_without_a_word_counts_among_those_that_tell() -> None:
    """The kernel ends a whole container that needs too much memory."""
    account = FakeAccount()
    says(account, 0, PEER_GONE)
    failure, _ = first(account, told(0, 4.5), failed(1, 137, 4, "OOMKilled"))
    assert (failure.rank, failure.reason, failure.phase) == (1, "OOMKilled", None)


def test_of_ranks_that_tell_nothing_and_end_in_one_second_the_one_whose_log_stops_first_is_it() -> None:
    account = FakeAccount()
    account.streams.logs["train-0", "pytorch"] = [b"2026-11-22T05:00:00.250000000Z peer gone\n"]
    account.streams.logs["train-1", "pytorch"] = [b"2026-11-22T05:00:00.200000000Z bad data\n"]
    failure, _ = first(account, failed(0, 1, 4), failed(1, 1, 4), failed(2, 1, 4), failed(3, 1, 3.0 + 2))
    assert failure.rank == 1
    assert [call[1] for call in account.calls.of("streams.log")] == ["train-0", "train-1", "train-2", "train-1"]


def test_a_rank_that_went_away_is_named_by_those_that_stayed() -> None:
    told = "hpctl: first failure: rank=5 phase=lost exit=255"
    failure, _ = first(FakeAccount(), failed(0, 137, 1, message=told))
    assert (failure.rank, failure.phase, failure.exit_code) == (5, "lost", 255)
    assert explained(failure, "", AT, JOB).cause == (
        "the rank's pod went away while the others ran: its node failed or was drained"
    )


def test_a_container_that_was_started_again_is_told_with_its_log_before() -> None:
    account = FakeAccount()
    account.streams.previous_logs["train-0", "pytorch"] = [STAMP + b"boom\n"]
    again = ContainerState("pytorch", True, restarts=1, last_exit_code=1, last_reason="Error", last_ended=NOW)
    failure, text = first(account, a_pod(0, "Running", again))
    assert (failure.exit_code, failure.log, text) == (1, ("boom",), "boom")


def test_an_evicted_pod_is_a_failure_without_an_exit_code() -> None:
    pod = replace(a_pod(0, "Failed", ContainerState("pytorch", False)), reason="Evicted", message="low on memory")
    failure, text = first(FakeAccount(), pod)
    assert (failure.reason, failure.exit_code, text) == ("Evicted", None, "low on memory")
    assert explained(failure, text, AT, JOB).message == "rank 0 Evicted"


def test_no_failure_is_none() -> None:
    account = FakeAccount()
    assert (
        first_failure(JOB, (a_pod(0), a_pod(1, "Succeeded", ended(0, reason="Completed"))), AT, account.streams) is None
    )


def test_the_last_lines_are_kept_without_their_stamps() -> None:
    account = FakeAccount()
    lines = b"".join(STAMP + b"line %d\n" % number for number in range(100))
    account.streams.logs["train-1", "pytorch"] = [lines[:1000], lines[1000:], STAMP + b" 1%\r 50%\r\xff100%\n"]
    failure, text = first(account, failed(1))
    assert len(failure.log) == SHOWN
    assert failure.log[-2:] == ("line 99", "\ufffd100%")
    assert text.startswith("line 0\n")


def test_a_log_that_cannot_be_read_changes_nothing_about_the_failure() -> None:
    account = FakeAccount()
    account.streams.logs["train-1", "pytorch"] = [STAMP + b"begun\n", UnavailableError("broke")]
    failure, _ = first(account, failed(1, 3))
    assert (failure.exit_code, failure.log) == (3, ("begun",))
    failure, _ = first(FakeAccount(), failed(1, 3))
    assert failure.log == ()


def test_a_known_failure_is_explained_with_commands_that_fit() -> None:
    failure = FirstFailure(rank=3, pod="train-3", container="pytorch", phase="run", exit_code=1, reason="Error")
    told = explained(failure, "ModuleNotFoundError: No module named 'torch'", AT, JOB)
    assert told.message == "rank 3 `run` ended with exit code 1"
    assert told.failure == "job-python-module"
    assert told.remedy is not None
    assert told.remedy.endswith("hpctl job logs train --rank 3 --cluster ml-cluster --namespace team")


def test_memory_that_ran_out_is_said_before_anything_that_the_log_says() -> None:
    failure = FirstFailure(rank=0, pod="train-0", container="pytorch", exit_code=137, reason="OOMKilled")
    told = explained(failure, "ModuleNotFoundError: No module named 'torch'", AT, JOB)
    assert (told.failure, told.message) == ("job-host-memory", "rank 0 ended with exit code 137 (OOMKilled)")


@pytest.mark.parametrize(("code", "word"), [(127, "not found"), (139, "SIGSEGV"), (137, "SIGKILL"), (126, "executed")])
def test_exit_codes_that_mean_something_are_told(code: int, word: str) -> None:
    failure = FirstFailure(rank=None, pod="train-x", container="c", exit_code=code)
    told = explained(failure, "nothing known", AT, JOB)
    assert word in (told.cause or "")
    assert told.message == f"pod train-x ended with exit code {code}"
    assert told.remedy == "hpctl job logs train --cluster ml-cluster --namespace team"
