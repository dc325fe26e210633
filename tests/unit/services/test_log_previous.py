"""The logs of containers before their last restart, and that there are none."""

from __future__ import annotations

from hpctl.errors import RefusedError
from hpctl.report.logs import LogLines, LogNote
from hpctl.services.job.logs import LogWish, follow_logs
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job, a_pod

NONE = 'Kubernetes refuses to get `pods/log`: previous terminated container "pytorch" in pod "train-0" not found'


def test_a_container_that_was_not_restarted_has_no_instance_before() -> None:
    account = FakeAccount()
    account.jobs.known_jobs, account.jobs.known_pods = [a_job()], [a_pod(0)]
    account.calls.fail_always("streams.log", RefusedError(NONE, aws_code="BadRequest"))
    (told,) = follow_logs(a_job(), AT.eks, account.ports, LogWish(previous=True))
    assert isinstance(told, LogNote)
    assert told.message == "has no instance before this one: it was not restarted"
    (told,) = follow_logs(a_job(), AT.eks, account.ports, LogWish())
    assert isinstance(told, LogNote)
    assert told.message == NONE


def test_the_instance_before_is_shown() -> None:
    account = FakeAccount()
    account.jobs.known_jobs, account.jobs.known_pods = [a_job()], [a_pod(0)]
    account.streams.previous_logs["train-0", "pytorch"] = [b"2026-11-22T09:00:00.000000001Z before\n"]
    shown = [
        one for one in follow_logs(a_job(), AT.eks, account.ports, LogWish(previous=True)) if isinstance(one, LogLines)
    ]
    assert [line for one in shown for line in one.lines] == [b"before"]
