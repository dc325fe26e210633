"""The logs of a real job through a network that breaks every connection within a second, and a terminal in a pod."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest

from tests.functional.cli.command import EXECUTABLE
from tests.functional.job.cli.breaking import breaking
from tests.functional.job.cli.conftest import Jobs

LINES = 6_000
PRINT = f"""python3 -u -c '
import time
began = time.time()
for number in range({LINES}):
    print("line", number)
    if number % 20 == 0:
        time.sleep(max(0, began + number / 2000 - time.time()))
time.sleep(1)
'"""


@pytest.mark.scorecard(40)
@pytest.mark.timeout(120)
def test_no_line_is_lost_or_doubled_however_often_connections_break(jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--nodes", "2", "--", PRINT)
    with breaking() as proxy:
        through = replace(jobs.hpctl, env={**jobs.hpctl.env, "https_proxy": f"http://127.0.0.1:{proxy.port}"})
        output = through("job", "logs", name, "--follow").out
    assert proxy.broken > 5
    rows = output.splitlines()
    for rank in (0, 1):
        front = f"[rank {rank}] line "
        assert [int(row.removeprefix(front)) for row in rows if row.startswith(front)] == list(range(LINES))
    assert "lines may be missing" not in output


@pytest.mark.timeout(120)
def test_a_terminal_in_a_pod_is_as_wide_as_the_one_in_front_of_it(jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--", "sleep 100")
    deadline = time.monotonic() + 40
    while jobs.state(name) != "Running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    shell = pexpect.spawn(
        str(EXECUTABLE),
        ["job", "exec", name, "-i", "-t", "--", "sh"],
        env={**jobs.hpctl.env, "TERM": "xterm", "PATH": os.environ["PATH"]},
        cwd=str(Path(jobs.folder)),
        encoding="utf-8",
        timeout=60,
        dimensions=(33, 111),
    )
    shell.sendline("stty size; echo $((40 + 2))")
    shell.expect(r"33 111\s+42")
    shell.setwinsize(20, 90)
    shell.sendline("sleep 0.5; stty size")
    shell.expect("20 90")
    shell.sendline("exit 5")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 5
    jobs.hpctl("job", "delete", name, "--yes")
