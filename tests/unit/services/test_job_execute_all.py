"""Commands run in all ranks at the same time, each with streams of its own."""

from __future__ import annotations

from collections import defaultdict
from io import BytesIO

import pytest

from hpctl.errors import AccessError, ClosedPipeError, ConflictError, UsageError
from hpctl.services.job.execute import Streams
from hpctl.services.job.execute_all import execute_on_all
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT, a_job, a_pod, ended


class Kept(BytesIO):
    """Keeps what was written when it is closed."""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


@pytest.fixture
def account() -> FakeAccount:
    made = FakeAccount()
    made.jobs.known_pods = [a_pod(0), a_pod(1), a_pod(2)]
    return made


def run(account: FakeAccount, *command: str) -> tuple[int, dict[str, list[Kept]]]:
    streams: defaultdict[str, list[Kept]] = defaultdict(list)

    def of(label: str) -> Streams:
        streams[label] = [Kept(), Kept()]
        out, err = streams[label]
        return Streams(None, out, err)

    return execute_on_all(a_job(nodes=3), command or ("hostname",), AT, account.ports, of), streams


def test_every_rank_runs_it_and_its_output_is_kept_apart(account: FakeAccount) -> None:
    account.streams.prints = b"host\n"
    code, streams = run(account, "hostname", "-f")
    assert code == 0
    made = account.calls.of("streams.execute")
    assert {call[1] for call in made} == {"train-0", "train-1", "train-2"}
    assert {call[3] for call in made} == {("hostname", "-f")}
    assert {label: (out.kept, err.closed) for label, (out, err) in streams.items()} == {
        f"rank {rank}": (b"host\n", True) for rank in (0, 1, 2)
    }


def test_a_bad_exit_code_is_the_answer_whichever_rank_has_it(account: FakeAccount) -> None:
    account.streams.codes = [0, 9, 0]
    assert run(account)[0] == 9


def test_a_rank_that_cannot_be_reached_lets_the_others_go_on(account: FakeAccount) -> None:
    account.streams.codes = [0, AccessError("denied"), 0]
    with pytest.raises(AccessError, match="denied"):
        run(account)
    assert len(account.calls.of("streams.execute")) == 3


def test_ranks_that_do_not_run_are_named_after_the_others_have_answered(account: FakeAccount) -> None:
    account.jobs.known_pods[1] = a_pod(1, "Failed", ended(1))
    with pytest.raises(ConflictError, match=r"the command did not run there: rank 1 \(Error\)"):
        run(account)
    assert len(account.calls.of("streams.execute")) == 2
    account.streams.codes = [4, 0]
    assert run(account)[0] == 4


def test_a_reader_that_went_away_ends_it(account: FakeAccount) -> None:
    account.streams.codes = [0, ClosedPipeError("nobody reads the output any more"), 0]
    with pytest.raises(ClosedPipeError):
        run(account)


def test_neither_a_command_nor_pods_is_told(account: FakeAccount) -> None:
    with pytest.raises(UsageError, match="there is no command to run"):
        execute_on_all(a_job(), (), AT, account.ports, lambda _: Streams(None, BytesIO(), BytesIO()))
    account.jobs.known_pods = []
    with pytest.raises(ConflictError, match="job `train` is Running, and has no pods"):
        run(account)
