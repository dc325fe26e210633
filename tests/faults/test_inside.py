"""The sandbox in this process does what the matrix of faults needs of it: repeat, forget, compare."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from hpctl.sandbox.proxy.faults import Fault
from tests.faults.digest import digest
from tests.faults.inprocess import Command, hurry
from tests.faults.inside import Inside
from tests.functional.cli import specs


def _create(hpctl: Command, name: str = "a") -> tuple[str, ...]:
    return ("cluster", "create", "-f", specs.write(Path.cwd(), specs.slurm(name)), "--yes")


def test_a_creation_and_a_deletion_end_where_they_began(sandbox: Inside, hpctl: Command) -> None:
    before = digest(sandbox)
    assert hpctl(*_create(hpctl)).code == ExitCode.OK
    between = digest(sandbox)
    assert len(between["HyperPod clusters"]) == 1
    assert len(between["network interfaces"]) == len(before["network interfaces"]) + 3
    assert hpctl("cluster", "delete", "a", "--yes").code == ExitCode.OK
    assert digest(sandbox) == before | {"log groups": ["/aws/sagemaker/Clusters/a"]}


def test_the_same_run_after_a_reset_is_the_same(sandbox: Inside, hpctl: Command) -> None:
    seen = []
    for _ in range(2):
        sandbox.reset()
        assert hpctl(*_create(hpctl)).code == ExitCode.OK
        seen.append((digest(sandbox), [str(call) for call in sandbox.proxy.mutations], sandbox.time.now()))
    assert seen[0] == seen[1]


def test_a_reset_forgets_everything_in_milliseconds(sandbox: Inside, hpctl: Command) -> None:
    before = digest(sandbox)
    assert hpctl(*_create(hpctl)).code == ExitCode.OK
    sandbox.put({"fault": "throttling"}, {"fault": "no-capacity"})
    begun = time.process_time()
    sandbox.reset()
    assert time.process_time() - begun < 0.25
    assert (digest(sandbox), sandbox.proxy.calls, sandbox.proxy.ledger.active()) == (before, (), ())


@pytest.mark.parametrize(
    "words",
    [
        ("cluster", "list"),
        ("cluster", "describe", "a"),
        ("cluster", "events", "a"),
        ("cluster", "delete", "a", "--yes"),
        ("node", "list", "--cluster", "a"),
        ("node", "describe", "i-0123456789abcdef0", "--cluster", "a"),
    ],
    ids=" ".join,
)
def test_a_command_whose_calls_are_never_answered_ends_with_what_to_do(
    sandbox: Inside, hpctl: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    sandbox.put({"fault": "stall"})
    hurry(monkeypatch, sandbox, read_s=0.05, attempts=3)
    begun = time.monotonic()
    ended = hpctl(*words)
    assert ended.code == ExitCode.UNAVAILABLE, ended
    assert "got no answer in time from" in ended.err
    calls = [str(call) for call in sandbox.proxy.calls]
    assert {calls.count(call) for call in calls} == {3}
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("fault", [Fault.THROTTLING, Fault.SERVER_ERROR, Fault.RESET, Fault.TRUNCATE, Fault.GARBAGE])
def test_a_read_that_is_struck_once_is_tried_again(sandbox: Inside, hpctl: Command, fault: Fault) -> None:
    sandbox.proxy.strike(fault)
    ended = hpctl("cluster", "list", "-o", "json")
    assert ended.code in {ExitCode.OK, ExitCode.UNAVAILABLE}, ended
    assert "Traceback" not in ended.err
    assert (ended.code == ExitCode.OK) is (len(sandbox.proxy.calls) == 2)
