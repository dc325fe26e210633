"""`hpctl job logs`, as people type it, and how one leaves a job that one follows."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Sequence

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli.command import EXECUTABLE, PATIENCE_S
from tests.functional.cli.screen import Screen
from tests.functional.job.cli.conftest import Jobs

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def counted(jobs: Jobs) -> str:
    """A job of two nodes that has printed twenty lines on each."""
    command = "seq 1 20; printf '\\033[2Jx\\n'; sleep 4"  # rank 1 begins when it finds rank 0
    jobs.hpctl("job", "submit", "--name", "counted", "--nodes", "2", "--wait", "--", command)
    return "counted"


@pytest.mark.scorecard(39)
def test_all_ranks_are_shown_each_line_with_its_rank(jobs: Jobs, counted: str) -> None:
    lines = jobs.hpctl("job", "logs", counted).out.splitlines()
    for rank in (0, 1):
        mine = [line.removeprefix(f"[rank {rank}] ") for line in lines if line.startswith(f"[rank {rank}] ")]
        assert mine[:20] == [str(number) for number in range(1, 21)]
    assert len(lines) == 42


@pytest.mark.scorecard(53)
def test_what_drives_terminals_is_made_safe_but_with_raw(jobs: Jobs, counted: str) -> None:
    assert "\x1b" not in jobs.hpctl("job", "logs", counted).out
    assert "\x1b[2Jx\n" in jobs.hpctl("job", "logs", counted, "--raw", "--rank", "0").out


def test_a_rank_and_its_last_lines(jobs: Jobs, counted: str) -> None:
    out = jobs.hpctl("job", "logs", counted, "--rank", "1", "--tail", "3").out
    assert out.splitlines()[:2] == ["[rank 1] 19", "[rank 1] 20"]


@pytest.mark.scorecard(49)
def test_times_are_those_of_the_zone_that_is_named(jobs: Jobs, counted: str) -> None:
    out = jobs.hpctl("job", "logs", counted, "--rank", "0", "--tail", "1", "--timezone", "Asia/Kolkata").out
    assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+05:30", out)


def test_machines_get_an_object_a_line(jobs: Jobs, counted: str) -> None:
    rows = jobs.hpctl("job", "logs", counted, "-o", "jsonl", "--rank", "1").json_lines()
    assert [row["line"] for row in rows if "line" in row][:2] == ["1", "2"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "json"), "logs do not go with `-o json`"),
        (("--previous", "--follow"), "`--previous` is over and cannot be followed"),
        (("--timezone", "Mars/Base"), "`--timezone Mars/Base` is no time zone"),
        (("--since", "yesterday"), "`--since yesterday` is neither a duration nor a time"),
    ],
)
def test_what_cannot_be_shown_is_refused(jobs: Jobs, counted: str, words: tuple[str, ...], said: str) -> None:
    assert said in jobs.hpctl("job", "logs", counted, *words, ends=ExitCode.USAGE).err


def test_a_reader_that_goes_away_is_no_error(jobs: Jobs, counted: str) -> None:
    line = f"{shlex.quote(str(EXECUTABLE))} job logs {counted} | head -1"
    done = subprocess.run(
        ["/bin/bash", "-c", line],
        env=jobs.hpctl.env,
        cwd=jobs.folder,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.startswith("[rank ")
    assert "error" not in done.stderr


@pytest.mark.scorecard(43)
def test_who_leaves_a_job_leaves_it_alone_and_the_commands_that_are_named_return_and_cancel(jobs: Jobs) -> None:
    """By Ctrl-C in a terminal, after submitting and after returning, and by SIGTERM."""
    name = jobs.name()
    words = ["job", "submit", "--name", name, "--follow", "--", "echo up; sleep 600"]
    for _ in range(2):
        with Screen(jobs.hpctl, *words) as screen:
            screen.until("[rank 0] up")
            screen.type("\x03")
            assert screen.end() == ExitCode.INTERRUPTED
            assert screen.cursor_is_shown
            assert "Traceback" not in screen.text
            words, cancel = (_named(screen.lines, verb) for verb in ("logs", "cancel"))
    following = jobs.hpctl.start(*words)
    assert following.stdout is not None
    assert following.stdout.readline() == "[rank 0] up\n"
    following.terminate()
    _out, err = following.communicate(timeout=PATIENCE_S)
    assert following.returncode == ExitCode.TERMINATED
    assert [_named(err.splitlines(), verb) for verb in ("logs", "cancel")] == [words, cancel]
    assert jobs.state(name) == "Running"
    assert jobs.hpctl(*cancel, "--yes", "-o", "json").json()["job"] == f"pytorchjob/{name}"


def _named(lines: Sequence[str], verb: str) -> list[str]:
    """Return the words of the command of a verb that was named last: it must stand in one line, to be copied."""
    line = next(line for line in reversed(lines) if f"hpctl job {verb} " in line)
    return shlex.split(line.partition("hpctl ")[2])


@pytest.mark.scorecard(38)
def test_following_shows_what_comes_and_ends_with_the_job(jobs: Jobs) -> None:
    name = jobs.name()
    following = jobs.hpctl.start("job", "submit", "--name", name, "--follow", "--", "echo up; sleep 3; echo over")
    assert following.stdout is not None
    assert following.stdout.readline() == "[rank 0] up\n"
    begun = time.monotonic()
    out, _err = following.communicate(timeout=PATIENCE_S)
    assert (out, following.returncode) == ("[rank 0] over\n", ExitCode.OK)
    assert time.monotonic() - begun > 1
