"""Slurm's commands over sessions: their words, their environment, and what they say when they fail."""

from __future__ import annotations

import pytest

from hpctl.adapters.slurm.commands import SlurmCommands
from hpctl.adapters.slurm.errors import error_of
from hpctl.errors import AccessError, HpctlError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.session_ports import Ran, Target
from hpctl.facts.slurm_ports import SlurmDownError
from tests.unit.fake_calls import CallLog
from tests.unit.fake_sessions import FakeSessions

HEAD = Target("abcdefghij12", "head", "i-0000000000000000a")


def test_what_a_command_prints_is_the_answer_even_where_it_is_no_utf_8() -> None:
    sessions = FakeSessions(CallLog())
    sessions.answers["sinfo"] = Ran(0, b"dev \xff\n", b"a remark")
    assert SlurmCommands(sessions).ask(HEAD, ("sinfo", "-N")) == "dev �\n"


def test_a_command_that_fails_raises() -> None:
    sessions = FakeSessions(CallLog())
    words = b"slurm_load_partitions: Unable to contact slurm controller (connect failure)\n"
    sessions.answers["sinfo"] = Ran(1, b"", words)
    with pytest.raises(UnavailableError, match="the Slurm controller does not answer"):
        SlurmCommands(sessions).ask(HEAD, ("sinfo",))


@pytest.mark.parametrize(
    ("ran", "kind", "message"),
    [
        (
            Ran(1, b"", b"slurm_load_jobs error: Invalid job id specified\n"),
            NotFoundError,
            "Slurm says: Invalid job id specified",
        ),
        (Ran(1, b"Node x not found\n", b""), NotFoundError, "Slurm says: Node x not found"),
        (
            Ran(1, b"", b"scancel: error: Kill job error on job id 4: Access/permission denied\n"),
            AccessError,
            "Slurm does not allow `scancel`: Kill job error on job id 4: Access/permission denied",
        ),
        (
            Ran(1, b"", b"a remark\nslurm_update error: Requested operation is presently disabled\n"),
            RefusedError,
            "Slurm refused `scancel`: Requested operation is presently disabled",
        ),
        (Ran(3, b"", b""), RefusedError, "Slurm refused `scancel`: it ended with exit code 3 and said nothing"),
        (
            Ran(127, b"", b"env: 'scancel': No such file or directory\n"),
            SlurmDownError,
            "the node has no `scancel`: Slurm is not installed there",
        ),
        (
            Ran(1, b"", b"scancel: error: Socket timed out on send/recv operation\n"),
            SlurmDownError,
            "the Slurm controller does not answer",
        ),
    ],
)
def test_the_words_of_failures(ran: Ran, kind: type[HpctlError], message: str) -> None:
    error = error_of("scancel", ran)
    assert type(error) is kind
    assert error.message == message
