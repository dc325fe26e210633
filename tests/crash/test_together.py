"""Several commands on one cluster at the same time: one works, the others say who it is."""

from __future__ import annotations

import re
import signal
import socket
import time

import pytest

from hpctl.errors import ExitCode
from tests.crash.hold import holding
from tests.crash.process import PATIENCE_S, Ended
from tests.crash.stories import Stage

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("name", ["create-slurm", "create-eks", "update", "update-software", "delete"])
def test_of_eight_at_once_one_goes_on_and_the_others_name_it(stage: Stage, name: str) -> None:
    scene = stage.scene(name)
    with holding(stage.sandbox.proxy, operation=stage.undisturbed(name).taken[0]) as hold:
        all_of_them = [scene.start() for _ in range(8)]
        assert hold.arrived.wait(PATIENCE_S)
        ended: dict[int, Ended] = {}
        while len(ended) < len(all_of_them) - 1:
            time.sleep(0.01)
            ended |= {one.pid: one.end() for one in all_of_them if one.is_over}
        hold.let_go.set()
        (worker,) = [one for one in all_of_them if one.pid not in ended]
        winner = worker.end()
        taken = list(hold.taken)
    assert winner.code == ExitCode.OK, winner
    for loser in ended.values():
        assert (loser.code, loser.is_sound) == (ExitCode.CONFLICT, True), loser
        assert re.search(
            rf"another hpctl works on cluster `a`: process {worker.pid} on host `{re.escape(socket.gethostname())}`, "
            r"since 2026-01-01T\S+Z",
            loser.err,
        )
    assert sorted(taken) == sorted(stage.undisturbed(name).taken)


@pytest.mark.parametrize("name", ["create-slurm", "delete"])
def test_the_lock_of_a_dead_process_is_taken_over_with_a_notice(stage: Stage, name: str) -> None:
    scene = stage.scene(name)
    with holding(stage.sandbox.proxy, 2) as hold:
        running = scene.start()
        hold.wait(running)
        running.kill(signal.SIGKILL)
        running.end()
    again = scene.run()
    assert again.code == ExitCode.OK, again
    assert f"note: taking over the lock of a process that is gone (process {running.pid} on " in again.err


def test_different_verbs_lock_each_other_out(stage: Stage) -> None:
    scene = stage.scene("update")
    with holding(stage.sandbox.proxy, 2) as hold:
        running = scene.start()
        hold.wait(running)
        for words in (("cluster", "delete", "a", "--yes"), ("cluster", "update-software", "a", "--yes")):
            told = scene.run(*words)
            assert told.code == ExitCode.CONFLICT, told
            assert f"process {running.pid} on host" in told.err
        assert scene.run("cluster", "describe", "a").code == ExitCode.OK
        hold.let_go.set()
        assert running.end().code == ExitCode.OK
    assert list(scene.converges(hold.taken)) == []
