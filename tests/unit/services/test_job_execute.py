"""Commands run in the rank that was named, where that runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest

from hpctl.errors import ConflictError, NoProgramError, NotFoundError, RefusedError, UsageError
from hpctl.facts.jobs import ContainerState
from hpctl.services.job.execute import Streams, execute
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job, a_pod, a_pod_template, waiting


def streams() -> Streams:
    return Streams(None, BytesIO(), BytesIO())


@pytest.fixture
def account() -> FakeAccount:
    made = FakeAccount()
    made.jobs.known_pods = [a_pod(0), a_pod(1)]
    return made


def test_a_command_runs_in_its_rank_and_its_exit_code_is_the_answer(account: FakeAccount) -> None:
    account.streams.codes = [3]
    account.streams.prints = b"out"
    into = streams()
    assert execute(a_job(), 1, ("nvidia-smi", "-L"), AT, account.ports, into) == 3
    assert account.calls.of("streams.execute") == [("team", "train-1", "pytorch", ("nvidia-smi", "-L"), False)]
    assert into.stdout.getvalue() == b"out"  # type: ignore[attr-defined]


def test_the_main_container_is_meant_where_there_are_several(account: FakeAccount) -> None:
    sidecar, main = ContainerState("proxy", running=True), ContainerState("pytorch", running=True)
    account.jobs.known_pods = [a_pod(0, "Running", sidecar, main)]
    execute(a_job(), 0, ("true",), AT, account.ports, streams())
    annotated = a_pod_template() | {"metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "proxy"}}}
    job = a_job(raw={"spec": {"pytorchReplicaSpecs": {"Master": {"template": annotated}}}})
    execute(job, 0, ("true",), AT, account.ports, streams())
    assert [call[2] for call in account.calls.of("streams.execute")] == ["pytorch", "proxy"]


def test_of_several_tries_of_a_rank_the_newest_is_meant(account: FakeAccount) -> None:
    older = account.jobs.known_pods[0]
    account.jobs.known_pods.append(replace(older, name="train-0b", created=older.created + timedelta(minutes=1)))
    execute(a_job(), 0, ("true",), AT, account.ports, streams())
    assert account.calls.of("streams.execute")[0][1] == "train-0b"


def test_a_rank_that_is_not_there_is_named_with_those_that_are(account: FakeAccount) -> None:
    with pytest.raises(NotFoundError, match="job `train` has no rank 7: it has ranks 0 to 1"):
        execute(a_job(), 7, ("true",), AT, account.ports, streams())
    account.jobs.known_pods = []
    with pytest.raises(NotFoundError, match="it is Running, and has no pods"):
        execute(a_job(), 0, ("true",), AT, account.ports, streams())


def test_a_rank_that_does_not_run_is_a_conflict_that_says_how_it_is(account: FakeAccount) -> None:
    account.jobs.known_pods = [a_pod(0, "Pending", waiting("ImagePullBackOff"))]
    with pytest.raises(ConflictError, match="rank 0 of job `train` does not run: it is ImagePullBackOff"):
        execute(a_job(), 0, ("true",), AT, account.ports, streams())


def test_a_single_pod_without_a_rank_is_rank_0(account: FakeAccount) -> None:
    account.jobs.known_pods = [replace(a_pod(0), rank=None)]
    assert execute(a_job(), 0, ("true",), AT, account.ports, streams()) == 0


def test_no_command_is_refused(account: FakeAccount) -> None:
    with pytest.raises(UsageError, match="no command to run"):
        execute(a_job(), 0, (), AT, account.ports, streams())


def test_a_program_that_is_not_there_ends_as_a_shell_ends(account: FakeAccount) -> None:
    words = 'exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH'
    account.streams.codes = [RefusedError(words, aws_code="InternalError")]
    with pytest.raises(NoProgramError, match="container `pytorch` of pod `train-0` has no program `nosuch x`") as told:
        execute(a_job(), 0, ("nosuch x",), AT, account.ports, streams())
    assert (told.value.exit_code, "bash -c" in (told.value.hint or "")) == (127, True)
    account.streams.codes = [RefusedError("container not running", aws_code="BadRequest")]
    with pytest.raises(RefusedError, match="container not running"):
        execute(a_job(), 0, ("true",), AT, account.ports, streams())
